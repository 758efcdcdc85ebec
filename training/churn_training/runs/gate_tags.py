"""What the gate said of a version, as tags in MLflow, for whoever would make it champion later.

An order that overrules the gate is kept beside the version for good. It must not judge anything.
"""

import datetime
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from churn_model.registry import Registered
from churn_training.comparison.champion_contest import ChampionDecision
from churn_training.runs.holdout_ledger import AGAINST, CONTEST, NOBODY

if TYPE_CHECKING:
    from mlflow import MlflowClient

GATE = "churn.gate"
"""What became of the version, and why."""
PASSED = "churn.gate.passed"
"""`yes` or `no`: what the gate found, whatever became of the version."""
OVERRIDE = "churn.override"
"""Who reads this finds that the gate was overruled, and how."""
_LONGEST = 4000
_OPTION = re.compile(r";? --[a-z-]+ promotes it all the same$")


def gate_tags(decision: ChampionDecision) -> dict[str, str]:
    """The tags of a decision."""
    tags = {
        GATE: f"{'promoted' if decision.promoted else 'not promoted'}: {decision.reason}"[:_LONGEST],
        PASSED: "yes" if decision.passed else "no",
        AGAINST: decision.against or NOBODY,
    }
    if decision.contest:
        tags[CONTEST] = decision.contest
    if decision.overridden:
        tags[OVERRIDE] = decision.reason[:_LONGEST]
    return tags


def tag_version(client: "MlflowClient", version: Registered, tags: Mapping[str, str]) -> None:
    """Set tags of a version; MLflow's errors pass."""
    for name, value in tags.items():
        client.set_model_version_tag(version.name, version.version, name, value)


def objection(client: "MlflowClient", wanted: Registered, champion: Registered | None) -> str:
    """Why the gate does not have a version become champion now, as a clause; empty if it does.

    What it found counts against the champion of then alone: a version that was better than a former champion need not
    be better than the one of today.
    """
    tags = client.get_model_version(wanted.name, wanted.version).tags
    if champion is not None and champion.version == wanted.version:
        return ""
    problem = not_passed_by(tags)
    if problem:
        return problem
    then, now = tags.get(AGAINST, NOBODY), champion.version if champion else NOBODY
    if then != now:
        return f"it passed the gate against {_version(then)}, today there is {_version(now)}"
    return ""


def not_passed(client: "MlflowClient", version: Registered) -> str:
    """That the gate did not pass a version, whomever it was held against, and why, as a clause; empty if it did."""
    return not_passed_by(client.get_model_version(version.name, version.version).tags)


def not_passed_by(tags: Mapping[str, str]) -> str:
    """As :func:`not_passed`, of the tags of a version."""
    if PASSED not in tags:
        return "no gate has judged it"
    if tags[PASSED] != "yes":
        # Versions of former releases keep a reason that ends with an option of training.
        reason = _OPTION.sub("", tags.get(GATE, "").partition(": ")[2])
        return f"the gate did not pass it ({(reason or 'no reason is kept').removesuffix('.')})"
    return ""


def override_tags(objection: str) -> dict[str, str]:
    """The tags of an order that overrules an objection, with the day in UTC."""
    day = datetime.datetime.now(datetime.UTC).date().isoformat()
    return {OVERRIDE: f"made champion by churn promote --force on {day}, although {objection}"[:_LONGEST]}


def _version(number: str) -> str:
    return "no champion" if number == NOBODY else f"version {number}"
