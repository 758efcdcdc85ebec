"""Makes churn models: reads customers, compares candidates by profit, packages the best one and registers it.

It stands on churn_model and must not know how a model is served.
"""
