"""`churn campaign CUSTOMERS OUT --budget AMOUNT`."""

import argparse
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from churn_campaigns.campaign.customers import read_campaign_customers, sample_features, values_of
from churn_campaigns.campaign.history import read_history
from churn_campaigns.campaign.learning import Lessons, Measured, learn_from
from churn_campaigns.campaign.measured_value import measured_value
from churn_campaigns.campaign.orders import Rules, read_order
from churn_campaigns.campaign.plan import make_plan
from churn_campaigns.campaign.plan_file import columns_of
from churn_campaigns.campaign.summary import summary_of, text_of
from churn_cli.scoring_package import open_champion, open_named
from churn_cli.terminal import show
from churn_data.errors import DataError
from churn_data.local_files import local_copy, upload_after
from churn_data.progress import Reporter, reporting
from churn_data.written_files import write_table
from churn_model.errors import UseCaseError
from churn_model.package import Package
from churn_model.rules import ContactRule
from churn_model.usecase import DEFAULT_MISSING, UseCase, load_usecase

SEED = 0


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Score customers, decide who gets what within the budget, and write it down."""
    started = time.perf_counter()
    usecase = _usecase(options)
    package = _package(options, usecase)
    rules = _rules(usecase, package)
    rules.check()
    order = read_order(rules.actions, options.budget, options.capacity, options.holdout, options.salt)
    order = replace(order, proven_only=options.proven_only)
    with local_copy(options.input) as source, upload_after(options.output) as target, reporting() as reporter:
        if target.exists() and source.exists() and target.samefile(source):
            raise DataError(str(target), "is the input too, another output file was expected")
        lessons = _lessons(options, usecase, package, rules, reporter)
        measured = {} if lessons is None else _measured(lessons, source, package, rules)
        reporter.now(f"scoring with {package.manifest.name} version {package.manifest.version}")
        customers = read_campaign_customers(source, package, rules, measured, reporter.advance)
        reporter.now(f"deciding about {len(customers)} customers")
        plan = make_plan(customers, rules.actions, order)
        write_table(target, columns_of(customers, plan))
    value = None if lessons is None else measured_value(plan, customers, lessons)
    result = summary_of(plan, order, lessons, value)
    manifest = package.manifest
    simulated = ", a model of simulated customers" if manifest.training_data.simulated else ""
    head = f"{options.output}: {result['customers']} customers by {manifest.name} version {manifest.version}{simulated}"
    show(f"{head}\n{text_of(result, lessons)}", options)
    return {
        "file": str(options.output),
        **result,
        "seconds": round(time.perf_counter() - started, 3),
        "model": {"name": manifest.name, "version": manifest.version, "digest": package.digest},
        "simulated": manifest.training_data.simulated,
    }


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
    return Rules(usecase.actions, usecase.contacts, frozenset(usecase.missing), f"use case {usecase.name}")


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
