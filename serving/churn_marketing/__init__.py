"""The app for people who decide whom to call: who may leave, why, what to offer, and what it has brought.

Pages are made here, on the server; scores come from the files that `churn score` writes, answers about one customer
from the gateway over HTTP. It must not know how models are trained, promoted or served.
"""
