"""An environment that keeps the description of the model it serves keeps that of the next one, however it comes there.

What a real package is described by is promoted in tests/storage.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import yaml

from churn_delivery.model_file import ServedModel, model_text, read_model
from churn_delivery.promotion import Candidate, Place, promote, rollback
from churn_delivery.rollout.counts import Observed, Window
from churn_delivery.rollout.record import read_rollout, rollout_text
from churn_delivery.rollout.steps import start, step, stop
from churn_delivery.settings import credentials_from
from tests.delivery.commands import refused
from tests.delivery.company import Company, Shelf
from tests.delivery.simulated_rollouts import GOOD

ENVS = "manifests/envs"
MODEL, ROLLOUT = f"{ENVS}/staging/model.yaml", f"{ENVS}/staging/rollout.yaml"
UNSEEN = dict.fromkeys(("errors", "timeouts", "slow", "fallback", "scores"), 1)


def model(number: int, description: str = "") -> ServedModel:
    uri = f"s3://churn-models/1/models/m-{number}/artifacts/"
    return ServedModel(uri, f"sha256:{number:064x}", "churn-telecom", str(number), f"run{number}", {}, description)


def described(number: int) -> str:
    return f'{{"manifest": "{number}", "signature": "", "files": {{}}}}'


@dataclass
class Gateways:
    """Where everything that is deployed arrives at once, and the canary does what the primary does."""

    served: str

    def require_clock(self, now: datetime) -> None:
        """It is ours."""

    def observe(self, window: Window, canary: str, slow_seconds: float) -> Observed:  # noqa: ARG002 - a port's
        random = np.random.default_rng(window.blocks)
        tried, served = (GOOD.counts(np.full(window.blocks, 1000), random) for _ in range(2))
        return Observed(tried, served)

    def shares(self, *, shadow: bool) -> tuple[float, float]:
        assert not shadow
        return 100.0, 100.0

    def serves(self, backend: str) -> frozenset[str]:
        return frozenset({self.served if backend == "primary" else ""})


@pytest.fixture
def place(company: Company) -> Place:
    """Staging, which serves model 1 and keeps its description; its rollouts look at nothing."""
    rules = {"steps": [50, 100], "sample": 1, "shortest": "2m", "longest": "1h", "margins": UNSEEN}
    index = yaml.safe_load((company.checkout / ENVS / "environments.yaml").read_text())
    index["environments"]["staging"] = {"rollout": rules}
    company.commit(f"{ENVS}/environments.yaml", yaml.safe_dump(index))
    company.commit(MODEL, model_text(model(1, described(1))).decode())
    company.push()
    return Place(company.checkout, ENVS, credentials_from())


def served(company: Company) -> ServedModel:
    return read_model(MODEL, company.served("staging").encode())


def at_the_last_step(company: Company) -> None:
    """Time passes: the commits of an hour, in one."""
    path = company.checkout / ROLLOUT
    file = read_rollout(ROLLOUT, path.read_bytes())
    assert file.rollout is not None
    now = datetime.now(UTC).replace(microsecond=0)
    later = replace(file.rollout, since=(now - timedelta(minutes=30), now - timedelta(minutes=10)))
    company.commit(ROLLOUT, rollout_text(later, file).decode())
    company.push()


def test_a_rollout_brings_the_description_with_its_model(place: Place, company: Company) -> None:
    begun = start(place, "staging", Candidate(model(2), describe=lambda: described(2)))
    assert begun.commit == company.main()
    assert served(company) == model(1, described(1))
    at_the_last_step(company)
    step(place, "staging", Gateways(model(2).digest))
    assert served(company) == model(2, described(2))
    # Where it stands once is enough: every later step would write it again.
    assert "manifest" not in (company.checkout / ROLLOUT).read_text()
    ended = step(place, "staging", Gateways(model(2).digest))
    assert ended.rollout is not None
    assert (ended.rollout.state, served(company)) == ("finished", model(2, described(2)))
    rollback(place, "staging")
    assert served(company) == model(1, described(1))


def test_a_rollout_that_is_taken_back_leaves_the_description_that_was_there(place: Place, company: Company) -> None:
    start(place, "staging", Candidate(model(2), describe=lambda: described(2)))
    stop(place, "staging")
    assert served(company) == model(1, described(1))
    assert "manifest" not in (company.checkout / ROLLOUT).read_text()


def test_a_promotion_replaces_it_and_one_that_somebody_took_away_stays_away(place: Place, company: Company) -> None:
    def unasked() -> str:
        raise AssertionError("nobody keeps one")

    promote(place, "staging", Candidate(model(2), describe=lambda: described(2)))
    assert served(company) == model(2, described(2))
    assert promote(place, "staging", Candidate(model(2), describe=unasked)).commit is None
    company.commit(MODEL, model_text(model(2)).decode())
    company.push()
    promote(place, "staging", Candidate(model(3), describe=unasked))
    assert served(company) == model(3)


@pytest.mark.usefixtures("place")
def test_a_description_that_cannot_be_had_keeps_the_one_that_is_there(
    company: Company, shelf: Shelf, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert shelf.digests
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    before = company.state()
    for words in (("promote", "2"), ("rollout", "start", "2")):
        line = refused(capsys, *words, "--environment", "staging")
        assert line.startswith("churn: s3://churn-models/1/models/m-")
        assert line.endswith("/artifacts: no credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
        assert company.state() == before
