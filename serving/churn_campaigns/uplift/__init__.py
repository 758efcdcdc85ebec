"""Whom an action changes: learned from randomised campaigns, measured by Qini curve and policy value."""
