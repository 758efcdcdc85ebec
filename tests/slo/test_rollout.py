"""A canary that judges itself: the command, a git server over HTTP, MLflow, and a real Prometheus that scrapes a
gateway's metrics. What Argo CD would deploy, the test does."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
import yaml

from git_server import git
from ports import free_port
from tests.delivery.commands import churn, refused
from tests.delivery.company import Company, Shelf
from tests.delivery.conftest import company, host, shelf
from tests.slo.played_gateway import Behaviour, liar, played_gateway
from tests.slo.rollout_operator import ROLLOUT, Operator, Watched
from tests.slo.watchers import configured

__all__ = ["company", "host", "shelf"]  # fixtures of promotion, which a rollout stands on
ENVIRONMENTS = "manifests/envs/environments.yaml"
RULES = {
    "steps": [10, 50, 100],
    "sample": 100,
    "shortest": "4s",
    "longest": "20m",
    "block": "1s",
    "margins": {"errors": 0.05, "timeouts": 0.05, "slow": 0.1, "fallback": 0.1},
}


@pytest.fixture(scope="session", autouse=True)
def mlflow_comes_first(mlflow_is_loaded: None) -> None:
    """MLflow's warnings of its own modules are over before a test begins."""


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    home = tmp_path_factory.mktemp("prometheus")
    with played_gateway() as (gateway, port), liar(300) as ahead, liar(-240) as behind:
        jobs = {"churn": port, "ahead": ahead, "behind": behind}
        document = {
            "global": {"scrape_interval": "1s", "scrape_timeout": "1s"},
            "scrape_configs": [
                {"job_name": name, "static_configs": [{"targets": [f"127.0.0.1:{port}"]}]}
                for name, port in jobs.items()
            ],
        }
        with configured(home, document) as prometheus:
            yield Watched(gateway, str(prometheus._client.base_url))


@pytest.fixture
def operator(
    company: Company,
    shelf: Shelf,
    watched: Watched,
    capsys: pytest.CaptureFixture[str],
) -> Operator:
    index = yaml.safe_load((company.checkout / ENVIRONMENTS).read_text())
    index["environments"]["staging"] = {"rollout": RULES}
    company.commit(ENVIRONMENTS, yaml.safe_dump(index))
    company.push()
    watched.gateway.canary = Behaviour()
    watched.forget_what_was_deployed()
    return Operator(company, shelf, watched, capsys)


def test_a_good_canary_reaches_everybody_and_becomes_the_primary(operator: Operator) -> None:
    digest = operator.start()
    seen = {10.0}
    while (told := operator.step())["state"] != "finished":
        seen.add(told["percent"])
        if told["commit"]:
            operator.deploy()
        time.sleep(0.5)
    assert seen == {10.0, 50.0, 100.0}
    assert operator.subjects() == [
        "Try churn-telecom version 2 in staging with 10 % of customers",
        "Try churn-telecom version 2 in staging with 50 % of customers",
        "Try churn-telecom version 2 in staging with 100 % of customers",
        "Promote churn-telecom version 2 to staging after its rollout",
        "End the canary of staging, whose model the primary serves",
    ]
    assert operator.values() == {}
    assert yaml.safe_load(operator.company.served("staging"))["primary"]["model"]["digest"] == digest
    before = operator.company.state()
    assert operator.step()["said"].startswith(
        "staging: no model is on trial; the last, churn-telecom version 2, became"
    )
    assert operator.company.state() == before


@pytest.mark.parametrize(
    ("behaviour", "measures"),
    [
        (Behaviour(failing=0.4), ("errors", "fallback")),
        (Behaviour(late=0.4), ("timeouts", "fallback")),
        (Behaviour(slow=0.6), ("slow",)),
        (Behaviour(shift=0.4), ("scores",)),
    ],
    ids=["failing", "too late", "slow", "shifted"],
)
def test_a_bad_canary_is_taken_back_by_a_commit_that_says_why(
    operator: Operator, behaviour: Behaviour, measures: tuple[str, ...]
) -> None:
    operator.watched.gateway.canary = behaviour
    digest, met = operator.start(), operator.watched.gateway.met
    while (found := operator.look())[0] == 0:
        assert found[1]["percent"] == 10, found
        time.sleep(0.5)
    operator.deploy()
    code, told = found
    assert (code, told["state"], told["verdict"]) == (3, "worse", "worse")
    assert operator.watched.gateway.met > met
    message = git("log", "-1", "--format=%B", "main", folder=operator.company.server)
    assert message.startswith("Take churn-telecom version 2 back in staging at 10 %: it is worse\n\n")
    assert any(f"is taken back, worse: {name}: " in message for name in measures), message
    assert f"Churn-Digest: {digest}" in message
    assert operator.values() == {}
    assert operator.step()["commit"] is None
    line = refused(operator.capsys, "rollout", "start", "2", "--environment", "staging")
    assert "staging took it back on " in line
    assert line.endswith("--force tries it again")


def ruled(company: Company, **rules: object) -> None:
    """Other rules for the environment."""
    index = yaml.safe_load((company.checkout / ENVIRONMENTS).read_text())
    index["environments"]["staging"] = {"rollout": {**RULES, **rules}}
    company.commit(ENVIRONMENTS, yaml.safe_dump(index))
    company.push()


def test_a_canary_is_judged_from_when_its_pods_are_there(operator: Operator) -> None:
    """Whom the gateways sent to it before, the primary has answered."""
    gateway = operator.watched.gateway
    gateway.canary = Behaviour(absent=True)
    operator.start()
    met = gateway.met
    while gateway.met < met + 300 or "not met" not in (told := operator.step())["said"]:
        assert (told := operator.step())["commit"] is None, told
        time.sleep(0.5)
    assert told["said"].endswith("; gateways have not met its model yet")
    gateway.canary = Behaviour()
    operator.deploy()
    while (told := operator.step())["commit"] is None:
        time.sleep(0.5)
    assert told["percent"] == 50


def test_a_canary_whose_pods_never_come_is_taken_back(operator: Operator) -> None:
    ruled(operator.company, steps=["shadow", 10, 100], arrival="5s")
    operator.watched.gateway.canary = Behaviour(absent=True)
    operator.start()
    while (found := operator.look())[0] == 0:
        time.sleep(0.5)
    assert (found[0], found[1]["state"]) == (3, "undecided")
    assert operator.subjects()[-1].endswith(": not shown to be no worse")
    message = git("log", "-1", "--format=%B", "main", folder=operator.company.server)
    assert "gateways have not met its model for 5s; see why its pods do not start" in " ".join(message.split())
    assert operator.values() == {}


def test_copies_that_its_breaker_keeps_from_a_canary_speak_against_it(operator: Operator) -> None:
    """Whoever has died is asked a few times and then not any more."""
    ruled(operator.company, steps=["shadow", 10, 100], shadow_percent=50)
    operator.watched.gateway.canary = Behaviour(dead=True)
    operator.start()
    while (found := operator.look())[0] == 0:
        time.sleep(0.5)
    assert (found[0], found[1]["state"]) == (3, "worse")
    assert " worse: errors: 100.00%" in found[1]["said"]


@pytest.mark.parametrize("shift", [0.0, 0.3], ids=["agreeing", "shifted"])
def test_a_canary_is_asked_about_copies_before_anybody_is_answered_by_it(operator: Operator, shift: float) -> None:
    company, gateway = operator.company, operator.watched.gateway
    ruled(company, steps=["shadow", 10, 100], shadow_percent=50)
    gateway.canary = Behaviour(shift=shift)
    operator.start()
    assert operator.values()["gateway"] == {"canaryPercent": 0, "canaryShadowPercent": 50}
    met, written = gateway.met, company.main()
    while not (told := operator.step("--dry-run"))["said"].endswith("that would be committed"):
        assert (told["percent"], told["shadow_percent"], told["state"]) == (0, 50, "running")
        assert told["said"].startswith("staging: churn-telecom version 2 at 50 % of copies waits: ")
        time.sleep(0.5)
    assert {each["name"] for each in told["measures"]} == {"errors", "timeouts", "slow", "difference", "shift"}
    assert told["compared"]["customers"] > 100
    assert company.main() == written
    told = operator.step(code=3 if shift else 0)
    assert gateway.met == met
    message = git("log", "-1", "--format=%B", "main", folder=company.server)
    if shift:
        assert message.startswith("Take churn-telecom version 2 back in staging at 50 % of copies: it is worse\n\n")
        assert operator.values() == {}
        assert told["compared"]["shift"] > 0.15
    else:
        assert message.startswith("Try churn-telecom version 2 in staging with 10 % of customers\n\n")
        assert operator.values()["gateway"] == {"canaryPercent": 10}
        assert told["compared"]["shares"] == pytest.approx([0.5, 1, 1], abs=0.15)
    words = " ".join(message.split())
    assert f"f {told['compared']['customers']} customers scored by both models " in words, words
    assert " within 0.1; the canary says " in words


def test_a_dry_run_says_what_and_why_and_does_nothing(operator: Operator) -> None:
    operator.start()
    before = operator.company.state()
    while not (told := operator.step("--dry-run"))["said"].endswith("that would be committed"):
        assert told["said"].startswith("staging: churn-telecom version 2 at 10 % waits: ")
        time.sleep(0.5)
    assert operator.company.state() == before
    assert told["said"].startswith(
        "staging: churn-telecom version 2 at 10 % goes on to 50 %: no measure is worse by its"
    )
    assert {each["name"] for each in told["measures"]} == {"errors", "timeouts", "slow", "fallback", "scores"}
    assert all(each["no_worse"] > 4 for each in told["measures"])


def test_what_is_committed_and_not_deployed_waits(operator: Operator) -> None:
    operator.start(deploy=False)
    time.sleep(6)
    told = operator.step()
    assert told["commit"] is None
    assert "gateways give it 0 to 0 %" in told["said"]
    assert "0 calls of the canary where 100 are needed" in told["said"]


def test_without_counts_of_this_moment_nothing_is_decided(operator: Operator) -> None:
    operator.start()
    before = operator.company.state()
    nobody = refused(operator.capsys, *operator.words(job="nobody"), code=1)
    assert 'has no churn_canary_share of the last minutes with job="nobody"; does it scrape the gateways?' in nobody
    assert "is to come; nothing is decided by a clock that lies" in operator.refusal("ahead")
    assert "too long ago to decide by" in operator.refusal("behind")
    error = refused(operator.capsys, *operator.words("--label", 'x="'), code=1)
    assert operator.company.state() == before, error
    away = [f"http://127.0.0.1:{free_port()}" if word == operator.watched.url else word for word in operator.words()]
    assert refused(operator.capsys, *away, code=1).endswith("does not answer (ConnectError); nothing is decided")
    assert operator.company.state() == before


def test_a_change_by_hand_is_noticed_and_can_be_stopped(operator: Operator) -> None:
    operator.start()
    company = operator.company
    text = (company.checkout / ROLLOUT).read_text()
    company.commit(ROLLOUT, text.replace("canaryPercent: 10", "canaryPercent: 40"))
    company.push()
    line = refused(operator.capsys, *operator.words())
    assert (
        f"{ROLLOUT}: gateway.canaryPercent is 40 where the rollout is at 10 since commit {company.main()[:10]}" in line
    )
    git("revert", "--no-edit", "HEAD", folder=company.checkout)
    company.push()
    assert operator.step()["state"] == "running"
    churn(operator.capsys, "promote", "1", "--environment", "staging")
    line = refused(operator.capsys, *operator.words())
    assert "manifests/envs/staging/model.yaml: it names another model than the rollout goes by since commit" in line
    assert churn(operator.capsys, "rollout", "stop", "--environment", "staging")["state"] == "stopped"
    assert operator.values() == {}
    assert operator.subjects()[-1] == "Stop the rollout of churn-telecom version 2 in staging at 10 %"


def test_of_two_at_once_one_is_told_and_one_that_is_killed_leaves_a_whole_step(
    operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    operator.watched.gateway.canary = Behaviour(failing=0.5)
    operator.start()
    company = operator.company
    while not operator.step("--dry-run")["said"].endswith("that would be committed"):
        time.sleep(0.5)
    before = company.main()
    late, other = company.clone("late"), company.clone("other")

    def comes_first() -> bool:
        company.commit("there.txt", "there\n", other)
        company.push(other)
        return True

    company.host.receiving = comes_first
    state = company.state()[:-1]
    assert "somebody else's commit came first on main; nothing was changed" in refused(
        operator.capsys, *operator.words(), code=1
    )
    assert company.state()[:-1] == state
    # Whoever has looked again is killed while the server takes the commit.
    git("pull", "--quiet", str(company.server), "main", folder=late)
    git("update-ref", "refs/remotes/origin/main", "HEAD", folder=late)
    started: list[subprocess.Popen[bytes]] = []

    def killed() -> bool:
        started[0].kill()
        return True

    company.host.receiving = killed
    command = [sys.executable, "-m", "churn_cli", *operator.words()]
    started.append(subprocess.Popen(command, cwd=late, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
    assert started[0].wait(600) == -signal.SIGKILL
    while len(git("rev-list", f"{before}..main", folder=company.server).splitlines()) < 2:
        time.sleep(0.1)
    written = company.main()
    monkeypatch.chdir(company.clone("after"))
    assert "no model is on trial" in operator.step()["said"]
    assert company.main() == written
    assert git("log", "-1", "--format=%s", "main", folder=company.server).endswith("at 10 %: it is worse")
    git("fsck", "--strict", folder=company.server)
    assert operator.values() == {}
