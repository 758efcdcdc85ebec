"""Acts on answers: whom to contact with what, what it is worth, and what it has brought."""
