"""Whether a file may be trained on without anybody looking: held against what the champion learnt from.

A drift is a reason to train; a broken export is none, and looks like one. The two are told apart by how far they go, so
every rule has one number with its reason. It must not train, and must not know where champions are kept.
"""
