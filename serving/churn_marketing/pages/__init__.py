"""The pages: one module each, with a blueprint of its own and the templates that it fills."""
