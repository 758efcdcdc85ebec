"""Decides which model an environment serves: promotion and rollback as commits that a GitOps controller follows.

It must not know how models are made, judged or kept in a registry: what the gate said is handed in. Nothing here speaks
to a cluster.
"""
