"""What `churn rollout` does: what the registry keeps and what gateways counted go in, a commit comes out.

It must not decide: rules are those of `churn_delivery`.
"""

import argparse
import json
from dataclasses import asdict
from typing import Any

from churn_cli.environment_actions import candidate_of, place_of
from churn_cli.terminal import answer, say, show
from churn_data.errors import Failure
from churn_delivery.rollout.judgement import Judgement
from churn_delivery.rollout.prometheus import Prometheus
from churn_delivery.rollout.record import UNDER_WAY
from churn_delivery.rollout.steps import Stepped, standing, start, step, stop

TAKEN_BACK = 3
"""The exit code of a step that took a canary back: it did what it is for, and somebody should hear of it."""
GOES_ON = 4
"""The exit code of a status while the trial goes on, for whoever asks again."""


def start_rollout(options: argparse.Namespace) -> dict[str, Any]:
    """Put a version on trial.

    Raises:
        DeliveryError: it is refused, and nothing was written.
        RegistryError: no such version.
        Unavailable: MLflow's server or the git server does not answer.
    """
    found = start(place_of(options), options.environment, candidate_of(options), force=options.force)
    assert found.rollout is not None  # noqa: S101 - it has begun
    said = f"{found.environment} tries {found.rollout.model.title} with {found.rollout.share}"
    return _told(found, found.said or said, options)


def step_rollout(options: argparse.Namespace) -> dict[str, Any]:
    """Look once at a rollout.

    Raises:
        Failure: the canary was taken back, by a commit.
        DeliveryError: it is refused, or there is nothing to decide by; nothing was written.
    """
    prometheus = Prometheus(options.prometheus, dict(options.label))
    found = step(place_of(options), options.environment, prometheus, dry_run=options.dry_run)
    for line in [] if found.judgement is None else _measures(found.judgement):
        say(line)
    document = _told(found, found.said, options)
    if found.commit is None or found.judgement is None or found.judgement.verdict not in ("worse", "undecided"):
        return document
    if options.json:
        answer(json.dumps(document))
    raise Failure(found.said, exit_code=TAKEN_BACK)


def stop_rollout(options: argparse.Namespace) -> dict[str, Any]:
    """Take a canary back.

    Raises:
        DeliveryError: there is none, or it is refused; nothing was written.
    """
    found = stop(place_of(options), options.environment)
    return _told(found, found.said, options)


def status_rollout(options: argparse.Namespace) -> dict[str, Any]:
    """Say how a version stands; nothing is written.

    Raises:
        Failure: its trial goes on, or it was taken back, unless it is only asked whether that is over.
        DeliveryError: it is on trial nowhere, or the environment cannot be read.
    """
    found = standing(place_of(options), options.environment, candidate_of(options).model)
    assert found.rollout is not None  # noqa: S101 - else it was refused
    document = _told(found, found.said, options)
    state = found.rollout.state
    code = GOES_ON if state in UNDER_WAY else 0 if options.over or state == "finished" else TAKEN_BACK
    if not code:
        return document
    if options.json:
        answer(json.dumps(document))
    raise Failure(found.said, exit_code=code)


def _measures(found: Judgement) -> list[str]:
    head = f"{found.calls} calls of the canary in {found.blocks} compared blocks"
    lines = [
        f"  {each.name:<10} canary {each.canary:8.3%}  primary {each.primary:8.3%}  evidence (log): worse "
        f"{each.worse:7.2f}, no worse {each.no_worse:7.2f}"
        for each in found.measures
    ]
    return [head, *lines, *([] if found.compared is None else [f"  {found.compared.worded()}"])]


def _told(found: Stepped, said: str, options: argparse.Namespace) -> dict[str, Any]:
    written = f" (commit {found.commit[:10]} on branch {found.branch})" if found.commit else ""
    show(f"{said}{written}", options)
    rollout, judgement = found.rollout, found.judgement
    return {
        "environment": found.environment,
        "said": said,
        "state": rollout.state if rollout else None,
        "percent": rollout.percent if rollout else 0.0,
        "shadow_percent": rollout.shadow if rollout else 0.0,
        "digest": rollout.model.digest if rollout else None,
        "verdict": judgement.verdict if judgement else None,
        "calls": judgement.calls if judgement else None,
        "measures": [asdict(each) for each in judgement.measures] if judgement else [],
        "compared": asdict(judgement.compared) if judgement and judgement.compared else None,
        "commit": found.commit,
        "branch": found.branch,
    }
