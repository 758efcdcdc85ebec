"""A campaign in numbers, for programs and for people; assumed effects are called so beside every sum.

It must not decide anything.
"""

from typing import Any

import numpy

from churn_campaigns.campaign.allocation import Allocation
from churn_campaigns.campaign.customers import Customers
from churn_campaigns.campaign.eligibility import FROM_HISTORY
from churn_campaigns.campaign.groups import group_lines, group_shares
from churn_campaigns.campaign.learning import Lessons
from churn_campaigns.campaign.not_contacted import counted, why_not_contacted
from churn_campaigns.campaign.orders import Order
from churn_campaigns.campaign.plan import CampaignPlan
from churn_campaigns.campaign.problem import NOTHING
from churn_campaigns.campaign.shown import lesson_json, lessons_text, value_json, value_line
from churn_campaigns.uplift.evidence import Estimate
from churn_model.holdout import salt_id

ASSUMED = "assumed"


def summary_of(
    customers: Customers,
    plan: CampaignPlan,
    order: Order,
    lessons: Lessons | None = None,
    value: Estimate | None = None,
) -> dict[str, Any]:
    """The campaign as `--json` prints it; money rounded to cents, shares from 0 to 1.

    Args:
        customers: all of them.
        plan: the decisions.
        order: what was ordered.
        lessons: what past campaigns have shown (None: none were given).
        value: what the part of the plan with measured effects is worth, measured (None: it has no such part).
    """
    net = plan.taken(plan.offers.net)
    costs = numpy.array([*(action.cost for action in plan.actions), 0.0])
    actions = [_action(plan, index, net, lessons) for index in range(len(plan.actions))]
    spent = float(costs[plan.choice].sum())
    assumed = sum(entry["expected_net_assumed"] for entry in actions)
    cost_assumed = sum(entry["cost_assumed"] for entry in actions)
    total = float(net.sum())
    return {
        "customers": len(plan.choice),
        "contacted": int((plan.choice != NOTHING).sum()),
        "actions": actions,
        "budget": order.budget,
        "cost": _money(spent),
        "budget_left": _money(order.budget - spent),
        "expected_net": _money(total),
        "expected_net_assumed": _money(assumed),
        "cost_assumed": _money(cost_assumed),
        "measured_value": None
        if value is None
        else value_json(value, int(plan.measured.sum()), float(net[plan.measured].sum())),
        "share_assumed": round(assumed / total, 4) if total > 0 else 0.0,
        "planned": _allocation(plan.planned) | _bounded(plan.planned),
        "without_limits": _allocation(plan.unlimited),
        "holdout": _holdout(plan, order, costs),
        "not_contacted": counted(why_not_contacted(plan, order)),
        "groups": group_shares(customers, plan),
    }


def text_of(summary: dict[str, Any], lessons: Lessons | None = None) -> str:
    """The campaign for people, some lines."""
    lines = [f"{'action':24} {'customers':>9} {'cost':>14} {'expected net':>14}  effect"]
    lines += [
        f"{entry['id']:24} {entry['customers']:>9} {entry['cost']:>14.2f} {entry['expected_net']:>14.2f}  "
        f"{entry['effect_source']}"
        for entry in summary["actions"]
    ]
    lines.append(
        f"{'together':24} {summary['contacted']:>9} {summary['cost']:>14.2f} {summary['expected_net']:>14.2f}  "
        f"{summary['share_assumed']:.0%} of it rests on assumed effects"
    )
    planned, unlimited = summary["planned"], summary["without_limits"]
    held = "" if summary["holdout"] is None else ", were those held out treated too,"
    lines.append(
        f"budget {summary['budget']:.2f}, {summary['budget_left']:.2f} left; "
        f"planned net{held} {planned['expected_net']:.2f}, {_bound(planned)}"
    )
    lines.append(
        f"best action for each without budget and capacities: {unlimited['contacted']} customers, "
        f"cost {unlimited['cost']:.2f}, expected net {unlimited['expected_net']:.2f}"
    )
    lines += _holdout_lines(summary["holdout"])
    lines += [] if lessons is None else lessons_text(lessons, _shown(summary))
    lines += [] if summary["measured_value"] is None else [value_line(summary["measured_value"])]
    lines += group_lines(summary["groups"])
    lines += [f"not contacted: {_counts(summary['not_contacted'])}"] if summary["not_contacted"] else []
    lines += [_reasons_line(entry) for entry in summary["actions"] if entry["not_eligible"]]
    return "\n".join(lines)


def _shown(summary: dict[str, Any]) -> dict[str, Any]:
    return {
        entry["id"]: entry["history"] | {"assumed_effect": entry["assumed_effect"]}
        for entry in summary["actions"]
        if entry["history"] is not None
    }


def _action(plan: CampaignPlan, index: int, net: numpy.ndarray, lessons: Lessons | None) -> dict[str, Any]:
    chosen = plan.choice == index
    action = plan.actions[index]
    lesson = None if lessons is None else lessons.by_action.get(action.id)
    measured, barred = lesson is not None and lesson.measured, plan.offers.reasons[index]
    assumed = chosen & ~plan.measured if action.source == ASSUMED else chosen & False
    return {
        "id": action.id,
        "customers": int(chosen.sum()),
        "control": int((plan.control & (plan.planned.choice == index)).sum()),
        "cost": _money(action.cost * float(chosen.sum())),
        "expected_net": _money(float(net[chosen].sum())),
        "effect_source": FROM_HISTORY if measured else action.source,
        "assumed_effect": action.effect,
        "evidence": action.evidence,
        "history": None if lesson is None or lessons is None else lesson_json(lesson, lessons.level),
        "expected_net_assumed": _money(float(net[assumed].sum())),
        "cost_assumed": _money(action.cost * float(assumed.sum())),
        "eligible": len(plan.choice) - sum(barred.values()),
        "not_eligible": barred,
    }


def _allocation(allocation: Allocation) -> dict[str, Any]:
    contacted = int((allocation.choice != NOTHING).sum())
    return {"contacted": contacted, "cost": _money(allocation.cost), "expected_net": _money(allocation.value)}


def _bounded(allocation: Allocation) -> dict[str, Any]:
    """How far from the optimum; a trial was dealt by chance and has no bound."""
    if not numpy.isfinite(allocation.bound):
        return {"bound": None, "gap": None}
    return {"bound": _money(allocation.bound), "gap": allocation.gap}


def _bound(planned: dict[str, Any]) -> str:
    if planned["bound"] is None:
        return "a trial: dealt by chance, to learn from"
    return f"no plan can have more than {planned['bound']:.2f} (gap at most {100 * planned['gap']:.3f} %)"


def _holdout(plan: CampaignPlan, order: Order, costs: numpy.ndarray) -> dict[str, Any] | None:
    if not order.salt:
        return None
    return {
        "share": order.holdout,
        "salt_id": salt_id(order.salt),
        "customers": int(plan.held_out.sum()),
        "control": int(plan.control.sum()),
        "not_spent": _money(float(costs[plan.planned.choice[plan.control]].sum())),
    }


def _holdout_lines(holdout: dict[str, Any] | None) -> list[str]:
    if holdout is None:
        return []
    planned = f"{holdout['control']} of them would have got an action for {holdout['not_spent']:.2f}"
    how = "arm control; compare customers with the same planned_action"
    return [f"held out: {holdout['customers']} customers, {planned} ({how})"]


def _reasons_line(entry: dict[str, Any]) -> str:
    return f"not for {entry['id']}: {_counts(entry['not_eligible'])}; for {entry['eligible']} customers it pays"


def _counts(reasons: dict[str, int]) -> str:
    return ", ".join(f"{reason} {count}" for reason, count in reasons.items())


def _money(amount: float) -> float:
    # Adding 0 turns the -0.0 of a rounding into 0.
    return round(amount, 2) + 0.0
