"""By which rules a rollout goes: its steps, how sure one wants to be, how much worse counts as worse.

They stand in `environments.yaml` with the environment, each with a default, and are copied into `rollout.yaml` when a
rollout begins, so that nothing changes them on its way.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from typing import Any, TypeGuard

SHADOW = "shadow"
"""How a first step is written in which the canary is asked about copies alone."""
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_DURATION = re.compile(r"([1-9][0-9]{0,5})([smhd])")
_MOST_BLOCKS = 3_000
_LEAST_MARGIN, _WHOLE = 0.0001, 100
_SLOW_BOUNDS = (0.005, 0.0075, 0.01, 0.015, 0.025, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1.0)
_DEFAULT_MARGINS = {
    "errors": 0.005,
    "timeouts": 0.005,
    "slow": 0.02,
    "fallback": 0.01,
    "scores": 0.15,
    "difference": 0.1,
    "shift": 0.05,
}


class RuleProblem(ValueError):
    """A rule cannot be used: `key` and what is wrong with it."""

    def __init__(self, key: tuple[str, ...], problem: str) -> None:
        super().__init__(f"{'.'.join(key)}: {problem}")
        self.key, self.problem = key, problem


@dataclass(frozen=True)
class Rules:
    """`steps` in percent of customers, the last all of them, the first perhaps 0: copies of `shadow_percent` of
    requests; `cut_error`: the chance, over a whole rollout, to take a canary back that is nowhere worse by more than
    its margin; `advance_error`: that one goes on which is worse by its margin or more; `sample`: calls of the canary
    that a step needs; `shortest` and `longest` a step, in seconds, `arrival`: how long gateways may not have met its
    model at all, and `block`, in which counts are compared; `slow_seconds`: what a call may take; `margins`: by measure
    how much more of it is not worse yet, as a share, or of
    `difference` and `shift` in probability; 1: it is not looked at."""

    steps: tuple[float, ...] = (1.0, 10.0, 50.0, 100.0)
    shadow_percent: float = 20.0
    cut_error: float = 0.05
    advance_error: float = 0.05
    sample: int = 500
    shortest: int = 600
    longest: int = 86_400
    arrival: int = 900
    block: int = 60
    slow_seconds: float = 0.025
    margins: Mapping[str, float] = field(default_factory=lambda: dict(_DEFAULT_MARGINS))

    def document(self) -> dict[str, Any]:
        """As they are written."""
        words: dict[str, Any] = {each.name: getattr(self, each.name) for each in fields(self)}
        times = {name: f"{words[name]}s" for name in ("shortest", "longest", "arrival", "block")}
        return {**words, **times, "steps": [each or SHADOW for each in self.steps], "margins": dict(self.margins)}


def read_rules(values: object) -> Rules:
    """Rules as a file says them; what it does not say is as ever.

    Raises:
        RuleProblem: one is not known or not usable.
    """
    given = _mapping((), values)
    _require_known((), given, _READERS)
    rules = Rules(**{name: _READERS[name]((name,), value) for name, value in given.items()})
    if rules.longest < rules.shortest:
        raise RuleProblem(("longest",), f"is less than shortest ({rules.shortest}s)")
    if rules.longest > rules.block * _MOST_BLOCKS:
        raise RuleProblem(("longest",), f"is more than {_MOST_BLOCKS} times block ({rules.block}s)")
    if rules.shortest < rules.block * 2:
        raise RuleProblem(("shortest",), f"is less than two blocks (of {rules.block}s); the first one only teaches")
    return rules


def _steps(key: tuple[str, ...], value: object) -> tuple[float, ...]:
    shadow = isinstance(value, list) and value[:1] == [SHADOW]
    if isinstance(value, list) and shadow:
        return (0.0, *_steps(key, value[1:]))
    numbers = [each for each in value if _is_number(each)] if isinstance(value, list) else []
    rising = numbers == sorted(set(numbers)) and bool(numbers)
    if not isinstance(value, list) or len(numbers) != len(value) or not rising or not 0 < numbers[0] < _WHOLE:
        raise RuleProblem(
            key, f"must be percentages that rise to 100, such as [1, 10, 50, 100], with {SHADOW} before them or without"
        )
    if numbers[-1] != _WHOLE:
        raise RuleProblem(key, "must end with 100")
    return tuple(float(each) for each in numbers)


def _shadow_percent(key: tuple[str, ...], value: object) -> float:
    if not _is_number(value) or not 0 < value <= _WHOLE:
        raise RuleProblem(key, "must be a percentage of requests, more than 0 and at most 100")
    return float(value)


def _chance(key: tuple[str, ...], value: object) -> float:
    if not _is_number(value) or not 0.0001 <= value <= 0.5:  # noqa: PLR2004 - said below
        raise RuleProblem(key, "must be a chance from 0.0001 to 0.5")
    return float(value)


def _sample(key: tuple[str, ...], value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= 10**9:
        raise RuleProblem(key, "must be a whole number of calls, from 1")
    return value


def _duration(key: tuple[str, ...], value: object) -> int:
    found = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise RuleProblem(key, "must be a duration such as 90s, 10m, 24h or 7d")
    return int(found[1]) * _UNITS[found[2]]


def _slow(key: tuple[str, ...], value: object) -> float:
    if not _is_number(value) or value not in _SLOW_BOUNDS:
        raise RuleProblem(key, f"must be a bound of the gateways' histogram: {', '.join(map(str, _SLOW_BOUNDS))}")
    return float(value)


def _margins(key: tuple[str, ...], value: object) -> dict[str, float]:
    given = _mapping(key, value)
    _require_known(key, given, _DEFAULT_MARGINS)
    for name, margin in given.items():
        if not _is_number(margin) or not _LEAST_MARGIN <= margin <= 1:
            raise RuleProblem((*key, name), f"must be a share from {_LEAST_MARGIN} to 1")
    return {**_DEFAULT_MARGINS, **{name: float(margin) for name, margin in given.items()}}


_READERS: Mapping[str, Callable[[tuple[str, ...], object], Any]] = {
    "steps": _steps,
    "shadow_percent": _shadow_percent,
    "cut_error": _chance,
    "advance_error": _chance,
    "sample": _sample,
    "shortest": _duration,
    "longest": _duration,
    "arrival": _duration,
    "block": _duration,
    "slow_seconds": _slow,
    "margins": _margins,
}


def _mapping(key: tuple[str, ...], value: object) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise RuleProblem(key, "must be a mapping of keys")
    return value


def _require_known(above: tuple[str, ...], given: Mapping[str, Any], known: Any) -> None:
    for name in given:
        if name not in known:
            near = get_close_matches(str(name), list(known), 1)
            hint = f"; did you mean {near[0]}?" if near else f" ({', '.join(known)})"
            raise RuleProblem((*above, str(name)), f"is not known{hint}")


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)
