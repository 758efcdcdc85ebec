"""What kinds of models are called, in the words of model cards. It must not know what they compute."""

KINDS = {
    "additive": "Additive model",
    "blend": "Ensemble",
    "catboost": "Encoder, CatBoost",
    "linear": "Encoder, logistic regression",
    "native": "CatBoost, categories as they are",
    "trees": "Encoder, trees",
}
"""By estimator of a manifest; a card says more, such as how trees were grown and what an ensemble is made of."""
