"""One fitted pipeline, saved for each kind of server: a pickle, an MLflow model, and our signed package."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path

import joblib
import mlflow
import pandas
from mlflow.models import infer_signature
from sklearn.pipeline import Pipeline

from churn_data.dataset import Dataset, levels_of
from churn_model import SigningKey, write_package
from churn_training.families.candidates import Candidate
from churn_training.packaging.compilation import compile_fitted, contents_of

MODEL = "churn-telecom"
SEED = 0


def save_pickle(pipeline: Pipeline, training: Dataset, out: Path) -> None:
    """`pipeline.joblib`, and what the peers need to know of its features."""
    joblib.dump(pipeline, out / "pipeline.joblib")
    kinds = {
        feature.name: "string" if feature.type == "category" else "number" for feature in training.usecase.features
    }
    (out / "features.json").write_text(json.dumps(kinds))
    levels = {name: levels_of(training.frame[name]) for name in training.categories}
    (out / "levels.json").write_text(json.dumps(levels))


def save_for_mlflow(pipeline: Pipeline, examples: pandas.DataFrame, out: Path) -> None:
    """`mlmodel/`: logged and fetched back, so that MLflow and MLServer serve what a registry would hand them."""
    mlflow.set_tracking_uri(f"sqlite:///{out.resolve()}/mlflow.db")
    if mlflow.get_experiment_by_name("peers") is None:
        mlflow.create_experiment("peers", artifact_location=(out / "artifacts").resolve().as_uri())
    mlflow.set_experiment("peers")
    with mlflow.start_run():
        logged = mlflow.sklearn.log_model(
            pipeline,
            name="churn",
            signature=infer_signature(examples, pipeline.predict_proba(examples)),
            pyfunc_predict_fn="predict_proba",
            serialization_format="cloudpickle",
        )
    shutil.rmtree(out / "mlmodel", ignore_errors=True)
    mlflow.artifacts.download_artifacts(logged.model_uri, dst_path=str(out / "mlmodel"))


def save_signed_package(pipeline: Pipeline, training: Dataset, out: Path) -> None:
    """`package/` with `keys/verify.pem`: compiled by our own training code, which proves that it answers alike."""
    package = out / "package"
    shutil.rmtree(package, ignore_errors=True)
    key = SigningKey.generate(out / "keys" / "signing.pem")
    (out / "keys" / "verify.pem").write_bytes(key.public_pem())
    candidate = Candidate("peers", "The peers' pipeline", "catboost")
    with tempfile.TemporaryDirectory() as folder:
        compiled = compile_fitted(candidate, [pipeline], training, Path(folder), SEED)
        write_package(package, contents_of(compiled, training, {}, SEED), "1", key, "flavors: {}\n")
