"""Value over a customer's life and time to churn."""
