"""Scores, held so that a million of them can be searched while somebody waits: which batches there are, what is made of
each once, and questions about it.

It reads what `churn score` has written and never changes it. It must not know pages or people.
"""
