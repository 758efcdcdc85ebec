"""Numbers, times and reasons as people read them. It must not know where they come from."""
