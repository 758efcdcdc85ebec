"""How far what a plan brings may lie from what is expected, and what of it hangs on effects that nobody has measured.

An interval covers what chance does with single customers, and, for effects that were measured, how surely they are
known. An assumed effect has no interval: instead is told what is left with half of it, and down to which share of it
the plan pays. It must not know how customers were chosen.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy

from churn_campaigns.campaign.customers import Customers
from churn_campaigns.campaign.problem import NOTHING, Floats, Integers
from churn_model.rules import ActionRule

LEVEL = 0.95
_SCORE = 1.959963984540054  # of a normal interval at that level


@dataclass(frozen=True)
class NetRange:
    """In money: expected ``net``, its interval ``low`` to ``high``, and ``half``, the net if assumed effects are half
    as large. ``pays_from``: the share of the assumed effects from which on the plan pays (None: nothing is assumed;
    above 1 it does not pay)."""

    net: float
    low: float
    high: float
    half: float
    pays_from: float | None


def net_range(customers: Customers, actions: Sequence[ActionRule], choice: Integers) -> NetRange:
    """What those treated bring.

    A treated customer is kept with probability e (effect × churn probability), stays anyway with 1 - p, and leaves all
    the same otherwise; each for themselves. The error of a measured effect is shared by all who get the action.

    Args:
        customers: all of them.
        actions: what there is to choose from.
        choice: int [customers], the action's index or -1.
    """
    net = variance = gain_assumed = cost_assumed = net_measured = 0.0
    for index, action in enumerate(actions):
        own = choice == index
        if not own.any():
            continue
        leaves, kept = customers.probability[own], action.effect * customers.probability[own]
        worth = customers.value[own] - action.offer
        gain, cost = kept * worth, action.contact + action.offer * (1.0 - leaves)
        net += float((gain - cost).sum())
        variance += _chance(worth, kept, leaves, action.offer)
        if action.source == "measured":
            net_measured += float((gain - cost).sum())
            variance += (_relative_error(action) * float(gain.sum())) ** 2
        else:
            gain_assumed += float(gain.sum())
            cost_assumed += float(cost.sum())
    reach = _SCORE * float(numpy.sqrt(variance))
    pays_from = (cost_assumed - net_measured) / gain_assumed if gain_assumed > 0.0 else None
    return NetRange(net, net - reach, net + reach, net - gain_assumed / 2.0, pays_from)


def treated(choice: Integers, held_out: numpy.ndarray) -> Integers:
    """What is done: what is planned, but nothing for those held out."""
    return numpy.where(held_out, NOTHING, choice)


def _chance(worth: Floats, kept: Floats, leaves: Floats, offer: float) -> float:
    """Variance of what customers bring: ``worth`` if kept, less the offer if they stay anyway, nothing otherwise."""
    stays = 1.0 - leaves
    mean = kept * worth - stays * offer
    return float((kept * worth**2 + stays * offer**2 - mean**2).sum())


def _relative_error(action: ActionRule) -> float:
    if action.effect_interval is None or action.effect <= 0.0:
        return 0.0
    low, high = action.effect_interval
    return (high - low) / (2.0 * _SCORE * action.effect)
