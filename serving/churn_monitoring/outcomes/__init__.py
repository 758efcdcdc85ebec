"""What became of those who were answered: labels meet the prediction log, and how good the answers were is measured.

It must not know who asks, nor how models are made.
"""
