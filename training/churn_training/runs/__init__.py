"""What a training run leaves behind: MLflow's records, pictures, the report, evaluations to resume from."""
