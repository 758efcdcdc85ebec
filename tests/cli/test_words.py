"""The words of a command line: options by their whole names, a misspelt one met by the nearest, a version."""

from importlib.metadata import version
from pathlib import Path

import pytest

from churn_cli.main import main


@pytest.mark.parametrize(
    ("words", "command", "said"),
    [
        (["init", "--lable", "Churn"], "init", "there is no option --lable; did you mean --label?"),
        (["init", "--dat", "x.csv"], "init", "there is no option --dat; did you mean --data?"),
        (["train", "--rowz=5"], "train", "there is no option --rowz; did you mean --rows?"),
        (
            ["experiment", "plan", "--lokks", "3"],
            "experiment plan",
            "there is no option --lokks; did you mean --looks?",
        ),
        (["card", "--zzzzzz"], "card", "there is no option --zzzzzz"),
        (["promote", "1", "2"], "promote", "unrecognized arguments: 2"),
    ],
    ids=["misspelt", "shortened", "with a value", "part of a command", "like none", "one too many"],
)
def test_what_is_no_option_is_said_by_its_command(
    words: list[str], command: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(words)
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].startswith(f"usage: churn {command} ")
    assert lines[-1] == f"churn {command}: error: {said}"


def test_the_version_is_the_distributions(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(["--version"])
    assert capsys.readouterr().out == f"churn {version('churn-serving')}\n"


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    ("words", "endings"),
    [
        (["score", "in.csv", "out.txt"], ".csv, .parquet and .pq"),
        (["campaign", "in.csv", "out.txt", "--budget", "100"], ".csv, .parquet, .pq and .xlsx"),
        (["value", "--data", "in.csv", "--out", "out.txt"], ".csv, .parquet, .pq and .xlsx"),
    ],
    ids=["score", "campaign", "value"],
)
def test_endings_that_are_not_written_are_refused_before_anything_is_read(
    words: list[str], endings: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(words) == 2
    assert capsys.readouterr().err == f"churn: out.txt: .txt is not written; {endings} are\n"


NO_SUCH_WORD = (
    "line 5: feature 'a': `features[0].simulate.distribution`: 'nromal' is none of normal, lognormal, uniform, "
    "exponential, poisson, beta, yes-or-no and product; did you mean normal?"
)


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        (
            "  - {name: a, type: number,\n     simulate: {distribution: normal, maen: 1}}\n",
            "line 5: feature 'a': `features[0].simulate.maen`: there is no such key; did you mean `mean`?",
        ),
        (
            "  - {name: a, type: number, simulate: {\n     distribution: nromal}}\n",
            NO_SUCH_WORD,
        ),
        (
            "  - {name: a, type: number}\n",
            "line 4: feature 'a', `features[0].simulate` is missing, so there is nothing to simulate from",
        ),
        (
            "  - {name: a, type: number, simulate: {distribution: normal}}\nsimulation:\n  intersept: 1\n",
            "line 6: `simulation.intersept`: there is no such key; did you mean `intercept`?",
        ),
    ],
    ids=["key", "word", "missing", "simulation"],
)
def test_what_is_found_wrong_after_reading_is_shown_by_its_line_too(
    written: str, problem: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    use_case = f"name: x\nlabel: {{column: c, positive: y}}\nfeatures:\n{written}"
    Path("my.yaml").write_text(use_case, encoding="utf-8")
    assert main(["simulate", "--usecase", "my.yaml", "--out", "simulated.csv"]) == 2
    assert capsys.readouterr().err == f"churn: my.yaml: {problem}\n"
