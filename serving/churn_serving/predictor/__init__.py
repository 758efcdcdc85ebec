"""The primary: KServe's ModelServer with a faster front. It knows nothing of the gateway or of BentoML."""
