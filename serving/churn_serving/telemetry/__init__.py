"""What the system says about itself: metric names, request log. It imports nothing else of the project and never sees
a customer's id or features."""
