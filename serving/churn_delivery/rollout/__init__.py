"""A model on trial beside the one that is served: its share of customers grows by commits, each after it was shown to
be no worse, and it is taken back by one as soon as it was shown to be.

It must not know where counts come from but in `prometheus`, and nothing here speaks to a cluster.
"""
