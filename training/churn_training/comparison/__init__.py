"""Who wins: measuring in nested cross-validation, and the contest with the champion on held-out customers."""
