"""What competes: the model families and how they are combined."""
