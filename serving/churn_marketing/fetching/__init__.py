"""Brings scores and their model from object storage to a folder of this machine, where the app looks for them.

A process of its own beside the app: it has keys of object storage and nobody asks it anything; the app is asked by
everybody and has none.
"""
