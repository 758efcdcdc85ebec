"""What a draft comes to: whom it would contact with what, what that costs and may bring, who is left out and why.

What was worked out is kept as it was shown, so that a freeze freezes exactly that. It must not know people or pages.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import numpy

from churn_campaigns.campaign.allocation import Allocation, allocate
from churn_campaigns.campaign.customers import Customers, Flags
from churn_campaigns.campaign.detectable import detectable
from churn_campaigns.campaign.eligibility import offers
from churn_campaigns.campaign.orders import Order
from churn_campaigns.campaign.plan import CampaignPlan, make_plan
from churn_campaigns.campaign.problem import NOTHING
from churn_campaigns.campaign.summary import summary_of
from churn_campaigns.experiment.assignment import in_holdout
from churn_marketing.planning.net_range import net_range
from churn_marketing.planning.population import part_of
from churn_marketing.planning.terms import ALPHA, Terms
from churn_model.rules import RISKS, ActionRule

DOCUMENT, ARRAYS = "document.json", "arrays.npz"


@dataclass(frozen=True)
class Asked:
    """What a draft is worked out by. ``elsewhere``: ids of customers whom other open campaigns have, or that are
    spared; ``wishes``: of those who asked here not to be contacted; ``epoch``: as of which taking of customers."""

    terms: Terms
    actions: tuple[ActionRule, ...]
    salt: str
    elsewhere: frozenset[str]
    wishes: frozenset[str]
    epoch: int


@dataclass(frozen=True)
class Calculated:
    """A campaign that is worked out. ``inside``: bool [customers of the batch], whom the filter lets in; ``customers``:
    those; ``elsewhere``: bool [of them], who is left out."""

    inside: Flags
    elsewhere: Flags
    customers: Customers
    order: Order
    plan: CampaignPlan


def inside_of(everybody: Customers, terms: Terms, wishes: frozenset[str] = frozenset()) -> Flags:
    """Whom the filter lets in: bool [customers]."""
    inside = numpy.ones(len(everybody), dtype=bool)
    if terms.segments:
        inside &= numpy.isin(everybody.segment, terms.segments)
    if terms.risks:
        inside &= numpy.isin(everybody.risk, [RISKS.index(risk) for risk in RISKS if risk in terms.risks])
    if terms.minimum_value > 0.0:
        inside &= everybody.value >= terms.minimum_value
    if wishes:
        inside &= ~_among(everybody.ids, wishes)
    return inside


def calculate(everybody: Customers, asked: Asked) -> Calculated:
    """Work a draft out on all customers of a batch."""
    inside = inside_of(everybody, asked.terms, asked.wishes)
    customers = part_of(everybody, inside)
    order = asked.terms.order(asked.actions, asked.salt, asked.elsewhere)
    plan = make_plan(customers, asked.actions, order)
    return Calculated(inside, _among(customers.ids, asked.elsewhere), customers, order, plan)


def document_of(everybody: Customers, asked: Asked, found: Calculated) -> dict[str, Any]:
    """What pages show of it, as JSON knows it."""
    plan, customers = found.plan, found.customers
    shown = detectable(plan, customers, ALPHA, asked.terms.looks) if found.order.salt else None
    filtered = inside_of(everybody, asked.terms)
    return {
        "worked_out_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "epoch": asked.epoch,
        "batch_customers": len(everybody),
        "outside_filter": int((~filtered).sum()),
        "wish_no_contact": int((filtered & ~found.inside).sum()),
        "summary": summary_of(customers, plan, found.order) if len(customers) else None,
        "range": asdict(net_range(customers, asked.actions, plan.choice)),
        "smallest_effect": None if shown is None else asdict(shown),
    }


def keep(folder: Path, found: Calculated, document: dict[str, Any]) -> None:
    """Write a calculation into a folder that is there; the document last, which says that all is there."""
    planned = found.plan.planned
    numpy.savez(
        folder / ARRAYS,
        inside=numpy.packbits(found.inside),
        elsewhere=numpy.packbits(found.elsewhere),
        choice=planned.choice.astype(numpy.int16),
        numbers=numpy.array([planned.value, planned.cost, planned.bound, planned.gap]),
    )
    (folder / DOCUMENT).write_bytes(msgspec.json.encode(document))


def document_in(folder: Path) -> dict[str, Any] | None:
    """What a calculation said, if it is there as a whole."""
    try:
        found: dict[str, Any] = msgspec.json.decode((folder / DOCUMENT).read_bytes())
    except FileNotFoundError:
        return None
    return found


def kept_calculation(
    folder: Path, everybody: Customers, terms: Terms, salt: str, actions: Sequence[ActionRule]
) -> Calculated:
    """A calculation as it was: what was chosen is read, not chosen again."""
    with numpy.load(folder / ARRAYS, allow_pickle=False) as arrays:
        inside = numpy.unpackbits(arrays["inside"], count=len(everybody)).astype(bool)
        customers = part_of(everybody, inside)
        elsewhere = numpy.unpackbits(arrays["elsewhere"], count=len(customers)).astype(bool)
        choice, numbers = arrays["choice"].astype(numpy.int64), [float(number) for number in arrays["numbers"]]
    order = terms.order(actions, salt, frozenset())
    found = offers(customers, actions, elsewhere, proven_only=terms.proven_only)
    held_out = numpy.zeros(len(customers), dtype=bool)
    if order.holdout > 0.0:
        held_out[:] = [in_holdout(order.salt, customer, order.holdout) for customer in customers.ids]
    cost = numpy.array([action.cost for action in actions])
    plan = CampaignPlan(
        actions=tuple(actions),
        offers=found,
        planned=Allocation(choice, *numbers),
        held_out=held_out,
        choice=numpy.where(held_out, NOTHING, choice),
        unlimited=allocate(found.net, cost, numpy.inf),
    )
    return Calculated(inside, elsewhere, customers, order, plan)


def _among(ids: Sequence[str], some: frozenset[str]) -> Flags:
    return numpy.array([customer in some for customer in ids], dtype=bool)
