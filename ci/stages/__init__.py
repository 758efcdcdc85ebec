"""Runs the stages of ``ci/stages.toml`` side by side: what continuous integration does. Knows no stage by its name.

It runs before the project's environment exists, so it needs nothing but Python 3.11.
"""
