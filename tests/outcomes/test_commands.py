"""`churn outcomes`: files in, tables, JSON and metrics out; bad input is one line; nothing is shown of a customer."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from churn_cli.main import main
from churn_model.prediction_log.pseudonyms import add_pseudonym_key, read_pseudonym_keys
from churn_monitoring.outcomes import metrics
from tests.outcomes.answered import DOCUMENT, Answer, note_of
from tests.outcomes.answered import MODELS as INTRODUCED
from tests.prediction_log.shipped import write_segment
from tests.prediction_log.test_commands import churn

LEFT = 40


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A machine on which a hundred customers were answered."""
    folder = tmp_path_factory.mktemp("home")
    key_file = folder / "keys" / "prediction-log.json"
    add_pseudonym_key(key_file, "first")
    (key,) = read_pseudonym_keys(key_file)
    answers = [Answer(f"id-{n}", date(2026, 9, 1 + n % 30), (n % 10) / 10, 1 + n % 2) for n in range(100)]
    write_segment(folder / "predictions" / "segments", *INTRODUCED, *(note_of(answer, key) for answer in answers))
    assert churn(folder, "ship", "--once").returncode == 0
    (folder / "sample.yaml").write_text(yaml.safe_dump(DOCUMENT))
    rows = [
        f"id-{n},{'yes' if n % 10 > 5 else 'no'},{'2026-09-30' if n % 10 > 5 else '2026-10-31'}" for n in range(100)
    ]
    (folder / "labels.csv").write_text("\n".join(["customer,churned,outcome_on", *rows, "id-999,no,2026-10-31"]) + "\n")
    return folder


def outcomes(home: Path, *words: str) -> Any:
    return churn(home, *words, command="outcomes")


def families(path: Path) -> dict[str, list[Any]]:
    return {family.name: list(family.samples) for family in text_string_to_metric_families(path.read_text())}


def test_labels_are_loaded_and_answers_reported(home: Path) -> None:
    usecase = ("--usecase", str(home / "sample.yaml"))
    done = outcomes(home, "load", str(home / "labels.csv"), *usecase, "--json", "--metrics", str(home / "labels.prom"))
    assert done.returncode == 0, done.stderr
    loaded = json.loads(done.stdout.splitlines()[-1])
    assert (loaded["rows"], loaded["new"]["customers"], loaded["unknown"]) == (
        101,
        101,
        {"customers": 1, "rows": [102]},
    )
    kinds = {sample.labels["kind"]: sample.value for sample in families(home / "labels.prom")[metrics.LABELS]}
    assert (kinds["new"], kinds["unknown"]) == (101, 1)

    files = ("--metrics", str(home / "report.prom"), "--html", str(home / "report.html"))
    done = outcomes(home, "report", *usecase, "--json", *files)
    assert done.returncode == 0, done.stderr
    made = json.loads(done.stdout.splitlines()[-1])
    assert (made["first"], made["last"], made["window_days"]) == ("2026-09-01", "2026-09-30", 30)
    (model,) = made["models"]
    whole, *segments = [each for each in model["slices"] if each["kind"] in ("all", "segment")]
    assert (whole["customers"], whole["leavers"], whole["auc"]["estimate"]) == (100, LEFT, 1.0)
    assert whole["auc"]["lower"] < 1.0
    assert made["corrected_customers"] == 0
    assert [each["customers"] for each in segments] == [50, 50]
    assert "id-" not in done.stdout + done.stderr
    assert f"{LEFT:.2f}%" in done.stderr

    page = (home / "report.html").read_text()
    assert f"earned <strong>{whole['earned']['estimate']:,.0f} (" in page
    assert f"Of 100 customers {LEFT:.1f}% (" in page
    assert page.count("<circle ") == len(whole["calibration"]["bins"])
    assert not [word for word in ("id-", "http", "<script", "None") if word in page]

    found = families(home / "report.prom")
    constants = {value for name, value in vars(metrics).items() if name.isupper() and not name.startswith("_")}
    not_here = {metrics.EFFECT, metrics.EFFECT_CUSTOMERS, metrics.LABELS, metrics.CALIBRATION_SLOPE}
    assert set(found) == constants - not_here
    (rate,) = [
        sample.value for sample in found[metrics.CHURN_RATE]
        if sample.labels["slice"] == "all" and sample.labels["bound"] == "estimate"
    ]  # fmt: skip
    assert rate == LEFT / 100


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["load", "nowhere.csv"], "nowhere.csv: no such file"),
        (["load", "x", "--memory", "much"], '"much" is not a size such as 500MB or 4GB'),
        (["report", "--threads", "0"], '"0" is not a number of threads'),
        (["report", "--month", "September"], '"September" is not a month such as 2026-09'),
        (["report", "--from", "2026-09-01"], "--from, --until: go together"),
        (["report", "--horizon", "soon"], '"soon" is not a time such as "3 months"'),
        (["report", "--horizon", "0 days"], '"0 days" is not a time such as "3 months"'),
        (["report", "--usecase", "SAMPLE", "--horizon", "2 weeks"], "leaving within 30 days (`label.window`)"),
        (["report", "--month", "2026-09", "--from", "2026-09-01"], "--month: says the days already"),
        (["report", "--usecase", "ecommerce"], "no outcome is known yet"),
        (["report", "--mont", "2026-09"], "there is no option --mont; did you mean --month?"),
    ],
    ids=[
        "no file",
        "no memory",
        "no threads",
        "no month",
        "no horizon",
        "no days",
        "two horizons",
        "half a period",
        "two periods",
        "nothing known",
        "misspelt",
    ],
)
def test_bad_input_is_one_line(
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    problem: str,
) -> None:
    monkeypatch.setenv("CHURN_HOME", str(home))
    try:
        code: object = main(["outcomes", *(str(home / "sample.yaml") if word == "SAMPLE" else word for word in words)])
    except SystemExit as refused:
        code = refused.code
    assert code == 2
    assert problem in capsys.readouterr().err.splitlines()[-1]
