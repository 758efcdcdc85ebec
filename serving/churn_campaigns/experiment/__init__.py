"""Experiments: who is held out, how many are needed, what came out."""
