"""`rollout.yaml` of an environment: the canary and its share as values for helm, and how it came there, for the next
step and for people.

All that a rollout has to remember stands in this file, in a comment that helm does not read, so that whoever is killed
or runs twice finds the same. It must not know git.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Literal

import yaml

from churn_delivery.errors import EnvironmentProblem
from churn_delivery.model_file import ServedModel
from churn_delivery.rollout.rules import RuleProblem, Rules, read_rules
from churn_delivery.yaml_files import read_yaml

State = Literal["running", "arriving", "finished", "worse", "undecided", "stopped"]
UNDER_WAY: tuple[State, ...] = ("running", "arriving")
_STATES: tuple[State, ...] = (*UNDER_WAY, "finished", "worse", "undecided", "stopped")
_HEAD = (
    "# The model on trial beside the one that is served (`canary`), and its share of customers "
    "(`gateway.canaryPercent`) or of copies (`gateway.canaryShadowPercent`).\n"
    "# Written by `churn rollout`; `replicas` and `resources` of the canary are kept as they stand here.\n"
)
_MARK = "# rollout: "
_KEPT = ("replicas", "resources")
_ZONE = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(frozen=True)
class Rollout:
    """A rollout of `model`, begun `beside` the primary's model of this identity (empty: the starter model); `since`: of
    each step so far when it was written; `reason`: why it ended. The description that the model's file is to get waits
    here, since whoever takes the steps reaches no registry."""

    state: State
    model: ServedModel
    beside: str
    rules: Rules
    since: tuple[datetime, ...]
    reason: str = ""

    @property
    def percent(self) -> float:
        """What the file gives the canary."""
        return self.rules.steps[len(self.since) - 1] if self.state in UNDER_WAY else 0.0

    @property
    def shadow(self) -> float:
        """Percent of requests that the file gives it copies of, before it has customers."""
        return self.rules.shadow_percent if self.state in UNDER_WAY and not self.percent else 0.0

    @property
    def share(self) -> str:
        """What the file gives it, for people."""
        return f"copies of {self.shadow:g} % of requests" if self.shadow else f"{self.percent:g} % of customers"

    @property
    def place(self) -> str:
        """The same in short."""
        return f"at {self.shadow:g} % of copies" if self.shadow else f"at {self.percent:g} %"

    def stepped(self, now: datetime) -> "Rollout":
        """The same a step further."""
        return replace(self, since=(*self.since, now.replace(microsecond=0)))

    def ended(self, state: State, reason: str) -> "Rollout":
        """The same at its end, or on the way to it."""
        return replace(self, state=state, reason=reason)


@dataclass(frozen=True)
class RolloutFile:
    """What a file says: the rollout of its comment, if any, and its values."""

    name: str
    rollout: Rollout | None
    canary: Mapping[str, Any] = field(default_factory=dict)
    percent: object = 0
    shadow: object = 0

    @property
    def serves_canary(self) -> bool:
        """Whether helm would bring a canary."""
        return bool(self.canary.get("enabled"))

    def differs(self) -> str:
        """What of the values is not as the rollout has left it; empty if nothing is."""
        rollout = self.rollout
        if rollout is None:
            return "it has a canary that no rollout has begun" if self.serves_canary else ""
        if self.serves_canary != (rollout.state in UNDER_WAY):
            return f"canary.enabled is {str(self.serves_canary).lower()}"
        if rollout.state not in UNDER_WAY:
            return ""
        model = self.canary.get("model")
        told = {"uri": rollout.model.uri, "digest": rollout.model.digest}
        if model != told or self.canary.get("target", "inferenceservice") != "inferenceservice":
            return "canary.model is another"
        shares = {"Percent": (self.percent, rollout.percent), "ShadowPercent": (self.shadow, rollout.shadow)}
        others = (
            f"gateway.canary{name} is {found} where the rollout is at {meant:g}"
            for name, (found, meant) in shares.items()
            if found != meant
        )
        return next(others, "")


def rollout_text(rollout: Rollout, former: RolloutFile) -> bytes:
    """The whole file; what people wrote of the canary's pods is kept."""
    canary: dict[str, Any] = {name: former.canary[name] for name in _KEPT if name in former.canary}
    values: dict[str, Any] = {}
    if rollout.state in UNDER_WAY:
        canary |= {"enabled": True, "model": {"uri": rollout.model.uri, "digest": rollout.model.digest}}
        values["gateway"] = {"canaryPercent": _number(rollout.percent)}
        if rollout.shadow:
            values["gateway"]["canaryShadowPercent"] = _number(rollout.shadow)
    if canary:
        values["canary"] = canary
    waiting = {} if rollout.state == "running" else {"description": ""}
    record = {
        "state": rollout.state,
        "reason": rollout.reason,
        "since": [each.strftime(_ZONE) for each in rollout.since],
        "beside": rollout.beside,
        "model": asdict(rollout.model) | {"metrics": dict(sorted(rollout.model.metrics.items()))} | waiting,
        "rules": rollout.rules.document(),
    }
    body = yaml.safe_dump(values, sort_keys=False, width=10_000) if values else ""
    # JSON is YAML, and never goes on in a second line.
    return f"{_HEAD}{_MARK}{json.dumps(record, ensure_ascii=True)}\n{body}".encode()


def _number(percent: float) -> float:
    return int(percent) if percent.is_integer() else percent


def read_rollout(path: str, text: bytes) -> RolloutFile:
    """What a file says.

    Raises:
        EnvironmentProblem: it is not YAML, or its record cannot be read.
    """
    values = read_yaml(path, text).values
    canary, gateway = values.get("canary"), values.get("gateway")
    rollout = None
    for number, line in enumerate(text.decode("utf-8").splitlines(), start=1):
        if line.startswith(_MARK):
            rollout = _read(path, number, line.removeprefix(_MARK))
            break
    return RolloutFile(
        path,
        rollout,
        canary if isinstance(canary, dict) else {},
        gateway.get("canaryPercent", 0) if isinstance(gateway, dict) else 0,
        gateway.get("canaryShadowPercent", 0) if isinstance(gateway, dict) else 0,
    )


def _read(path: str, line: int, text: str) -> Rollout:
    try:
        record = json.loads(text)
        model = _model(record["model"])
        since = tuple(datetime.strptime(each, _ZONE).replace(tzinfo=UTC) for each in record["since"])
        rollout = Rollout(record["state"], model, str(record["beside"]), read_rules(record["rules"]), since)
    except RuleProblem as error:
        raise EnvironmentProblem(path, error.problem, line=line, key=".".join(("rules", *error.key))) from None
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        rollout = None
    known = rollout is not None and rollout.state in _STATES and 0 < len(since) <= len(rollout.rules.steps)
    if rollout is None or not known or list(since) != sorted(since):
        problem = "is not a record of a rollout; take the file back to a commit before, or churn rollout stop"
        raise EnvironmentProblem(path, problem, line=line)
    return replace(rollout, reason=str(record.get("reason", "")))


def _model(words: dict[str, Any]) -> ServedModel:
    """Raises TypeError or ValueError where that is none."""
    model = ServedModel(**words)
    texts = [value for name, value in asdict(model).items() if name != "metrics"]
    if not all(isinstance(each, str) for each in texts) or not isinstance(model.metrics, dict) or not model.identity:
        raise ValueError("not a model")
    return model
