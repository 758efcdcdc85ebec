"""`churn` as a program: exit codes, one line for what is wrong, JSON at the end, and a champion that is reused."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from churn_cli.commands import up
from churn_cli.main import main
from churn_model.mlflow_registry import connect
from churn_training.packaging.home import Home
from tests.cli.unknown import write_unknown
from tests.training.small_families import small_candidates

pytestmark = pytest.mark.usefixtures("pictures_unseen")


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("churn_training.pipeline.default_candidates", lambda: small_candidates()[3:4])


def last_json(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(capsys.readouterr().out.splitlines()[-1])
    return found


def churn(*arguments: str, home: Path, **options: Any) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "churn_cli", *arguments]
    environment = {**os.environ, "CHURN_HOME": str(home)}
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=1000, check=False, **options
    )


def test_a_data_set_nobody_has_seen_from_start_to_answers(tmp_path: Path) -> None:
    data, usecase = write_unknown(tmp_path)
    home = tmp_path / "home"
    trained = churn("train", "--usecase", str(usecase), "--data", str(data), "--budget", "0", "--json", home=home)
    assert trained.returncode == 0, trained.stderr
    result = json.loads(trained.stdout.splitlines()[-1])
    assert result["champion"]
    told = result["data"]
    assert (told["source"], told["rows"], told["customers"], told["simulated"]) == (data.name, 700, 700, False)
    assert told["learnt"] == told["learnable"] < 700  # the others are held out
    assert result["metrics"]["roc_auc"] > 0.6
    boosted = {"histogram-boosting", "catboost", "catboost-native", "randomized-boosting"}
    families = {"additive-splines", "logistic-regression", "extra-trees", "random-forest"} | boosted
    together = {"ensemble", "ensemble-mean"}
    assert set(result["candidates"]) == families | {f"{name}-calibrated" for name in families} | together
    assert (result["gate"]["promoted"], result["gate"]["reason"]) == (True, "there was no champion")
    assert result["rounds"] == {}
    assert 'column "constant": left out: every row has the same value' in trained.stderr
    assert 'column "comment": left out: its texts are nearly unique' in trained.stderr
    manifest = json.loads((home / "packages" / "churn-gym" / "champion" / "manifest.json").read_text())
    levels = {feature["name"]: len(feature["categories"]) for feature in manifest["schema"]["features"]}
    assert levels["Stadt"] == 26
    answers = tmp_path / "answers.csv"
    scored = churn("score", str(data), str(answers), "--usecase", str(usecase), home=home)
    assert scored.returncode == 0, scored.stderr
    assert len(answers.read_text().splitlines()) == 701


def test_help_is_quick_and_loads_no_model_library() -> None:
    code = (
        "import sys, churn_cli.main as cli; cli.build_parser().format_help();"
        "print(*{'mlflow', 'catboost', 'sklearn', 'pandas', 'rich'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=240)
    assert done.stdout.strip() == ""


@pytest.mark.usefixtures("home", "quick")
def test_train_promote_rollback(telco_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "--budget", "0", "--data", str(telco_path), "--json"]) == 0
    first = last_json(capsys)
    assert (first["version"], first["champion"], first["data"]["source"]) == ("1", True, "telco.csv")
    assert main(["train", "--budget", "0", "--data", str(telco_path), "--no-promote", "--seed", "1", "--json"]) == 0
    assert last_json(capsys)["champion"] is False
    link = Home.from_environment().packages("churn-telecom") / "champion"
    assert link.resolve().name == "1"
    # The gate did not pass it: only an order that is kept makes it champion.
    assert main(["promote", "2"]) == 2
    refused = capsys.readouterr().err
    assert "churn-telecom version 2: the gate did not pass it (asked not to be; the gate: version 1 stays" in refused
    assert refused.endswith("; --force promotes it all the same\n")
    assert refused.count("promotes it all the same") == 1
    assert link.resolve().name == "1"
    assert main(["promote", "2", "--force"]) == 0
    assert link.resolve().name == "2"
    assert capsys.readouterr().out.startswith("churn-telecom: version 2 is champion (sha256:")
    tags = connect(Home.from_environment().tracking_uri).get_model_version("churn-telecom", "2").tags
    assert re.match(
        r"made champion by churn promote --force on \d{4}-\d\d-\d\d, although the gate", tags["churn.override"]
    )
    assert main(["promote", "2"]) == 0
    capsys.readouterr()
    # Each version's card lies beside its package, never in it; the command shows the champion's, or any other's.
    assert main(["card"]) == 0
    assert capsys.readouterr().out.rstrip() == (link.parent / "2-model_card.md").read_text().rstrip()
    assert main(["card", "1", "--json"]) == 0
    shown = last_json(capsys)
    assert (shown["version"], shown["digest"], shown["card"]) == (
        "1", first["digest"], (link.parent / "1-model_card.md").read_text()
    )  # fmt: skip
    assert main(["card", "1", "--out", "/nowhere/card.md"]) == 2
    assert capsys.readouterr().err == "churn: /nowhere/card.md: cannot be written (No such file or directory)\n"
    for command in (["card", "9"], ["promote", "99"]):
        assert main(command) == 2
        assert capsys.readouterr().err.endswith(f"there is no version '{command[1]}' (there are 2, 1)\n")
    assert main(["rollback", "--json"]) == 0
    assert last_json(capsys)["version"] == "1"
    assert link.resolve().name == "1"
    assert main(["promote", "2"]) == 2
    # A second rollback does not go forward to what was just taken back.
    capsys.readouterr()
    assert main(["rollback"]) == 2
    assert capsys.readouterr().err == "churn: churn-telecom: there is no former champion to go back to\n"
    assert link.resolve().name == "1"


@pytest.mark.usefixtures("home", "quick")
def test_no_better_is_not_champion_unless_forced(telco_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    train = ["train", "--budget", "0", "--data", str(telco_path), "--json"]
    assert main(train) == 0
    assert main([*train, "--verbose"]) == 0
    captured = capsys.readouterr()
    second = json.loads(captured.out.splitlines()[-1])
    assert (second["version"], second["champion"]) == ("2", False)
    assert "promotes it all the same" not in second["gate"]["reason"]
    assert captured.err.count("--force-promote promotes it all the same") == 1
    kept = connect(Home.from_environment().tracking_uri).get_model_version("churn-telecom", "2").tags["churn.gate"]
    assert "--force" not in kept
    verdict = second["gate"]["verdict"]
    assert [finding["rule_name"] for finding in verdict["findings"] if not finding["passed"]] == ["log_loss", "profit"]
    assert "profit: not passed. A campaign with the new model is expected to earn" in captured.err
    assert "not champion: version 1 stays" in captured.err
    link = Home.from_environment().packages("churn-telecom") / "champion"
    assert link.resolve().name == "1"
    assert main([*train, "--force-promote"]) == 0
    forced = last_json(capsys)["gate"]
    assert forced["overridden"]
    assert forced["reason"].startswith("asked for by --force-promote, although version 1 stays: The log loss")
    tags = connect(Home.from_environment().tracking_uri).get_model_version("churn-telecom", "3").tags
    assert tags["churn.override"] == forced["reason"]
    assert tags["churn.contest"].endswith(":2")
    (report,) = (
        page for page in Home.from_environment().artifacts.rglob("report.html") if "although" in page.read_text()
    )
    assert "asked for by --force-promote, although version 1 stays" in report.read_text()
    assert link.resolve().name == "3"


@pytest.mark.parametrize("words", [["--budget", "5 minutes"], ["--budget", "-1"], ["--budget", "7"], ["--budget", ""],
                                   ["--no-promote", "--force-promote"]])  # fmt: skip
def test_options_that_make_no_sense_are_refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["train", *words])
    assert ended.value.code == 2
    assert words[0] in capsys.readouterr().err


@pytest.mark.usefixtures("quick")
def test_up_trains_once_and_reuses(
    home: Home, telco_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    started: list[list[str]] = []
    monkeypatch.setattr("os.execv", lambda _, command: started.append(command))
    assert main(["up", "--budget", "0", "--rows", "600", "--gateway-port", "9"]) == 0
    said = capsys.readouterr().err
    assert "training: there is no champion yet" in said
    assert "training on 600 simulated customers" in said
    assert "trained on 600 simulated customers of simulated-telecom-600-0.csv" in said
    folder = str(home.packages("churn-telecom"))
    assert started.pop()[1:] == [
        "-m", "churn_serving.local", "--model", folder, "--usecase", "telecom", "--gateway-port", "9"
    ]  # fmt: skip
    monkeypatch.setattr(up, "train_and_export", lambda *_: pytest.fail("a champion is there"))
    assert main(["up"]) == 0
    assert "reusing churn-telecom version 1, trained on simulated customers" in capsys.readouterr().err
    monkeypatch.undo()
    monkeypatch.setenv("CHURN_HOME", str(home.path))
    monkeypatch.setattr("os.execv", lambda _, command: started.append(command))
    monkeypatch.setattr("churn_training.pipeline.default_candidates", lambda: small_candidates()[3:4])
    for reason in ("the champion was trained on other data", "reusing churn-telecom version 2"):
        assert main(["up", "--budget", "0", "--data", str(telco_path)]) == 0
        assert reason in capsys.readouterr().err
    # What the gate has declined is not trained again at every start, nor ever kept from who asks for it.
    fewer = tmp_path / "fewer.csv"
    fewer.write_text("".join(telco_path.read_text().splitlines(keepends=True)[:1500]))
    first = ["training: the champion was trained on other data", "serving churn-telecom version 2 as before: version 2"]
    again = ["serving churn-telecom version 2 as before: a model of these customers was trained and declined already"]
    for more, told in (([], first), ([], again), (["--retrain"], ["training: asked for by --retrain"]), ([], again)):
        assert main(["up", "--budget", "0", "--data", str(fewer), *more]) == 0
        said = capsys.readouterr().err
        assert all(line in said for line in told), said
        assert ("training: " in said) == (told != again)


def test_up_reuses_without_model_libraries(home: Home) -> None:
    folder = home.packages("churn-telecom")
    (folder / "1").mkdir(parents=True)
    (folder / "1" / "manifest.json").write_text("{}")
    (folder / "champion").symlink_to("1")
    note = {"name": "churn-telecom", "version": "1", "digest": "", "data_source": "a.csv", "data_sha256": "",
            "simulated": False}  # fmt: skip
    (folder / "champion.json").write_text(json.dumps(note))
    code = (
        "import os, sys; os.execv = lambda *_: None; from churn_cli.main import main; main(['up']);"
        "print(*{'mlflow', 'catboost', 'sklearn', 'pandas', 'rich', 'numpy'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=240)
    assert done.stdout.strip() == ""
    assert done.stderr == "reusing churn-telecom version 1, trained on customers of a.csv\n"


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["train", "--data", "none.csv"], "churn: none.csv: no such file"),
        (
            ["train", "--usecase", "zoo"],
            "churn: zoo: no such use case; give a YAML file or one of banking, ecommerce, telecom",
        ),
        (
            ["score", "in.csv", "out.csv"],
            (
                "churn: churn-telecom: there is no champion here; run `churn train`, or `churn promote` with a version "
                "that was not promoted, or give --model"
            ),
        ),
        (["score", "--model", "none", "in.csv", "o.csv"], "churn: public key verify.pem: No such file or directory"),
        (["up", "--data", "none.csv", "--retrain"], "churn: none.csv: no such file"),
        (
            ["simulate", "--out", "customers.csv"],
            'churn: customers.csv: the name of a file of simulated customers must contain "simulated"',
        ),
        (
            ["simulate", "--rows", "0", "--out", "simulated.csv"],
            "churn: simulated.csv: at least 1 row is needed, asked for 0",
        ),
        (["train", "--rows", "-5"], "churn: --rows: at least 1 customer is needed, asked for -5"),
        (["train", "--data", "a" * 300], "churn: a path or a part of it is longer than any file's"),
        (["score", "--model", "a" * 300, "in.csv", "o.csv"], "churn: a path or a part of it is longer than any file's"),
        (["train", "--data", "no\nsuch.csv"], "churn: no such.csv: no such file"),
        (["rollback"], "churn: churn-telecom: there is no former champion to go back to"),
    ],
)
def test_bad_input_is_one_line_and_exit_2(
    arguments: list[str], line: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.err == line + "\n"
    assert captured.out == ""


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("arguments", [["train"], ["train", "--usecase", "banking"], ["up"]], ids=" ".join)
def test_whoever_trains_on_columns_of_their_own_is_told_how_to_begin(
    arguments: list[str], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    data = tmp_path / "our members.csv"
    data.write_text("member,visits,status\n1,3,left\n2,9,active\n")
    assert main([*arguments, "--data", str(data)]) == 2
    refusal = capsys.readouterr().err.splitlines()[-1]
    assert refusal.startswith(f'churn: {data}, column "')
    usecase = arguments[-1] if "--usecase" in arguments else "telecom"
    assert refusal.endswith(
        f"(use case {usecase}, `churn init --data '{data}' > my.yaml` begins one for columns of your own, "
        "for --usecase my.yaml)"
    )


def test_a_use_case_without_hints_needs_data(home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, usecase = write_unknown(tmp_path, rows=1)
    assert main(["train", "--usecase", str(usecase)]) == 2
    expected = f"churn: {usecase}: give --data; it has no hints to simulate customers from\n"
    assert capsys.readouterr().err == expected
    assert not home.packages("churn-gym").exists()


def test_bad_data_registers_nothing(home: Home, telco_path: Path, tmp_path: Path) -> None:
    lines = telco_path.read_text().splitlines()
    lines[9] = lines[9].replace("Yes", "Yes,", 1)
    bad = tmp_path / "bad.csv"
    bad.write_text("\n".join(lines))
    done = churn("train", "--data", str(bad), home=tmp_path / "fresh")
    assert done.returncode == 2
    assert done.stderr == f"churn: {bad}, row 10: 22 fields where the header has 21\n"
    assert not (tmp_path / "fresh").exists()
    assert not (home.path / "packages").exists()


def test_ctrl_c_is_one_line_and_exit_130(telco_path: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "churn_cli", "train", "--data", str(telco_path), "--verbose", "--budget", "60m"]
    environment = {**os.environ, "CHURN_HOME": str(tmp_path)}
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if "round 2:" in line:
                break
        time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        rest = process.stderr.read()
        assert process.wait(timeout=240) == 130
    assert rest.splitlines()[-1] == "churn: stopped"
    assert "Traceback" not in rest
    assert not (tmp_path / "packages").exists()


def test_init_writes_a_use_case_that_loads(
    telco_path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from churn_model.usecase import load_usecase

    assert main(["init", "--data", str(telco_path), "--label", "Churn", "--positive", "Yes"]) == 0
    path = tmp_path / "my.yaml"
    path.write_text(capsys.readouterr().out)
    usecase = load_usecase(path)
    assert usecase.value is not None
    assert (usecase.id, usecase.value.column, usecase.label.negative) == ("customerID", "MonthlyCharges", "No")
    assert len(usecase.features) == 19
    assert main(["init", "--data", str(telco_path), "--label", "Left", "--positive", "Yes"]) == 2
    expected = f'churn: {telco_path}, column "Left", row 1: no such column in the header (found: customerID, gender, '
    assert capsys.readouterr().err.startswith(expected)
