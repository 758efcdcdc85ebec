"""What MLflow keeps of a model beside its files: what it takes and gives, and the metrics that decided about it.

MLflow holds frames of a notebook against the signature. It refuses whole numbers where it expects decimals, though
pandas reads a column of whole numbers as such, and numbers where it expects texts. So what people's files spell in
several ways is of any type here, and our own loader reads it by the one spelling.
"""

import platform
import time
from collections.abc import Collection

from mlflow.entities import LoggedModel, Metric
from mlflow.models import Model, ModelSignature
from mlflow.types.schema import AnyType, ColSpec, DataType, Schema, TensorSpec

from churn_model.manifest import FORMAT
from churn_model.package import PackageContents
from churn_model.registry import DATA_DIGEST, VersionNotes
from churn_model.schema import Schema as ChurnSchema
from churn_model.schema import SchemaFeature

_BOOLEANS = frozenset({"true", "false"})
_OUTPUTS = (ColSpec(DataType.double, "churn_probability"), ColSpec(DataType.long, "segment"))


def signature_of(schema: ChurnSchema, whole: Collection[str]) -> ModelSignature:
    """The signature of a model with this schema.

    Args:
        schema: its features.
        whole: names of the numbers that hold whole numbers alone, as far as is known.
    """
    inputs: list[ColSpec | TensorSpec] = [ColSpec(_type(feature, whole), feature.name) for feature in schema.features]
    return ModelSignature(inputs=Schema(inputs), outputs=Schema(list(_OUTPUTS)))


def metrics_of(logged: LoggedModel, contents: PackageContents, notes: VersionNotes) -> list[Metric]:
    """The deciding metrics as those of the model itself, measured on its data set."""
    now, digest = int(time.time() * 1000), contents.training_data_sha256[:DATA_DIGEST]
    data = {"model_id": logged.model_id, "dataset_name": contents.data_source, "dataset_digest": digest}
    return [Metric(name, value, now, 0, **data) for name, value in notes.metrics.items()]


def mlmodel_of(logged: LoggedModel, run_id: str, contents: PackageContents, notes: VersionNotes) -> str:
    """The text of `MLmodel`: readable by `mlflow.pyfunc` through our own loader, no code or pickle beside it."""
    model = Model(
        artifact_path=logged.artifact_location,
        run_id=run_id,
        model_uuid=logged.model_id,
        model_id=logged.model_id,
        signature=signature_of(contents.schema, notes.whole),
    )
    model.add_flavor("python_function", loader_module="churn_model.pyfunc", python_version=platform.python_version())
    model.add_flavor("churn", format=FORMAT)
    return model.to_yaml()


def _type(feature: SchemaFeature, whole: Collection[str]) -> "DataType | AnyType":
    if feature.type == "category":
        return _any() if any(map(_may_be_read_as_another_type, feature.categories)) else DataType.string
    return _any() if feature.name in whole else DataType.double


def _may_be_read_as_another_type(level: str) -> bool:
    if level.lower() in _BOOLEANS:
        return True
    try:
        float(level)
    except ValueError:
        return False
    return True


def _any() -> AnyType:
    return AnyType()  # type: ignore[no-untyped-call]
