"""A file of answers takes the place of one that was there before, and that is said where it is named."""

import json
from pathlib import Path

import pytest

from churn_cli.main import main

pytestmark = pytest.mark.usefixtures("home")
CUSTOMERS = "customerID\n" + "".join(f"K{number}\n" for number in range(50))
COMMANDS = {
    "simulate": ["simulate", "--rows", "5", "--out", "simulated.csv"],
    "experiment assign": ["experiment", "assign", "in.csv", "out.csv", "--salt", "s", "--control-share", "0.5"],
}


@pytest.mark.parametrize("name", COMMANDS)
def test_what_was_there_before_is_said_to_be_replaced(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("in.csv").write_text(CUSTOMERS, encoding="utf-8")
    for replaced, said in ((False, ".csv: "), (True, ".csv (replaced): ")):
        assert main([*COMMANDS[name], "--json"]) == 0
        told = capsys.readouterr()
        assert json.loads(told.out.splitlines()[-1])["replaced"] is replaced
        assert said in told.err
