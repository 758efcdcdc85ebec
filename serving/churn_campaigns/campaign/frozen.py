"""What is written beside a plan when it is frozen: the ledger of looks, and what was known of its customers.

Features change after a campaign, sometimes because of it; the next campaign may learn only from what was known when
this one was planned. It must not decide anything.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy

from churn_campaigns.campaign.customers import Customers
from churn_campaigns.campaign.not_contacted import why_not_contacted
from churn_campaigns.campaign.orders import Order, Promise
from churn_campaigns.campaign.plan import CampaignPlan
from churn_campaigns.campaign.plan_file import Columns, Identity, call_order, columns_of
from churn_campaigns.campaign.problem import NOTHING
from churn_campaigns.campaign.second_look import Details
from churn_campaigns.experiment import plan_columns
from churn_campaigns.experiment.ledger import Ledger
from churn_campaigns.experiment.plan_cohort import digest_of
from churn_campaigns.experiment.row_checks import ROW_CHECK
from churn_data.cells import clean
from churn_data.errors import DataError
from churn_data.spreadsheets import as_text_file
from churn_data.tables import open_table
from churn_model.holdout import salt_id


def frozen_columns(
    customers: Customers, plan: CampaignPlan, details: Details, order: Order, promise: Promise, usecase: str
) -> Columns:
    """The plan's file."""
    everybody = max(1, len(customers))
    return next(frozen_parts(customers, plan, details, order, promise, usecase, rows=everybody))


def frozen_parts(
    customers: Customers,
    plan: CampaignPlan,
    details: Details,
    order: Order,
    promise: Promise,
    usecase: str,
    *,
    rows: int,
) -> Iterator[Columns]:
    """The plan's file, so many rows at a time, one part at least: of a million customers no more than a part is ever
    held as texts."""
    words = numpy.full(len(customers), "", dtype=object)
    words[plan.planned.choice != NOTHING] = details.reasons
    reasons, why_not = words.tolist(), why_not_contacted(plan, order).tolist()
    name = salt_id(order.salt) if order.salt else ""
    identity = Identity(usecase, promise.planned_on, name, order.holdout)
    listed = call_order(plan)
    for start in range(0, max(1, len(listed)), rows):
        yield columns_of(customers, plan, identity, reasons, why_not, listed[start : start + rows])


def ledger_of(columns: Columns, order: Order, promise: Promise, usecase: str) -> Ledger:
    """The ledger of a plan that nobody has looked at."""
    checks: list[str] = columns[ROW_CHECK]
    return Ledger(
        usecase=usecase,
        salt_id=salt_id(order.salt),
        planned_on=promise.planned_on,
        alpha=promise.alpha,
        looks=promise.looks,
        window_days=promise.window_days,
        rows=len(checks),
        checks=digest_of(checks),
    )


def known_columns(id_column: str, customers: Customers, plan: CampaignPlan, details: Details) -> Columns:
    """What was known of those for whom something is planned: id and features."""
    planned = numpy.flatnonzero(plan.planned.choice != NOTHING)
    known = {
        name: [None if cell is None or cell != cell else cell for cell in cells]  # noqa: PLR0124 - only NaN differs
        for name, cells in details.columns.items()
    }
    return {id_column: [customers.ids[place] for place in planned], **known}


def ids_in(paths: Iterable[Path], id_column: str) -> frozenset[str]:
    """The customers of other plans who were contacted or are held out there; of a file that is no plan, all.

    Raises:
        DataError: a file has no column of ids.
    """
    found: set[str] = set()
    for path in paths:
        with as_text_file(path) as text, open_table(text) as table:
            name = next((name for name in (id_column, plan_columns.ID) if name in table.header), None)
            if name is None:
                raise DataError(
                    str(path), "no such column in the header, --leave-out needs it", column=id_column, row=1
                )
            place = table.header.index(name)
            arm = table.header.index(plan_columns.ARM) if plan_columns.ARM in table.header else None
            for chunk in table.chunks:
                ids = clean(chunk.columns[place], frozenset())
                arms = [None] * len(ids) if arm is None else clean(chunk.columns[arm], frozenset())
                both = zip(ids, arms, strict=True)
                found |= {customer for customer, given in both if customer and given != plan_columns.NO_ACTION}
    return frozenset(found)
