"""When a model is due to be made again: what has happened since the last training, and whether that is enough."""
