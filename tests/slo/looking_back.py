"""Who looks back, beside a running system: a drift watch on what its gateway answers, and a report on a month in which
outcomes are known, by the commands that people and charts run."""

import contextlib
import dataclasses
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import msgspec
import numpy
import pyarrow
import yaml

from churn_data.profiles import answer_profile, category_profile, number_profile
from churn_model import PackageContents
from churn_model.prediction_log.pseudonyms import add_pseudonym_key, read_pseudonym_keys
from churn_model.training_profile import ColumnProfile, TrainingProfile
from sample_package import CONTRACTS, PackageMaker, sample_rows
from tests.outcomes.answered import DOCUMENT, Answer, Home

LOGGED = ("tenure", "Contract")


def watchable_package(make_package: PackageMaker, contents: PackageContents) -> Path:
    """A package that remembers its customers, of whom those whom a test asks about are a few again and again; what it
    says of its answers is made up."""
    tenure, contract, *_ = zip(*sample_rows(4_000, 7), strict=True)
    features = {
        "tenure": number_profile(numpy.array(tenure, dtype=float)),
        "Contract": category_profile(pyarrow.array(contract, pyarrow.string()), CONTRACTS),
    }
    profile = TrainingProfile(
        {name: _with_effects(each) for name, each in features.items()},
        number_profile(numpy.linspace(0.0, 1.0, 1_000)),
        answer_profile(pyarrow.array(["1", "2", "3", "4"] * 250)),
        1.0, -1.0, 1.5,
    )  # fmt: skip
    schema = msgspec.structs.replace(contents.schema, logged=LOGGED)
    return make_package(contents=dataclasses.replace(contents, schema=schema), profile=profile)


def _with_effects(column: ColumnProfile) -> ColumnProfile:
    return msgspec.structs.replace(column, effects=tuple(0.1 * (place % 3 - 1) for place in range(len(column.counts))))


@contextlib.contextmanager
def process(log: Path, *words: str, **environment: str) -> Iterator[None]:
    """`churn` with these words, as long as the block lasts; what it says is in a file."""
    with log.open("wb") as output:
        running = subprocess.Popen(
            [sys.executable, "-m", "churn_cli", *words], env={**os.environ, **environment}, stdout=output, stderr=output
        )
    try:
        yield
        assert running.poll() is None, log.read_text()[-2000:]
    finally:
        running.terminate()
        assert running.wait(60) == 0, log.read_text()[-2000:]


def churn(*words: str, **environment: str) -> None:
    """Run `churn` to its end, which is well."""
    done = subprocess.run(
        [sys.executable, "-m", "churn_cli", *words], env={**os.environ, **environment}, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr


@contextlib.contextmanager
def drift_watched(home: Path, package: Path, store: Path, verify_key: Path, port: int) -> Iterator[None]:
    """A watch of the package on a log."""
    words = ["drift", "watch", "--model", str(package), "--store", str(store), "--every", "1s"]
    with process(
        home / "drift.log", *words, "--metrics-port", str(port), CHURN_HOME=str(home), CHURN_VERIFY_KEY=str(verify_key)
    ):
        yield


@contextlib.contextmanager
def outcomes_shown(home: Path, port: int) -> Iterator[None]:
    """A report of a month with a campaign, made and shown."""
    folder = home / "outcomes"
    folder.mkdir()
    keys = folder / "keys.json"
    add_pseudonym_key(keys, "first")
    company = Home(folder, keys=read_pseudonym_keys(keys))
    answers = [
        Answer(f"id-{n}", date(2026, 9, 1 + n % 30), _chance(n), 1 + n % 2, region=("north", "south")[n % 3 == 0])
        for n in range(400)
    ]
    company.answered(*answers, key=company.keys[-1])
    (folder / "sample.yaml").write_text(yaml.safe_dump(DOCUMENT))
    left = {n for n in range(400) if n * 7919 % 1009 < 1009 * _chance(n) * (1 if n % 5 == 0 else 0.8)}
    labels = company.file(
        (f"id-{n}", *(("yes", "2026-09-30") if n in left else ("no", "2026-10-31"))) for n in range(400)
    )
    arms = company.file(((f"id-{n}", ("call", "control")[n % 5 == 0]) for n in range(400)), "customer,arm")
    usecase = ["--usecase", str(folder / "sample.yaml")]
    places = ["--store", str(company.store.root), "--keys", str(keys), *usecase]
    churn("outcomes", "load", str(labels), *places)
    churn("outcomes", "report", "--month", "2026-09", "--arms", str(arms), "--into", str(folder / "reports"), *places)
    words = ["outcomes", "show", str(folder / "reports"), "--every", "1s", "--metrics-port", str(port)]
    with process(home / "outcomes.log", *words, *usecase):
        yield


def _chance(customer: int) -> float:
    return 0.05 + customer % 10 / 10
