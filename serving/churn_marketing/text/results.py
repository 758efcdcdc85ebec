"""What a campaign has brought, in words that claim no more than the outcomes give. It must not compute anything."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from churn_campaigns.experiment.comparison import Interval
from churn_campaigns.experiment.plan_reading import says_nothing
from churn_campaigns.experiment.plan_wording import TOO_LITTLE
from churn_marketing.text.amounts import money

_NO_INTERVAL = "no interval yet"


@dataclass(frozen=True)
class Verdict:
    """``kind``: worked, harmed, open (nothing shown) or void (not to be believed); a sentence, and what to do next."""

    kind: str
    title: str
    next: str


def verdict_of(read: Mapping[str, Any]) -> Verdict:
    """What a look has shown (:class:`~churn_campaigns.experiment.plan_reading.PlanRead` as JSON)."""
    plan = read["plan"]
    if read["sample_ratio"]["alarm"]:
        return Verdict(
            "void",
            "No conclusion: the numbers of treated and held-out customers do not fit what was planned.",
            "Find out who was called who should not have been, or whose outcomes are missing, before you go on.",
        )
    if plan["shown"] and plan["absolute"] > 0.0:
        paid = read["money"]["net_interval"][0] > 0.0
        unsure = "Whether it has paid for itself is not shown yet: look at the money below."
        return Verdict(
            "worked",
            "It worked: those who were contacted left less often than those held out.",
            "It has paid for itself." if paid else unsure,
        )
    if plan["shown"]:
        return Verdict(
            "harmed",
            "It did harm: those who were contacted left more often than those held out.",
            "Stop these actions and do not plan them again.",
        )
    if read["attrition"]["alarm"] and abs(plan["score"]) >= read["boundary"]:
        return Verdict(
            "void",
            "No conclusion: outcomes are missing unevenly, and they alone could make the difference.",
            "Find out what became of the customers whose outcome is missing, and load all outcomes again.",
        )
    if read["final"]:
        return Verdict(
            "open",
            "No effect shown. The outcomes fit a small effect as well as none.",
            "Plan the next one with more customers, a larger share held out, or another action.",
        )
    return Verdict(
        "open",
        "Not enough data yet: no effect is shown so far, and none is ruled out.",
        "Load the outcomes again at the next look. Stopping early tells nothing.",
    )


def effect_words(effect: Mapping[str, Any], level: float) -> str:
    """How many fewer of those contacted have left than of those held out, with its interval where it says anything."""
    told = f"of 100 contacted {_fewer(100.0 * effect['absolute'])} left than of 100 held out"
    if says_nothing(effect["interval"]):
        return f"{told}; {_NO_INTERVAL}"
    low, high = (100.0 * bound for bound in bounds(effect))
    ends = f"{_fewer(low)} to {_fewer(high)}"
    if (low < 0.0) == (high < 0.0):  # both ends mean the same, so one word is enough
        ends = f"{abs(low):.1f} to {abs(high):.1f}"
    return f"{told}; {100 * level:g} % interval {ends}"


def bounds(effect: Mapping[str, Any]) -> Interval:
    """The interval of an effect (-1 to 1); of few customers it would reach beyond all of them, and ends there."""
    low, high = (min(max(bound, -1.0), 1.0) for bound in effect["interval"])
    return low, high


def caution(read: Mapping[str, Any]) -> str:
    """Why a look has no interval, in a sentence for the whole page; empty where it has."""
    return f"{TOO_LITTLE[:1].upper()}{TOO_LITTLE[1:]}." if says_nothing(read["plan"]["interval"]) else ""


def net_words(read: Mapping[str, Any], currency: str) -> str:
    """The interval of a look's net, where it says anything."""
    if says_nothing(read["plan"]["interval"]):
        return _NO_INTERVAL
    low, high = (money(bound, currency) for bound in read["money"]["net_interval"])
    return f"{100 * read['level']:g} % interval {low} to {high}"


def _fewer(value: float) -> str:
    return f"{abs(value):.1f} {'more' if value < 0.0 else 'fewer'}"
