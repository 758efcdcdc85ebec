"""Answers with a model: the gateway, the two stacks behind it, and what starts them together.

Importing it loads nothing; every process imports its own part and no other.
"""
