"""`churn drift`: exit codes, what is said and kept, on one machine and on a cluster."""

import dataclasses
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from churn_cli.main import main
from churn_model import PackageContents, Row, open_package
from churn_monitoring.prediction_log.store import Store
from ports import free_port
from sample_package import Keys, PackageMaker
from small_api_server import running
from tests.drift.asked import customers, profile, put
from tests.prediction_log.keeping import wait_until

CONFIG_MAP = "/api/v1/namespaces/churn/configmaps/churn-drift"
LOGGED = ("tenure", "Contract")


def sample(row: Row) -> Row:
    """A row as the sample package has them, of whose features three are those of these tests."""
    return (row[0], row[1], 70.0, "Card", row[2])


def longer(row: Row) -> Row:
    assert isinstance(row[0], float)
    return (row[0] + 5.0, *row[1:])


@dataclasses.dataclass
class Place:
    """A machine with a package and a log."""

    home: Path
    package: Path
    digest: str
    schema: Any

    @property
    def store(self) -> Store:
        return Store(self.home / "predictions" / "log")

    def answer(self, seed: int, began: float, change: Any = tuple) -> None:
        rows = customers(4_000, seed, change)
        put(self.store, [sample(row) for row in rows], began, digest=self.digest, schema=self.schema,
            answers=[(0.3 + 0.1 * (place % 3), 1 + place % 2) for place in range(len(rows))])  # fmt: skip


@pytest.fixture
def place(
    tmp_path: Path, make_package: PackageMaker, keys: Keys, contents: PackageContents, monkeypatch: pytest.MonkeyPatch
) -> Place:
    """Beside what the training saw, a third has each of three probabilities and a half each of two segments."""
    from churn_data.profiles import answer_profile, number_profile

    schema = msgspec.structs.replace(contents.schema, logged=LOGGED)
    made = profile(customers(4_000, 1))
    import numpy
    import pyarrow

    answers = msgspec.structs.replace(
        made,
        score=number_profile(numpy.array([0.3, 0.4, 0.5] * 200)),
        segments=answer_profile(pyarrow.array(["1", "2"] * 300)),
        log_odds=-0.42,
    )
    package = make_package(contents=dataclasses.replace(contents, schema=schema), profile=answers)
    monkeypatch.setenv("CHURN_HOME", str(tmp_path))
    monkeypatch.setenv("CHURN_VERIFY_KEY", str(keys.verify_path))
    monkeypatch.delenv("CHURN_PREDICTION_LOG_STORE", raising=False)
    return Place(tmp_path, package, open_package(package, keys.trusted).digest, schema)


def now() -> float:
    import time

    return time.time()


def result(capsys: pytest.CaptureFixture[str], place: Place, *words: str) -> tuple[int, dict[str, Any], str]:
    code = main(["drift", "check", "--model", str(place.package), "--json", *words])
    said = capsys.readouterr()
    return code, json.loads(said.out.splitlines()[-1]) if said.out else {}, said.err


def test_a_drift_has_an_exit_code_of_its_own(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    place.answer(2, now() - 7200)
    code, document, _ = result(capsys, place)
    assert (code, document["drift"], document["customers"], document["tables"] > 0) == (0, False, 4_000, True)
    assert document["not_kept"] == ["Senior Citizen"]
    place.answer(3, now() - 3000, longer)
    code, document, said = result(capsys, place)
    assert (code, document["drift"]) == (3, True)
    assert [drift["column"] for drift in document["drifted"]] == ["tenure"]
    assert document["promise"]["false_alarms_a_month"] == 0.1
    assert said.splitlines()[-1].startswith("churn: tenure: ")
    code, document, _ = result(capsys, place)
    assert (code, document["tables"]) == (3, 0)


def test_an_older_package_is_said_and_no_failure(
    place: Place, package_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["drift", "check", "--model", str(package_folder)])
    assert code == 0
    assert "was made before packages remembered" in capsys.readouterr().out
    assert place.store.names() == []


def test_the_condition_is_kept_on_the_cluster(
    place: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    with running() as api:
        monkeypatch.setenv("KUBECONFIG", str(api.kubeconfig(tmp_path)))
        place.answer(2, now() - 7200)
        assert result(capsys, place, "--condition", "churn-drift")[0] == 0
        quiet = dict(api.objects[CONFIG_MAP]["data"])
        assert (quiet["type"], quiet["status"], quiet["model"]) == ("Drifted", "False", place.digest)
        place.answer(3, now() - 3000, longer)
        assert result(capsys, place, "--condition", "churn-drift")[0] == 3
        drifted = dict(api.objects[CONFIG_MAP]["data"])
        assert (drifted["status"], drifted["features"], drifted["reason"]) == ("True", "tenure", "DriftFound")
        assert all(isinstance(text, str) for text in drifted.values())
        assert result(capsys, place, "--condition", "churn-drift")[0] == 3
        assert api.objects[CONFIG_MAP]["data"]["lastTransitionTime"] == drifted["lastTransitionTime"]
        api.refusals["GET", CONFIG_MAP] = 403
        code, _, said = result(capsys, place, "--condition", "churn-drift")
    assert code == 1
    assert "refused: no GET of this (403)" in said


def test_a_watch_shows_metrics_goes_with_a_promotion_and_ends_when_it_is_told_to(
    place: Place, tmp_path: Path, make_package: PackageMaker
) -> None:
    place.answer(2, now() - 7200)
    place.answer(3, now() - 3000, longer)
    meant = tmp_path / "meant"
    meant.symlink_to(place.package)
    port = free_port()
    words = ["drift", "watch", "--model", str(meant), "--every", "1s", "--metrics-port", str(port), "--json"]
    with subprocess.Popen(
        [sys.executable, "-m", "churn_cli", *words],
        env=dict(os.environ), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        wait_until(lambda: 'churn_drift_detected{column="tenure"} 1.0' in metrics(port) or process.poll() is not None)
        shown = metrics(port)
        (tmp_path / "next").symlink_to(make_package(version="2"))
        (tmp_path / "next").replace(meant)
        wait_until(lambda: "churn_drift_profile_missing 1.0" in metrics(port) or process.poll() is not None)
        after = metrics(port)
        process.send_signal(signal.SIGTERM)
        out, said = process.communicate(timeout=60)
    assert 'churn_drift_detected{column="Contract"} 0.0' in shown
    assert "churn_drift_detected{" not in after
    assert process.returncode == 0, said
    assert json.loads(out.splitlines()[-1])["drift"] is None
    assert said.count("drift: tenure: ") == 1
    assert said.count("churn-sample 2 is watched from now on") == 1


def metrics(port: int) -> str:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=10).text
    except httpx.HTTPError:
        return ""


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["check", "--false-alarms", "0"], '"0" is not a number above 0, at most 1'),
        (["check", "--tolerance", "x"], '"x" is not a number from 0 to 1'),
        (["watch", "--every", "5"], "is not a duration"),
        (["check", "--modell", "x"], "there is no option --modell; did you mean --model?"),
    ],
    ids=["no alarms", "no tolerance", "no unit", "misspelt"],
)
def test_bad_input_is_one_line(words: list[str], problem: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["drift", *words])
    assert problem in capsys.readouterr().err.splitlines()[-1]
