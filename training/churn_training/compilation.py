"""Turns a fitted champion into the contents of a model package, and proves that they answer alike.

The step from scikit-learn to plain data. It must not choose a model or store one.
"""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy
from sklearn.pipeline import Pipeline

from churn_model.encoding import Encoder
from churn_model.errors import ChurnModelError
from churn_model.estimators import load_estimator
from churn_model.package import PackageContents
from churn_model.schema import Schema
from churn_training.candidates import ENCODER, ESTIMATOR, Candidate
from churn_training.dataset import Dataset, rows_of, schema_of
from churn_training.encoder_table import compile_encoder
from churn_training.estimator_files import write_estimator
from churn_training.golden_rows import golden_rows
from churn_training.scorecard import fit_scorecard
from churn_training.segmentation import build_segments

TOLERANCE = 1e-9
"""Largest difference of log-odds between the fitted pipeline and its compiled form; sums differ in their order only."""


@dataclass(frozen=True)
class Compiled:
    """The documents and the estimator file of a package, before it has metrics and a version."""

    schema: Schema
    kind: str
    estimator_file: Path
    encoder: dict[str, Any]
    segments: dict[str, Any]
    actions: dict[str, Any]
    scorecard: dict[str, Any]


def compile_model(pipeline: Pipeline, candidate: Candidate, training: Dataset, folder: Path, seed: int) -> Compiled:
    """Compile a pipeline fitted on `training`; the estimator's file is written into `folder`.

    Raises:
        ChurnModelError: the compiled form does not answer like the pipeline.
    """
    schema = schema_of(training)
    encoder = compile_encoder(pipeline.named_steps.get(ENCODER), schema)
    path = write_estimator(pipeline, candidate.kind, folder)
    _prove(pipeline, candidate.kind, path, Encoder.from_json(encoder, schema), training)
    return Compiled(
        schema=schema,
        kind=candidate.kind,
        estimator_file=path,
        encoder=encoder,
        segments=build_segments(training, schema, seed),
        actions=compile_actions(training, schema),
        scorecard=fit_scorecard(_ordered_encoding(pipeline, training), training.churned),
    )


def contents_of(compiled: Compiled, training: Dataset, metrics: dict[str, float], seed: int) -> PackageContents:
    """The package's contents; `metrics` were measured on customers held out from `training`."""
    source = training.source
    return PackageContents(
        name=training.usecase.model_name,
        schema=compiled.schema,
        estimator_kind=compiled.kind,
        estimator_file=compiled.estimator_file,
        encoder=compiled.encoder,
        segments=compiled.segments,
        actions=compiled.actions,
        scorecard=compiled.scorecard,
        golden_rows=golden_rows(training, compiled.schema, seed),
        metrics=metrics,
        training_data_sha256=source.sha256,
        code_revision=code_revision(),
        data_source=source.name,
        simulated=source.simulated,
        training_rows=len(training),
    )


def compile_actions(training: Dataset, schema: Schema) -> dict[str, Any]:
    """The document of `actions.json`; a missing value counts as the training median."""
    usecase = training.usecase
    column = usecase.value.column
    value = {
        "column": column,
        "index": schema.names.index(column),
        "factor": usecase.value.months * usecase.value.margin,
        "fill": float(training.frame[column].median()),
    }
    return {
        "format": 1,
        "risk": msgspec.to_builtins(usecase.risk),
        "value": value,
        "actions": msgspec.to_builtins(usecase.actions),
    }


def code_revision() -> str:
    """The commit of this code: CHURN_CODE_REVISION, else what git says, else `unknown`."""
    given = os.environ.get("CHURN_CODE_REVISION")
    if given:
        return given
    command = ["git", "-C", str(Path(__file__).parent), "rev-parse", "HEAD"]
    try:
        found = subprocess.run(  # noqa: S603 - fixed words and our own path
            command, capture_output=True, text=True, timeout=5, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return found.stdout.strip()


def _ordered_encoding(pipeline: Pipeline, training: Dataset) -> numpy.ndarray:
    """Training features as the estimator saw them: a row's own label never enters its encoding."""
    encoder = pipeline.named_steps.get(ENCODER)
    frame = training.frame if encoder is None else encoder.transform(training.frame, training.churned)
    encoded: numpy.ndarray = frame.to_numpy(dtype=float)
    return encoded


def _prove(pipeline: Pipeline, kind: str, path: Path, encoder: Encoder, training: Dataset) -> None:
    encoded = encoder.encode(rows_of(training.frame))
    answered = numpy.array(load_estimator(kind, path.read_bytes(), len(encoder.names)).raw(encoded))
    expected = _log_odds(pipeline, kind, training)
    difference = float(numpy.abs(answered - expected).max())
    if not difference <= TOLERANCE:
        raise ChurnModelError(f"the compiled {kind} model differs from the fitted one by {difference:g} log-odds")


def _log_odds(pipeline: Pipeline, kind: str, training: Dataset) -> numpy.ndarray:
    if kind == "catboost":
        features = pipeline[:-1].transform(training.frame) if len(pipeline) > 1 else training.frame
        raw: numpy.ndarray = pipeline.named_steps[ESTIMATOR].predict(features, prediction_type="RawFormulaVal")
        return raw
    decided: numpy.ndarray = pipeline.decision_function(training.frame)
    return decided
