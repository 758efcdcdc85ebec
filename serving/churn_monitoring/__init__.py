"""Looks back at what was answered: the prediction log, from the segments of those who answer to tables that last, and
whether customers are still those of the training.

It must not know those who answer, nor how models are made.
"""
