"""The canary's share as a file says it: read at the start, again when it changes, and never half."""

import asyncio
import logging
from pathlib import Path

import pytest

from awaiting import until
from churn_serving.gateway.canary_weight import READ, REFUSED, CanaryWeight, CanaryWeightError, read_percent


@pytest.mark.parametrize(
    ("text", "percent"),
    [("10", 10.0), ("12.5\n", 12.5), (" 0 ", 0.0), ("100", 100.0), ("1e1", 10.0)],
    ids=["whole", "with an end of line", "nothing", "all", "with an exponent"],
)
def test_one_number_is_percent_of_customers(tmp_path: Path, text: str, percent: float) -> None:
    (tmp_path / "percent").write_text(text)
    assert read_percent(tmp_path / "percent") == percent


@pytest.mark.parametrize(
    "content",
    [b"", b"ten", b"-1", b"100.1", b"nan", b"inf", b"10 20", b"\xff", b"1" * 100_000],
    ids=["empty", "a word", "negative", "too much", "no number", "endless", "two", "no text", "long"],
)
def test_what_else_a_file_holds_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "percent"
    file.write_bytes(content)
    with pytest.raises(CanaryWeightError, match="one number from 0 to 100"):
        CanaryWeight(file, lambda _: None, lambda _: None)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(CanaryWeightError, match="percent: No such file or directory"):
        CanaryWeight(tmp_path / "percent", lambda _: None, lambda _: None)


async def test_a_change_arrives_and_a_broken_file_changes_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    file = tmp_path / "percent"
    file.write_text("10")
    shares: list[float] = []
    outcomes: list[str] = []
    weight = CanaryWeight(file, shares.append, outcomes.append)
    assert shares == [0.1]
    task = asyncio.create_task(weight.watch(0.02))

    file.write_text("50.5")
    await until(lambda: shares[1:] == [0.505])
    file.write_text("fifty")
    await until(lambda: outcomes == [READ, REFUSED])
    file.unlink()
    await until(lambda: outcomes == [READ, REFUSED, REFUSED])
    assert set(shares[2:]) <= {0.505}
    refused = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert all("stays at 50.5 percent" in line and str(file) in line and "\n" not in line for line in refused)
    file.write_text("0")
    await until(lambda: shares[-1] == 0.0)
    task.cancel()
