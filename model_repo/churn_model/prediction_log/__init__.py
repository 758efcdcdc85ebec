"""What is kept of a model's answers: one record a customer, in segments that a crash cannot spoil, the customer by a
keyed hash alone.

It stands beside the model because those who answer and those who look back share nothing else. It must not know who
writes segments, who takes them away, or where to.
"""
