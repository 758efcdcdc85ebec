"""`churn experiment plan`, `assign` and `read`."""

import argparse
from datetime import UTC, datetime
from typing import Any

from churn_campaigns.experiment.shares import all_shares
from churn_cli.terminal import show, written
from churn_data.errors import DataError
from churn_data.local_files import is_replaced, local_copy, upload_after
from churn_data.progress import reporting
from churn_data.spreadsheets import as_text_file
from churn_model.usecase import load_usecase


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Run one part."""
    parts = {"plan": _plan, "assign": _assign, "read": _read}
    return parts[options.part](options)


def _plan(options: argparse.Namespace) -> dict[str, Any]:
    from churn_campaigns.experiment.power import Goal, make_plan
    from churn_campaigns.experiment.wording import plan_text

    goal = Goal(options.base_rate, options.power, options.alpha, options.control_share, options.looks)
    plan = make_plan(goal, options.reduction, options.customers)
    show(plan_text(plan), options)
    return plan.to_json()


def _assign(options: argparse.Namespace) -> dict[str, Any]:
    from churn_campaigns.experiment.assignment_file import Draw, assign
    from churn_campaigns.experiment.balance import ALARM, sample_ratio_p_value
    from churn_model.holdout import salt_id

    usecase = load_usecase(options.usecase)
    shares = all_shares(options.control_share, options.arms)
    replaced = is_replaced(options.output)
    draw = Draw(options.salt, shares, options.date or datetime.now(UTC).date())
    with (
        local_copy(options.input) as source,
        upload_after(options.output) as target,
        reporting() as reporter,
    ):
        reporter.now(f"dealing customers to {', '.join(shares)}")
        sizes = assign(source, target, usecase.required_id(), usecase.missing, draw, reporter.advance)
    p_value = sample_ratio_p_value(sizes, shares)
    total = sum(sizes.values())
    counts = ", ".join(f"{size:,} in {arm}" for arm, size in sizes.items())
    balance = "NOT as planned" if p_value < ALARM else "as planned"
    place = written(options.output, replaced=replaced)
    show(f"{place}: {total:,} customers, {counts}; sizes {balance} (p = {p_value:.3f})", options)
    return {
        "file": str(options.output),
        "replaced": replaced,
        "rows": total,
        "arms": sizes,
        "shares": shares,
        "salt_id": salt_id(options.salt),
        "assigned_on": draw.day.isoformat(),
        "sample_ratio": {"p_value": p_value, "alarm": p_value < ALARM},
    }


def _read(options: argparse.Namespace) -> dict[str, Any]:
    from churn_campaigns.experiment.plan_cohort import is_plan
    from churn_campaigns.experiment.reading import Reading, looking_at, read_experiment
    from churn_campaigns.experiment.tally import OUTCOME_ON, OutcomeColumns
    from churn_campaigns.experiment.wording import table

    usecase = load_usecase(options.usecase)
    with local_copy(options.assignment) as given, as_text_file(given) as assignment:
        if is_plan(assignment):
            from churn_cli.commands.plan_result import read_plan_result

            return read_plan_result(options, assignment, usecase)
    if options.history is not None:
        raise DataError("--history", "goes with the plan of a campaign: an assignment does not say what was known")
    if options.arms and options.control_share is None:
        raise DataError("--arms", "goes with --control-share")
    reading = Reading(
        columns=OutcomeColumns(options.primary or usecase.label.column, options.date_column or OUTCOME_ON),
        shares=None if options.control_share is None else all_shares(options.control_share, options.arms),
        alpha=options.alpha,
        looking=looking_at(options.look, options.looks, options.information),
        ignore_unassigned=options.ignore_unassigned,
    )
    with (
        local_copy(options.assignment) as assignment,
        local_copy(options.outcomes) as outcomes,
        reporting() as reporter,
    ):
        reporter.now("reading the experiment")
        read = read_experiment(assignment, outcomes, usecase, reading)
    show(table(read), options)
    return read.to_json()
