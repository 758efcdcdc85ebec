"""Holds a new model against the champion on customers that the new one has not seen.

It fetches the champion, lets both answer and times them; how that is judged is the gate's business.
"""

import math
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy

from churn_data.dataset import Dataset, rows_of
from churn_model.encoding import MISSING_CATEGORY
from churn_model.errors import PackageError, RegistryError
from churn_model.package import Package, open_package
from churn_model.registry import Registered, Registry
from churn_model.schema import Row, Schema
from churn_model.scorer import Scorer
from churn_model.segments import Segmenter
from churn_model.signing import TrustedKeys
from churn_training.comparison.gate import Finding, JudgedModel, Verdict, judge
from churn_training.comparison.speed import speed_of

TIMED_ROWS = 200


@dataclass(frozen=True)
class ChampionDecision:
    """Whether the new model becomes champion, the sentence that says why, and the findings where two were compared."""

    promoted: bool
    reason: str
    verdict: Verdict | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        found = asdict(self.verdict) if self.verdict else None
        return {"promoted": self.promoted, "reason": self.reason, "verdict": found}


@dataclass(frozen=True)
class CurrentChampion:
    """The champion as it is now: its package, or why there is none to compare with."""

    registered: Registered | None
    package: Package | None
    problem: str = ""

    def segmenter_for(self, schema: Schema) -> Segmenter | None:
        """Its segments, if they read rows of this schema."""
        if self.package is None or not _answers(self.package, schema):
            return None
        return self.package.description.segmenter


def fetch_champion(registry: Registry, name: str, trusted: TrustedKeys) -> CurrentChampion:
    """The registry's champion, opened and proven.

    Raises:
        RegistryError: MLflow does not say which one it is.
    """
    registered = registry.champion(name)
    if registered is None:
        return CurrentChampion(None, None, "there was no champion")
    with tempfile.TemporaryDirectory() as folder:
        try:
            package = open_package(registry.fetch(registered, Path(folder) / "champion"), trusted)
        except (PackageError, RegistryError) as error:
            problem = f"version {registered.version}, the champion, cannot be opened: {error}"
            return CurrentChampion(registered, None, problem)
        return CurrentChampion(registered, package)


def contest(
    champion: CurrentChampion, challenger: Scorer, schema: Schema, held_out: Dataset, seed: int
) -> ChampionDecision:
    """Whether the challenger takes the champion's place.

    A champion that takes other features cannot answer for these customers, and is replaced. One that cannot be opened
    stays: that may pass, and what it would have answered is not known. Models of simulated customers never replace
    those of real ones, and give way to them uncontested. A model too slow to be served takes nobody's place.
    """
    package, rows = champion.package, rows_of(held_out.frame)
    too_slow = speed_of(challenger, rows).problem
    if too_slow is not None:
        return ChampionDecision(promoted=False, reason=too_slow)
    if package is None:
        return ChampionDecision(promoted=champion.registered is None, reason=champion.problem)
    was, is_now = package.manifest.training_data.simulated, held_out.source.simulated
    if is_now and not was:
        return ChampionDecision(
            promoted=False, reason="a model of simulated customers does not replace one of real customers"
        )
    if was and not is_now:
        return ChampionDecision(promoted=True, reason="a model of real customers replaces one of simulated customers")
    if not _answers(package, schema):
        return ChampionDecision(
            promoted=True, reason=f"version {package.manifest.version}, the champion, takes other features"
        )
    old, new = _contender(package.scorer, rows), _contender(challenger, rows)
    verdict = judge(
        held_out.churned, groups_of(held_out), held_out.usecase.profit, old, new, seed, customers=held_out.customers
    )
    failed = [finding.sentence for finding in verdict.findings if not finding.passed]
    version = package.manifest.version
    reason = f"it is better than version {version}" if verdict.passed else f"version {version} stays: {failed[0]}"
    return ChampionDecision(verdict.passed, reason, _with_note(verdict, package, held_out))


def groups_of(dataset: Dataset) -> dict[str, numpy.ndarray]:
    """By name of each feature by which models are compared, every customer's value as text."""
    return {name: numpy.array([_text(value) for value in dataset.frame[name]]) for name in dataset.usecase.groups}


def _text(value: float | str) -> str:
    if isinstance(value, str):
        return value
    return MISSING_CATEGORY if math.isnan(value) else f"{value:g}"


def _answers(package: Package, schema: Schema) -> bool:
    """Whether the package takes rows of this schema; it has an answer to levels that it does not know."""
    features = [[(each.name, each.type) for each in one.features] for one in (package.manifest.schema, schema)]
    return features[0] == features[1]


def _with_note(verdict: Verdict, package: Package, held_out: Dataset) -> Verdict:
    if package.manifest.training_data.sha256 != held_out.source.sha256:
        return verdict
    note = "Both learnt from the same file; with another seed the champion may have seen customers it is judged on."
    return Verdict(
        verdict.passed,
        verdict.probability_better,
        (*verdict.findings, Finding("same data", passed=True, sentence=note)),
    )


def _contender(scorer: Scorer, rows: Sequence[Row]) -> JudgedModel:
    return JudgedModel(numpy.array(scorer.score(rows).probabilities), milliseconds_of(scorer, rows))


def milliseconds_of(scorer: Scorer, rows: Sequence[Row]) -> float:
    """The median time of an answer to one customer, after every one of them was answered once."""
    timed = rows[:TIMED_ROWS]
    seconds: list[float] = []
    for _ in range(2):
        seconds = []
        for row in timed:
            begun = time.perf_counter()
            scorer.score([row])
            seconds.append(time.perf_counter() - begun)
    return 1000.0 * statistics.median(seconds)
