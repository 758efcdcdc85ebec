"""Runs everything that serves a model on one machine, as one command that starts it all and stops it all.

It starts the other processes of this package by their command lines and watches them from outside; it must not import
them, nor load a model.
"""
