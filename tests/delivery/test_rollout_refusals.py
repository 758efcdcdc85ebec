"""What a rollout refuses, each in one line that says what to do, with nothing changed here or there."""

import pytest
import yaml

from churn_delivery.rollout import differences, prometheus
from churn_delivery.rollout.record import read_rollout
from churn_serving.core import errors
from churn_serving.telemetry import names
from ports import free_port
from tests.delivery.commands import churn, refused
from tests.delivery.company import REASON, Company, Shelf
from tests.delivery.stand_in import answering

ENVIRONMENTS, ROLLOUT = "manifests/envs/environments.yaml", "manifests/envs/staging/rollout.yaml"
START = ("rollout", "start", "2", "--environment", "staging")
STEP = ("rollout", "step", "--environment", "staging", "--prometheus")


@pytest.fixture
def away() -> str:
    return f"http://127.0.0.1:{free_port()}"


def test_metrics_are_called_what_gateways_call_them() -> None:
    called = {prometheus.CALLS, prometheus.LEFT, prometheus.SHARE, prometheus.MODEL_INFO}
    assert called == {names.BACKEND_CALLS, names.FALLBACK, names.CANARY_SHARE, names.MODEL_INFO}
    shadow = {prometheus.SHADOW_SHARE, prometheus.SHADOW_CALLS, prometheus.SHADOW_SHIFT}
    assert shadow == {names.SHADOW_SHARE, names.SHADOW_CALLS, names.SHADOW_SHIFT}
    assert f"{names.SHADOW_DIFFERENCE}_bucket" == prometheus.SHADOW_BUCKET
    assert set(differences.BOUNDS) <= set(names.DIFFERENCE_BUCKETS)
    assert f"{names.BACKEND_SECONDS}_bucket" == prometheus.SECONDS_BUCKET
    assert f"{names.SCORES}_bucket" == prometheus.SCORES_BUCKET
    faults = {each.reason for each in errors.BackendError.__subclasses__() if each.its_fault} | {"error"}
    assert faults == {*prometheus.FAILURES, prometheus.LATE, "busy"}


def test_a_start_is_one_commit_that_says_by_which_rules(
    company: Company, shelf: Shelf, capsys: pytest.CaptureFixture[str]
) -> None:
    company.commit(ROLLOUT, "canary:\n  replicas: 3\n")
    company.push()
    told = churn(capsys, *START)
    assert (told["state"], told["percent"], told["digest"]) == ("running", 1.0, shelf.digests[1])
    text = (company.checkout / ROLLOUT).read_text()
    values = yaml.safe_load(text)
    model = {"uri": values["canary"]["model"]["uri"], "digest": shelf.digests[1]}
    assert values == {"canary": {"enabled": True, "model": model, "replicas": 3}, "gateway": {"canaryPercent": 1}}
    found = read_rollout(ROLLOUT, text.encode()).rollout
    assert found is not None
    assert found.rules.steps == (1.0, 10.0, 50.0, 100.0)
    assert found.model.metrics["log_loss"] == 0.421
    before = company.state()
    again = churn(capsys, *START)  # whoever was killed before he heard of it
    assert (again["commit"], "on trial already" in again["said"], company.state()) == (None, True, before)
    assert "has churn-telecom version 2 on trial" in refused(capsys, "rollout", "start", "1", *START[3:])
    status = ("rollout", "status", "2", "--environment", "staging")
    for words in (status, (*status, "--over")):
        assert "staging gives churn-telecom version 2 1 % of customers" in refused(capsys, *words, code=4)
    assert "version 1: it is not on trial in staging" in refused(capsys, "rollout", "status", "1", *status[3:])
    assert churn(capsys, "rollout", "stop", "--environment", "staging")["state"] == "stopped"
    assert "version 2, was stopped" in refused(capsys, *status, code=3)
    assert churn(capsys, *status, "--over")["state"] == "stopped"
    assert yaml.safe_load((company.checkout / ROLLOUT).read_text()) == {"canary": {"replicas": 3}}
    assert "no model is on trial" in refused(capsys, "rollout", "stop", "--environment", "staging")


def test_rules_of_promotion_hold_for_a_rollout(
    company: Company, shelf: Shelf, capsys: pytest.CaptureFixture[str]
) -> None:
    assert shelf.digests
    before = company.state()
    assert REASON in refused(capsys, "rollout", "start", "3", "--environment", "staging")
    assert "prod takes only what staging ran" in refused(capsys, "rollout", "start", "2", "--environment", "prod")
    assert company.state() == before
    churn(capsys, "promote", "2", "--environment", "staging")
    assert "staging serves churn-telecom version 2 already" in refused(capsys, *START)


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ({"stepps": [1, 100]}, "environments.staging.rollout.stepps: is not known; did you mean steps?"),
        ({"steps": [10, 1, 100]}, "environments.staging.rollout.steps: must be percentages that rise to 100"),
        ({"steps": [1, "shadow", 100]}, "environments.staging.rollout.steps: must be percentages that rise to 100"),
        ({"steps": ["shadow"]}, "environments.staging.rollout.steps: must be percentages that rise to 100"),
        ({"shadow_percent": 0}, "environments.staging.rollout.shadow_percent: must be a percentage of requests, more"),
        ({"steps": [1, 10]}, "environments.staging.rollout.steps: must end with 100"),
        ({"cut_error": 0.9}, "environments.staging.rollout.cut_error: must be a chance from 0.0001 to 0.5"),
        ({"shortest": "10"}, "environments.staging.rollout.shortest: must be a duration such as 90s, 10m, 24h or 7d"),
        ({"longest": "1m"}, "environments.staging.rollout.longest: is less than shortest (600s)"),
        ({"block": "1s"}, "environments.staging.rollout.longest: is more than 3000 times block (1s)"),
        ({"margins": {"error": 0.1}}, "environments.staging.rollout.margins.error: is not known; did you mean errors?"),
        ({"margins": {"slow": 7}}, "environments.staging.rollout.margins.slow: must be a share from 0.0001 to 1"),
        ({"slow_seconds": 0.03}, "environments.staging.rollout.slow_seconds: must be a bound of the gateways'"),
        ({"sample": 0}, "environments.staging.rollout.sample: must be a whole number of calls, from 1"),
        ([1], "environments.staging.rollout: must be a mapping of keys"),
    ],
)
def test_a_rule_with_a_typo(
    rules: object, said: str, company: Company, shelf: Shelf, capsys: pytest.CaptureFixture[str]
) -> None:
    assert shelf.digests
    index = {"chart": "charts/churn", "environments": {"staging": {"rollout": rules}}}
    company.commit(ENVIRONMENTS, yaml.safe_dump(index))
    company.push()
    before = company.state()
    line = refused(capsys, *START)
    assert line.startswith(f"churn: {ENVIRONMENTS}, line ")
    assert said in line
    assert company.state() == before


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("enabled: true", "enabld: true", "canary.enabld: is not a value of the chart; did you mean enabled?"),
        ('"state": "running"', '"state": "runing"', "line 3: is not a record of a rollout"),
        ('"steps": [1.0,', '"steps": [0,', "line 3, rules.steps: must be percentages that rise to 100"),
        ('{"state"', '"state"', "line 3: is not a record of a rollout"),
        ("enabled: true", "enabled: false", "canary.enabled is false since commit"),
        ("# rollout: ", "# ", "it has a canary that no rollout has begun since commit"),
    ],
    ids=["a value", "a state", "a rule", "no JSON", "switched off", "no record"],
)
@pytest.mark.usefixtures("shelf")
def test_a_rollout_file_with_a_typo(
    old: str, new: str, said: str, company: Company, away: str, capsys: pytest.CaptureFixture[str]
) -> None:
    churn(capsys, *START)
    text = (company.checkout / ROLLOUT).read_text()
    assert text.count(old) == 1
    company.commit(ROLLOUT, text.replace(old, new))
    company.push()
    before = company.state()
    line = refused(capsys, *STEP, away)
    assert line.startswith(f"churn: {ROLLOUT}")
    assert said in line
    assert company.state() == before


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (503, b"<html>no backend</html>", "does not answer (HTTP 503, and not in Prometheus's words)"),
        (200, b"[]", "does not answer (HTTP 200, and not in Prometheus's words)"),
        (
            422,
            b'{"status":"error","errorType":"execution","error":"too many\\nsamples"}',
            "(execution: too many samples)",
        ),
        (200, b'{"status":"success","data":{}}', "does not answer (HTTP 200, and not in Prometheus's words)"),
        (200, b'{"status":"success","data":{"result":[1e9,"1e9"]}}', "its clock says 2001-09-09 01:46:40 where ours"),
    ],
    ids=["a proxy's page", "no object", "an error", "no result", "another clock"],
)
def test_a_prometheus_that_answers_nonsense_decides_nothing(
    status: int, body: bytes, said: str, company: Company, shelf: Shelf, capsys: pytest.CaptureFixture[str]
) -> None:
    assert shelf.digests
    churn(capsys, *START)
    before = company.state()
    with answering(status, {}, body) as url:
        assert said in refused(capsys, *STEP, url, code=1)
    assert company.state() == before


def test_whatever_keeps_from_committing_is_told_before_prometheus_is_asked(
    company: Company, shelf: Shelf, away: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert shelf.digests
    churn(capsys, *START)
    assert "--prometheus: is not an address" in refused(capsys, *STEP, "prometheus:9090")
    company.host.broken = True
    assert "does not answer" in refused(capsys, *STEP, away, code=1)
    company.host.broken = False
    other = company.clone("other")
    company.commit("there.txt", "there\n", other)
    company.push(other)
    # A pod that made its checkout a moment before tries again.
    assert refused(capsys, *STEP, away, code=1).endswith("is behind its server; git pull first")
    company.commit("here.txt", "here\n")
    assert refused(capsys, *STEP, away).endswith("have diverged; git pull --rebase first")


def test_how_a_trial_stands_is_what_the_server_has_whatever_the_checkout_has(
    company: Company, shelf: Shelf, capsys: pytest.CaptureFixture[str]
) -> None:
    assert shelf.digests
    other = company.clone("other")
    churn(capsys, *START)
    status = ("rollout", "status", "2", "--environment", "staging", "--repository", str(other))
    given = "staging gives churn-telecom version 2 1 % of customers"
    assert given in refused(capsys, *status, code=4)  # behind
    company.commit("there.txt", "there\n", other)
    assert given in refused(capsys, *status, code=4)  # diverged
    company.write(ROLLOUT, "canary: [", other)
    assert given in refused(capsys, *status, code=4)  # changed
    assert churn(capsys, "rollout", "stop", "--environment", "staging")["state"] == "stopped"
    assert "version 2, was stopped" in refused(capsys, *status, code=3)
    company.host.broken = True
    assert "does not answer" in refused(capsys, *status, code=1)
