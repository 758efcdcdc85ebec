"""What every model server of this project shares: the model in memory, its hot swap, and the V2 protocol's servers.

Primary and fallback differ in what carries them (KServe, BentoML), never in what they answer. Nothing here may import
either of the two, MLflow, an object store, or the gateway.
"""
