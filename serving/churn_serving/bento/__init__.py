"""The fallback: the same model behind BentoML. At run time it shares nothing with the primary: no KServe, no MLflow, no
object store."""
