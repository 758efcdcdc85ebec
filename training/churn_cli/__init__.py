"""The command `churn`: arguments in, one call, one answer out."""
