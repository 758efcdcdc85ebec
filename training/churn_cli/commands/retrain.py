"""`churn retrain`."""

import argparse
import json
import tempfile
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from churn_cli.retrain_signs import signs_of
from churn_cli.scoring_package import others_than
from churn_cli.terminal import answer, say, show
from churn_cli.window_making import make_window
from churn_data.errors import DataError, Failure
from churn_data.files import file_sha256
from churn_model.mlflow_registry import MlflowRegistry, connect, translated
from churn_model.usecase import load_usecase
from churn_training.comparison.champion_contest import CurrentChampion, fetch_champion
from churn_training.packaging.home import Home
from churn_training.packaging.keys import trusted_keys
from churn_training.retraining.triggers import Decision, History, Rules, Seen, decide
from churn_training.runs.last_training import history_of, note_reason
from churn_training.runs.tracking_server import wait_for_server

DUE = 3
"""The exit code of `--check` where a training is due, as that of a drift that was found."""
NOT_DUE = 4
"""The exit code of `--require` where none is."""
WINDOW = "window.parquet"
"""What a window is called as a source of data."""
_WORDS = {"train": "a training is due", "wait": "no training yet", "rest": "no training is due"}


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Say whether a training is due, and train if nobody only asks.

    Raises:
        DataError: there is no window to train on, or it, or `--data`, may not be trained on unseen.
        Failure: with the exit code of who only asks.
    """
    if options.window and options.data is not None:
        raise DataError("--window", "says what is trained on already, --data does too")
    question = _question(options)
    decision = question.decision()
    show(question.words(decision), options)
    if options.check or options.require:
        return _ended(options, decision, decision.to_json())
    if not decision.due:
        return decision.to_json()
    if not options.window:
        return _trained(options, decision)
    with tempfile.TemporaryDirectory(prefix="churn-") as folder:
        options.data = Path(folder) / WINDOW
        window = make_window(options.data, options, load_usecase(options.usecase), options.window)
        show(window.text(), options)
        decision = question.decision(file_sha256(options.data))
        found = {"window": window.to_json()}
        if not decision.due:  # nothing has come since
            show(question.words(decision), options)
            return {**decision.to_json(), **found}
        return {**_trained(options, decision), **found}


def _trained(options: argparse.Namespace, decision: Decision) -> dict[str, Any]:
    """What came of training on what is not refused; its run and its version say what asked for it."""
    from churn_cli.commands import validate
    from churn_cli.training_command import train_and_export
    from churn_cli.training_summary import summary

    if options.data is not None:
        validate.run(options)
    home = Home.from_environment()
    result = train_and_export(options, home, "never" if options.no_promote else "gated")
    with translated(result["name"]):
        note_reason(connect(home.tracking_uri), result["name"], result["version"], result["run_id"], decision.reason)
    show(summary(result), options)
    return {**decision.to_json(), **result}


def _ended(options: argparse.Namespace, decision: Decision, document: dict[str, Any]) -> dict[str, Any]:
    """What was found becomes the exit code, after everything was said."""
    code = DUE if options.check and decision.due else NOT_DUE if options.require and not decision.due else 0
    if not code:
        return document
    if options.json:
        answer(json.dumps(document))
    raise Failure(f"{_WORDS[decision.outcome]}: {decision.reason}", exit_code=code)


@dataclass(frozen=True)
class _Question:
    """What a decision about a model is made of."""

    model: str
    rules: Rules
    history: History
    seen: Seen

    def decision(self, data: str = "") -> Decision:
        """Whether to train now; `data` is the digest of what would be trained on, where it is known."""
        return decide(datetime.now(UTC), self.rules, self.history, replace(self.seen, data=data or self.seen.data))

    def words(self, decision: Decision) -> str:
        """The decision for people, a line a trigger."""
        width = max(len(each.trigger) for each in decision.findings)
        lines = [f"  {each.trigger.ljust(width)}  {each.state}: {each.words}" for each in decision.findings]
        others = "" if self.history.training else others_than(self.model)
        return "\n".join([f"{self.model}: {_WORDS[decision.outcome]}: {decision.reason}{others}", *lines])


def _question(options: argparse.Namespace) -> _Question:
    home, usecase = Home.from_environment(), load_usecase(options.usecase)
    wait_for_server(home, say)
    client = connect(home.tracking_uri)
    with translated(usecase.model_name):
        history = history_of(client, usecase.model_name)
    if history.training is None:  # there need be no keys yet
        champion = CurrentChampion(None, None, "there is no champion")
    else:
        champion = fetch_champion(MlflowRegistry(client), usecase.model_name, trusted_keys(home))
    rules = Rules(
        None if options.every is None else timedelta(days=options.every),
        timedelta(seconds=options.cool_down),
        options.labels,
    )
    return _Question(usecase.model_name, rules, history, signs_of(options, usecase, champion, history.training))
