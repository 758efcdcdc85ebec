"""`churn campaign CUSTOMERS OUT --budget AMOUNT`."""

import argparse
import time
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from churn_campaigns.campaign.customers import read_campaign_customers, require_campaign_model, values_of
from churn_campaigns.campaign.detectable import Detectable, detectable, detectable_line
from churn_campaigns.campaign.frozen import frozen_columns, ids_in, known_columns, ledger_of
from churn_campaigns.campaign.history import read_history
from churn_campaigns.campaign.learning import Lessons, Measured, learn_from
from churn_campaigns.campaign.measured_value import measured_value
from churn_campaigns.campaign.orders import Order, Promise, Rules, read_order, read_promise, read_then
from churn_campaigns.campaign.plan import make_plan
from churn_campaigns.campaign.plan_file import Columns
from churn_campaigns.campaign.problem import NOTHING
from churn_campaigns.campaign.second_look import read_details, sample_features
from churn_campaigns.campaign.summary import summary_of, text_of
from churn_campaigns.campaign.trial_worth import Worth, waiting_for, worth_line, worth_of_trial
from churn_campaigns.experiment.ledger import SUFFIX as LEDGER
from churn_campaigns.experiment.ledger import Ledger, beside, require_unread, write_ledger
from churn_campaigns.experiment.plan_history import SUFFIX as KNOWN
from churn_cli.scoring_package import open_champion, open_named
from churn_cli.terminal import show, written
from churn_data.errors import DataError
from churn_data.local_files import is_replaced, local_copy, upload_after
from churn_data.locations import Location
from churn_data.progress import Reporter, reporting
from churn_data.written_files import require_ending, write_table
from churn_model.errors import UseCaseError
from churn_model.package import Package
from churn_model.rules import ContactRule
from churn_model.usecase import DEFAULT_MISSING, UseCase, load_usecase

SEED = 0


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Score customers, decide who gets what within the budget, and write it down."""
    started = time.perf_counter()
    require_ending(Path(str(options.output)))
    replaced = is_replaced(options.output)
    usecase = _usecase(options)
    package = _package(options, usecase)
    require_campaign_model(package, str(options.input))
    rules = _rules(usecase, package)
    rules.check()
    order = read_order(rules.actions, options.budget, options.capacity, options.holdout, options.salt)
    if options.trial and not order.salt:
        raise DataError("--trial", "needs --holdout and --salt: only who is held out tells what an action does")
    order = replace(order, proven_only=options.proven_only, trial=options.trial)
    promise = read_promise(options.date, options.alpha, options.looks, options.window_days)
    then = None if options.then is None else read_then(rules.actions, order, options.then)
    made = _made(options, _Asked(usecase, package, rules, order, promise, then))
    manifest = package.manifest
    simulated = ", a model of simulated customers" if manifest.training_data.simulated else ""
    place = written(options.output, replaced=replaced)
    head = f"{place}: {made.summary['customers']} customers by {manifest.name} version {manifest.version}{simulated}"
    show("\n".join([head, text_of(made.summary, made.lessons)]), options)
    return {
        "file": str(options.output),
        "replaced": replaced,
        **made.summary,
        "smallest_effect": None if made.smallest_effect is None else asdict(made.smallest_effect),
        "worth": None if made.worth is None else asdict(made.worth) | {"pays": made.worth.pays},
        "seconds": round(time.perf_counter() - started, 3),
        "model": {"name": manifest.name, "version": manifest.version, "digest": package.digest},
        "simulated": manifest.training_data.simulated,
    }


@dataclass(frozen=True)
class _Asked:
    """What a campaign is planned by; `usecase` is None where the package's own rules count, `then` unless this is a
    trial and the campaign after it is known."""

    usecase: UseCase | None
    package: Package
    rules: Rules
    order: Order
    promise: Promise
    then: Order | None = None


@dataclass(frozen=True)
class _Made:
    """What is told of a plan that is written."""

    summary: dict[str, Any]
    lessons: Lessons | None
    smallest_effect: Detectable | None
    worth: Worth | None = None


def _made(options: argparse.Namespace, asked: _Asked) -> _Made:
    """Plan a campaign and write it, with what it freezes beside it."""
    package, rules, order = asked.package, asked.rules, asked.order
    with local_copy(options.input) as source, upload_after(options.output) as target, reporting() as reporter:
        if target.exists() and source.exists() and target.samefile(source):
            raise DataError(str(target), "is the input too, another output file was expected")
        order = replace(order, left_out=_left_out(options, package))
        lessons = _lessons(options, asked.usecase, package, rules, reporter)
        if lessons is not None:
            rules = replace(rules, actions=lessons.corrected(rules.actions))
        measured = {} if lessons is None else _measured(lessons, source, package, rules)
        reporter.now(f"scoring with {package.manifest.name} version {package.manifest.version}")
        label = None if asked.usecase is None else asked.usecase.label
        customers = read_campaign_customers(source, package, rules, measured, reporter.advance, label)
        if order.left_out and order.left_out.isdisjoint(customers.ids):
            reporter.note(
                f"none of the {len(order.left_out)} customers to leave out is among these: are their ids written alike?"
            )
        reporter.now(f"deciding about {len(customers)} customers")
        plan = make_plan(customers, rules.actions, order)
        details = read_details(source, package, rules, plan.planned.choice != NOTHING, plan.choice != NOTHING)
        name = package.manifest.schema.usecase if asked.usecase is None else asked.usecase.name
        columns = frozen_columns(customers, plan, details, order, asked.promise, name)
        shown = worth = None
        if asked.then is not None:
            days = asked.promise.window_days
            worth = worth_of_trial(plan, customers, asked.then, waiting_for(days))
            reporter.note(worth_line(worth, days))
        if order.salt:
            shown = detectable(plan, customers, asked.promise.alpha, asked.promise.looks)
            reporter.note(detectable_line(shown))
            known = known_columns(package.manifest.schema.id, customers, plan, details)
            _freeze(options.output, ledger_of(columns, order, asked.promise, name), known)
        write_table(target, columns)
    value = None if lessons is None else measured_value(plan, customers, lessons)
    return _Made(summary_of(customers, plan, order, lessons, value), lessons, shown, worth)


def _freeze(place: Location, ledger: Ledger, known: Columns) -> None:
    """Write what goes beside the plan, before the plan itself."""
    with upload_after(beside(place, LEDGER)) as path, upload_after(beside(place, KNOWN)) as features:
        require_unread(path)
        write_table(features, known)
        write_ledger(path, ledger)


def _left_out(options: argparse.Namespace, package: Package) -> frozenset[str]:
    with ExitStack() as stack:
        paths = [stack.enter_context(local_copy(place)) for place in options.leave_out]
        return ids_in(paths, package.manifest.schema.id)


def _usecase(options: argparse.Namespace) -> UseCase | None:
    """The use case whose rules count; None: those of the package that was given."""
    given = "usecase" in getattr(options, "given", ())
    return None if options.model is not None and not given else load_usecase(options.usecase)


def _package(options: argparse.Namespace, usecase: UseCase | None) -> Package:
    if usecase is None or options.model is not None:
        return open_named(options.model)
    return open_champion(usecase.model_name)


def _rules(usecase: UseCase | None, package: Package) -> Rules:
    if usecase is None:
        actions = package.description.actions.actions
        return Rules(actions, ContactRule(), frozenset(DEFAULT_MISSING), f"package {package.manifest.name}")
    source = f"use case {usecase.name}"
    return Rules(usecase.actions, usecase.contacts, frozenset(usecase.missing), source, usecase.groups)


def _lessons(
    options: argparse.Namespace, usecase: UseCase | None, package: Package, rules: Rules, reporter: Reporter
) -> Lessons | None:
    if options.history is None:
        return None
    if usecase is None:
        raise UseCaseError("--history needs --usecase, which says what the label is")
    names = [action.id for action in rules.actions]
    with local_copy(options.history) as path:
        reporter.now("learning what actions change from past campaigns")
        history = read_history(path, usecase, package.manifest.schema, names)
    return learn_from(history, rules.actions, values_of(history.frame, package), SEED)


def _measured(lessons: Lessons, source: Path, package: Package, rules: Rules) -> dict[str, Measured]:
    if not lessons.measured:
        return {}
    now = sample_features(source, package, rules)
    return {
        action: Measured(lesson, lessons.frame.iloc[lesson.comparison.rows], now, SEED)
        for action, lesson in lessons.measured.items()
    }
