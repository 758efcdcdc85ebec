"""Drift: whether those whom a model is asked about are still like those whom it was made of, told from the prediction
log and the profile in the model's package."""
