"""What past campaigns have shown, for programs and for people. It must not decide anything."""

from typing import Any

from scipy.stats import norm

from churn_campaigns.campaign.learning import HARMFUL, PROVEN, UNPROVEN, Lesson, Lessons
from churn_campaigns.uplift.evidence import Estimate

LEVEL = 0.95
"""Of the interval of a plan's value: there is one."""


def lesson_json(lesson: Lesson, level: float) -> dict[str, Any]:
    """One action's lesson; ``interval`` holds together with those of all other actions."""
    document: dict[str, Any] = {"verdict": lesson.verdict, "why": lesson.why}
    found, dealt = lesson.evidence, lesson.randomisation
    if found is None or dealt is None:
        return document
    return document | {
        "treated": found.treated,
        "control": found.control,
        "average_effect": _estimate(found.average, level),
        "chosen": found.chosen,
        "effect_on_chosen": _estimate(found.targeted, level),
        "policy_value_per_chosen": _estimate(found.profit, level),
        "qini": found.qini,
        "balance_p_value": dealt.balance,
        "permutation_p_value": dealt.p_value,
        "shown_by_permuted_arms": dealt.shown,
        "shown_by_permuted_arms_expected": 1.0 - level,
    }


def value_json(value: Estimate, customers: int, predicted: float) -> dict[str, Any]:
    """The measured value of the part of a plan that rests on measured effects."""
    low, high = value.interval(LEVEL)
    return {
        "customers": customers,
        "predicted_net": round(predicted, 2) + 0.0,
        "net": round(value.mean, 2) + 0.0,
        "error": round(value.error, 2),
        "level": LEVEL,
        "interval": [round(low, 2) + 0.0, round(high, 2) + 0.0],
        "shown_to_pay": low > 0.0,
    }


def lessons_text(lessons: Lessons, entries: dict[str, dict[str, Any]]) -> list[str]:
    """One line for what the history says of each action."""
    return [_line(name, lessons.by_action[name], lessons.level, entry) for name, entry in entries.items()]


def value_line(value: dict[str, Any]) -> str:
    """The measured value of a plan in a sentence."""
    low, high = value["interval"]
    doubt = "" if value["shown_to_pay"] else "; IT IS NOT SHOWN TO PAY"
    return (
        f"measured by the history: net {value['net']:.2f} for the {value['customers']} customers with measured effects "
        f"({100 * value['level']:.0f} % interval {low:.2f} to {high:.2f}){doubt}"
    )


def _line(name: str, lesson: Lesson, level: float, entry: dict[str, Any]) -> str:
    beginning = f"history of {name}: {lesson.verdict}"
    found = lesson.evidence
    if found is None:
        return f"{beginning}, {lesson.why}; {_kept(lesson)}"
    low, high = (100.0 * bound for bound in found.average.interval(level))
    average = f"{100 * found.average.mean:.2f} ± {100 * found.average.error:.2f}"
    line = f"{beginning}, {average} percentage points ({100 * level:.1f} % interval {low:.2f} to {high:.2f})"
    line += f", Qini {found.qini:.3f}"
    profit = entry["policy_value_per_chosen"]
    if profit is not None:
        line += f", {profit['mean']:.2f} ± {profit['error']:.2f} for each of the {found.chosen} it would choose"
    stays = _kept(lesson) if lesson.verdict != UNPROVEN else f"{entry['assumed_effect']:.3f} of the leavers is assumed"
    return f"{line}{f', {lesson.why}' if lesson.why else ''}; {stays}"


def _kept(lesson: Lesson) -> str:
    kept = {PROVEN: "its measured effect counts", HARMFUL: "nobody gets it"}
    return kept.get(lesson.verdict, "the use case's own effect stays")


def _estimate(estimate: Estimate | None, level: float) -> dict[str, Any] | None:
    if estimate is None:
        return None
    low, high = estimate.interval(level)
    return {
        "mean": estimate.mean,
        "error": estimate.error,
        "level": level,
        "interval": [low, high],
        "p_value": float(2.0 * norm.sf(abs(estimate.score))),
    }
