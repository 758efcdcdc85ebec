"""What a churn model is: a signed, self-describing package, and the use case it was made for.

The lowest layer: training makes packages, serving answers with them, and neither knows the other. Importing it loads
no model library; CatBoost is imported when a package that needs it is opened, MLflow only by ``mlflow_registry``.
"""

from churn_model.actions import ActionTable, Decision
from churn_model.description import Description
from churn_model.encoding import EncodedFeature, Encoder
from churn_model.errors import (
    ChurnModelError,
    CorruptPackage,
    ExplanationUnavailable,
    GoldenMismatch,
    PackageError,
    RecordError,
    RegistryError,
    SchemaMismatch,
    UntrustedPackage,
    UseCaseError,
)
from churn_model.package import Package, PackageContents, open_package, write_package
from churn_model.registry import Registered, Registry
from churn_model.schema import Row, Schema, SchemaFeature
from churn_model.scorer import Scorer, Scores
from churn_model.segments import Segmenter
from churn_model.signing import SigningKey, TrustedKeys
from churn_model.usecase import ActionRule, Feature, UseCase, load_usecase

__all__ = [
    "ActionRule",
    "ActionTable",
    "ChurnModelError",
    "CorruptPackage",
    "Decision",
    "Description",
    "EncodedFeature",
    "Encoder",
    "ExplanationUnavailable",
    "Feature",
    "GoldenMismatch",
    "Package",
    "PackageContents",
    "PackageError",
    "RecordError",
    "Registered",
    "Registry",
    "RegistryError",
    "Row",
    "Schema",
    "SchemaFeature",
    "SchemaMismatch",
    "Scorer",
    "Scores",
    "Segmenter",
    "SigningKey",
    "TrustedKeys",
    "UntrustedPackage",
    "UseCase",
    "UseCaseError",
    "load_usecase",
    "open_package",
    "write_package",
]
