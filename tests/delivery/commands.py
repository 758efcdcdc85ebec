"""Commands of `churn` as tests of delivery run them: one that must succeed, one that must be refused in one line."""

import json
from typing import Any

import pytest

from churn_cli.main import main


def churn(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    """The JSON of a command that succeeds."""
    capsys.readouterr()
    code = main([*words, "--json"])
    captured = capsys.readouterr()
    assert code == 0, captured.err
    found: dict[str, Any] = json.loads(captured.out.splitlines()[-1])
    return found


def refused(capsys: pytest.CaptureFixture[str], *words: str, code: int = 2) -> str:
    """The last line of a command that ends with an exit code; nothing of it is a traceback."""
    capsys.readouterr()
    ended = main(list(words))
    said = capsys.readouterr().err
    assert (ended, "Traceback" in said) == (code, False), said
    return said.splitlines()[-1]
