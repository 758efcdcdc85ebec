"""The Open Inference Protocol V2 as bytes and messages, for servers and callers alike.

Codecs only: nothing here may import a server, a model library, KServe or BentoML.
"""
