"""Measures models beside those of AutoML libraries: the same customers to learn from and to judge by, the same time."""
