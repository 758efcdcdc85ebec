"""Turns a fitted champion into the contents of a model package, and proves that they answer alike.

The step from scikit-learn to plain data. It must not choose a model or store one.
"""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy
from category_encoders import CatBoostEncoder
from sklearn.pipeline import Pipeline

from churn_data.dataset import Dataset, rows_of, schema_of
from churn_model.encoding import Encoder
from churn_model.errors import ChurnModelError
from churn_model.estimators import ESTIMATOR_FILES, load_estimator
from churn_model.holdout import Holdout
from churn_model.manifest import KnownFile
from churn_model.package import PackageContents
from churn_model.schema import Schema
from churn_model.scorecard import Scorecard
from churn_model.scorer import Scorer
from churn_model.segments import Segmenter, SegmentProfile
from churn_model.training_profile import TrainingProfile
from churn_training.families.candidates import ENCODER, log_odds
from churn_training.families.ensemble import Blend, Contender
from churn_training.families.stopping import fit_whole
from churn_training.packaging.code_revision import code_revision
from churn_training.packaging.encoder_table import compile_encoder
from churn_training.packaging.estimator_files import blend_content, estimator_content
from churn_training.packaging.golden_rows import golden_rows
from churn_training.packaging.scorecard import fit_scorecard
from churn_training.segments.segmentation import build_segments

TOLERANCE = 1e-9
"""Largest difference of log-odds between the fitted pipeline and its compiled form; sums differ in their order only."""


PROVEN_ROWS = 20_000
"""Training customers, who come in no order, that both forms are asked for."""


@dataclass(frozen=True)
class Compiled:
    """The documents and the estimator file of a package, before it has metrics and a version; `warnings` are lines
    for whoever trains."""

    schema: Schema
    kind: str
    estimator_file: Path
    encoder: dict[str, Any]
    segments: dict[str, Any]
    actions: dict[str, Any]
    scorecard: dict[str, Any]
    warnings: tuple[str, ...] = ()

    def served_encoder(self) -> Encoder:
        """The encoder as whoever serves will read it."""
        return Encoder.from_json(self.encoder, self.schema)

    def served_scorer(self) -> Scorer:
        """The model as whoever serves will open it."""
        estimator = load_estimator(self.kind, self.estimator_file.read_bytes(), self.schema)
        return Scorer(self.served_encoder(), estimator, Segmenter.from_json(self.segments, self.schema))

    @property
    def profiles(self) -> tuple[SegmentProfile, ...]:
        """Its segments, for people."""
        return tuple(Segmenter.from_json(self.segments, self.schema).profiles.values())

    def served_scorecard(self) -> Scorecard:
        """What stands in when no model answers."""
        return Scorecard.from_json(self.scorecard, len(self.schema.features))


def compile_model(
    contender: Contender, training: Dataset, folder: Path, seed: int, former: Segmenter | None = None
) -> Compiled:
    """Fit the contender on all of `training` and compile it; the estimator's file is written into `folder`.

    Args:
        contender: a family or a blend of families.
        training: the customers to learn from.
        folder: an existing folder.
        seed: of models and segments.
        former: segments of the model before, whose ids are kept where a segment has a successor.

    Raises:
        ChurnModelError: the compiled form does not answer like the fitted pipelines.
    """
    members = contender.members if isinstance(contender, Blend) else (contender,)
    pipelines = [fit_whole(member.build(training.categories, seed), training) for member in members]
    return compile_fitted(contender, pipelines, training, folder, seed, former)


def compile_fitted(
    contender: Contender,
    pipelines: Sequence[Pipeline],
    training: Dataset,
    folder: Path,
    seed: int,
    former: Segmenter | None = None,
) -> Compiled:
    """As :func:`compile_model`, of pipelines that were fitted on `training` before, one a member."""
    schema = schema_of(training)
    members = contender.members if isinstance(contender, Blend) else (contender,)
    files = [
        estimator_content(pipeline, member.kind, training, schema)
        for pipeline, member in zip(pipelines, members, strict=True)
    ]
    path = folder / ESTIMATOR_FILES[contender.kind]
    path.write_bytes(blend_content(contender, files) if isinstance(contender, Blend) else files[0])
    fitted_encoder = _encoder_of(pipelines, training, seed)
    encoder = compile_encoder(fitted_encoder, schema)
    _prove(contender, pipelines, path, Encoder.from_json(encoder, schema), training, schema)
    segments = build_segments(training, schema, seed, former)
    return Compiled(
        schema=schema,
        kind=contender.kind,
        estimator_file=path,
        encoder=encoder,
        segments=segments.document,
        actions=compile_actions(training, schema),
        scorecard=fit_scorecard(_ordered_encoding(fitted_encoder, training), training.churned, training.groups),
        warnings=segments.warnings,
    )


def contents_of(
    compiled: Compiled,
    training: Dataset,
    metrics: dict[str, float],
    seed: int,
    holdout: Holdout | None = None,
    file: KnownFile | None = None,
    *,
    profile: TrainingProfile | None = None,
) -> PackageContents:
    """The package's contents; `metrics` were measured on customers held out from `training`, by `holdout` where the
    same ones will be for ever; `file` is what is to be known of all of them, `profile` how they are spread."""
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
        data_until=until_of(training),
        holdout=holdout,
        label=training.usecase.label,
        file=file,
        refresh=training.usecase.refresh_terms,
        profile=profile,
    )


def until_of(training: Dataset) -> str:
    """The newest day as of which these customers stand, ISO; empty where they do not say."""
    if training.moments is None:
        return ""
    return datetime.date.fromordinal(int(training.moments.max())).isoformat()


def compile_actions(training: Dataset, schema: Schema) -> dict[str, Any]:
    """The document of `actions.json`; a missing value counts as the training median."""
    usecase, rule = training.usecase, training.usecase.value
    value = rule and {
        "column": rule.column,
        "index": schema.names.index(rule.column),
        "factor": usecase.kept_factor,
        "fill": float(training.frame[rule.column].median()),
    }
    risk, actions = msgspec.to_builtins((usecase.risk, usecase.actions))
    return {"format": 1, "risk": risk, "value": value, "actions": actions}


def _encoder_of(pipelines: Sequence[Pipeline], training: Dataset, seed: int) -> CatBoostEncoder | None:
    """The members' encoder, which is the same for all as it is fitted on the same customers in the same order; one of
    its own where no member encodes, for the scorecard reads numbers alone."""
    for pipeline in pipelines:
        if ENCODER in pipeline.named_steps:
            return pipeline.named_steps[ENCODER]
    if not training.categories:
        return None
    return CatBoostEncoder(cols=training.categories, random_state=seed).fit(training.frame, training.churned)


def _ordered_encoding(encoder: CatBoostEncoder | None, training: Dataset) -> numpy.ndarray:
    """Training features as an estimator sees them in training: a row's own label never enters its encoding."""
    frame = training.frame if encoder is None else encoder.transform(training.frame, training.churned)
    encoded: numpy.ndarray = frame.to_numpy(dtype=float)
    return encoded


def _prove(
    contender: Contender,
    pipelines: Sequence[Pipeline],
    path: Path,
    encoder: Encoder,
    training: Dataset,
    schema: Schema,
) -> None:
    asked = training if len(training) <= PROVEN_ROWS else training.take(numpy.arange(PROVEN_ROWS))
    rows = rows_of(asked.frame)
    estimator = load_estimator(contender.kind, path.read_bytes(), schema)
    answered = numpy.array(estimator.raw(encoder.encode(rows), rows))
    expected = _log_odds(contender, pipelines, asked)
    difference = float(numpy.abs(answered - expected).max())
    if not difference <= TOLERANCE:
        problem = f"differs from the fitted one by {difference:g} log-odds"
        raise ChurnModelError(f"the compiled {contender.kind} model {problem}")


def _log_odds(contender: Contender, pipelines: Sequence[Pipeline], training: Dataset) -> numpy.ndarray:
    if not isinstance(contender, Blend):
        return log_odds(pipelines[0], contender.kind, training.frame)
    columns = [
        log_odds(pipeline, member.kind, training.frame)
        for pipeline, member in zip(pipelines, contender.members, strict=True)
    ]
    return contender.combine(numpy.stack(columns, axis=1))
