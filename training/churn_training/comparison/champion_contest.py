"""Holds a new model against the champion on customers that neither has seen.

It fetches the champion, lets both answer and times them; how that is judged is the gate's business, whom they can be
compared on that of `common_ground`.
"""

import datetime
import math
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy

from churn_data.dataset import Dataset, rows_of
from churn_model.encoding import MISSING_CATEGORY
from churn_model.errors import PackageError, RegistryError
from churn_model.holdout import Holdout
from churn_model.manifest import Manifest
from churn_model.package import Package, open_package
from churn_model.registry import Registered, Registry
from churn_model.schema import Row, Schema
from churn_model.scorer import Scorer
from churn_model.segments import Segmenter
from churn_model.signing import TrustedKeys
from churn_training.comparison.common_ground import NoContestError, common_ground
from churn_training.comparison.file_doubts import WholeFile, is_newer, require_fit
from churn_training.comparison.gate import judge
from churn_training.comparison.lead_rules import base_rate_finding, trivial_level
from churn_training.comparison.speed import speed_of
from churn_training.comparison.verdict import Finding, JudgedModel, Terms, Verdict

TIMED_ROWS = 200


@dataclass(frozen=True)
class ChampionDecision:
    """Whether the new model becomes champion, the sentence that says why, and what was found.

    `passed`: whether the gate would have it; `against`: the version that was champion then, empty if none;
    `overridden`: it becomes champion only because somebody said so, whatever the gate found; `contest`: the holdout's
    identity and the number of the champion's contest, empty where nothing was judged; `overruled_by`: the option
    of a training that would have promoted it; the reason does not name it, for it is kept and read elsewhere too.
    """

    promoted: bool
    reason: str
    verdict: Verdict | None = None
    passed: bool = False
    against: str = ""
    overridden: bool = False
    contest: str = ""
    overruled_by: str = ""

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)


@dataclass(frozen=True)
class CurrentChampion:
    """The champion as it is now: its package, or why there is none to compare with."""

    registered: Registered | None
    package: Package | None
    problem: str = ""

    @property
    def version(self) -> str:
        """Its number in the registry; empty if there is no champion."""
        return self.registered.version if self.registered else ""

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


@dataclass(frozen=True)
class Challenger:
    """A finished model: it answers rows of `held_out`, customers that `rule` kept it from learning from; `base_rate` is
    the churn rate of those that it did learn from, `until` the newest day as of which they stand, where they say;
    `file` what is to be known of all that it was made of (None: nothing)."""

    scorer: Scorer
    held_out: Dataset
    rule: Holdout
    base_rate: float
    until: str = ""
    file: WholeFile | None = None


def contest(champion: CurrentChampion, challenger: Challenger, number: int, seed: int) -> ChampionDecision:
    """Whether the challenger takes the champion's place.

    A model too slow to be served, or not shown to know more than how many customers leave, takes nobody's place. A
    champion that cannot be asked about these customers stays: what it would have answered is not known. Models of
    simulated customers never replace those of real ones, and give way to them uncontested.

    Args:
        champion: as it is now.
        challenger: what may replace it.
        number: of this champion's contest, counted from 1: the more there were, the less chance is
            allowed.
        seed: of bootstrap samples.
    """
    found = _contest(champion, challenger, number, seed)
    return replace(
        found, passed=found.promoted, against=champion.version, contest=f"{challenger.rule.identity}:{number}"
    )


def _contest(champion: CurrentChampion, challenger: Challenger, number: int, seed: int) -> ChampionDecision:
    package, held_out = champion.package, challenger.held_out
    terms = _terms(package, challenger, number)
    rows = rows_of(held_out.frame)
    answers = numpy.array(challenger.scorer.score(rows).probabilities)
    pretended = package is not None and package.manifest.training_data.simulated and not held_out.source.simulated
    level = trivial_level(terms, first=package is None or pretended)
    useful = base_rate_finding(held_out.churned, answers, challenger.base_rate, level, held_out.customers)
    alone = Verdict(useful.passed, (useful,))
    refusal = speed_of(challenger.scorer, rows).problem or _refusal(champion, held_out, useful)
    if refusal:
        return ChampionDecision(promoted=False, reason=refusal, verdict=alone)
    if package is None:
        return ChampionDecision(promoted=True, reason=champion.problem, verdict=alone)
    if pretended:
        reason = "a model of real customers replaces one of simulated customers"
        return ChampionDecision(promoted=True, reason=reason, verdict=alone)
    return _compared(package, challenger, answers, terms, seed, useful)


def _refusal(champion: CurrentChampion, held_out: Dataset, useful: Finding) -> str:
    """Why the challenger is not even held against the champion; empty if it is, or need not be."""
    package = champion.package
    if champion.registered is not None and package is None:
        return champion.problem
    if package is not None and held_out.source.simulated and not package.manifest.training_data.simulated:
        return "a model of simulated customers does not replace one of real customers"
    return "" if useful.passed else useful.sentence


def _compared(
    package: Package, challenger: Challenger, answers: numpy.ndarray, terms: Terms, seed: int, useful: Finding
) -> ChampionDecision:
    version = package.manifest.version
    try:
        if challenger.file is not None:
            require_fit(challenger.file, package.manifest.training_data, package.manifest.schema)
        ground = common_ground(challenger.held_out, challenger.rule, package.manifest)
    except NoContestError as problem:
        return ChampionDecision(promoted=False, reason=f"version {version} stays, no contest is possible: {problem}")
    judged = challenger.held_out.take(ground.places)
    old = JudgedModel(
        numpy.array(package.scorer.score(ground.rows).probabilities), milliseconds_of(package.scorer, ground.rows)
    )
    new = JudgedModel(answers[ground.places], milliseconds_of(challenger.scorer, rows_of(judged.frame)))
    verdict = judge(
        judged.churned,
        groups_of(judged) | groups_of_champion(package.manifest, ground.rows),
        judged.usecase.profit,
        old,
        new,
        seed,
        customers=judged.customers,
        terms=terms,
    )
    failed = [finding.sentence for finding in verdict.findings if not finding.passed]
    shown = "is better than" if verdict.better else "is of newer data and not worse than"
    reason = f"it {shown} version {version}" if verdict.passed else f"version {version} stays: {failed[0]}"
    findings = (*verdict.findings, useful, ground.finding)
    return ChampionDecision(verdict.passed, reason, replace(verdict, findings=findings))


def _terms(package: Package | None, challenger: Challenger, number: int) -> Terms:
    """When the champion may be refreshed, and by how much less, is what its own package says: whoever trains may ask
    for more, never for less."""
    agreed = None if package is None else package.manifest.training_data.refresh
    asked, terms = challenger.held_out.usecase.refresh, Terms(number)
    if package is None or agreed is None or asked is None:
        return terms
    learnt, rule = package.manifest.training_data, agreed.rule
    age = datetime.datetime.now(datetime.UTC) - datetime.datetime.fromisoformat(package.manifest.created)
    if age < datetime.timedelta(days=max(rule.after_days, asked.after_days)):
        return terms
    newer = is_newer(challenger.file, learnt, challenger.held_out.source.sha256, challenger.until)
    return Terms(number, min(rule.margin, asked.margin), agreed.profit) if newer else terms


def groups_of(dataset: Dataset) -> dict[str, numpy.ndarray]:
    """By name of each feature by which models are compared, every customer's value as text."""
    return {name: numpy.array([_text(value) for value in dataset.frame[name]]) for name in dataset.usecase.groups}


def groups_of_champion(champion: Manifest, rows: Sequence[Row]) -> dict[str, numpy.ndarray]:
    """The same by the features by which the champion was compared, as it reads them: no use case takes them out."""
    names = champion.training_data.file.groups if champion.training_data.file else ()
    places = {name: champion.schema.names.index(name) for name in names if name in champion.schema.names}
    return {name: numpy.array([_text(row[place]) for row in rows]) for name, place in places.items()}


def _text(value: float | str | None) -> str:
    if isinstance(value, str):
        return value
    return MISSING_CATEGORY if value is None or math.isnan(value) else f"{value:g}"


def _answers(package: Package, schema: Schema) -> bool:
    """Whether the package takes rows of this schema; it has an answer to levels that it does not know."""
    features = [[(each.name, each.type) for each in one.features] for one in (package.manifest.schema, schema)]
    return features[0] == features[1]


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
