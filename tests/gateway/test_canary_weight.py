"""The canary's share as a file says it: read at the start, again when it changes, and never half."""

import asyncio
import logging
from pathlib import Path

import pytest

from awaiting import until
from churn_serving.gateway.canary_weight import (
    READ,
    REFUSED,
    CanaryShare,
    CanaryWeight,
    CanaryWeightError,
    read_canary_share,
)

_NO_DOCUMENTS = {
    "copies beside customers": b'{"percent": 1, "shadow_percent": 1}',
    "too many copies": b'{"shadow_percent": 101}',
    "fewer than none": b'{"shadow_percent": -1}',
    "unknown": b'{"shadow": 20}',
    "a text": b'{"shadow_percent": "20"}',
    "half a document": b'{"percent": 0',
}


@pytest.mark.parametrize(
    ("text", "percent"),
    [("10", 10.0), ("12.5\n", 12.5), (" 0 ", 0.0), ("100", 100.0), ("1e1", 10.0)],
    ids=["whole", "with an end of line", "nothing", "all", "with an exponent"],
)
def test_one_number_is_percent_of_customers(tmp_path: Path, text: str, percent: float) -> None:
    (tmp_path / "percent").write_text(text)
    assert read_canary_share(tmp_path / "percent") == CanaryShare(percent, 0.0)


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ('{"percent": 0, "shadow_percent": 20}', CanaryShare(0.0, 20.0)),
        ('\n{ "shadow_percent": 0.5 }\n', CanaryShare(0.0, 0.5)),
        ('{"percent": 12.5}', CanaryShare(12.5, 0.0)),
        ('{"percent": 12.5, "shadow_percent": 0}', CanaryShare(12.5, 0.0)),
        ("{}", CanaryShare(0.0, 0.0)),
    ],
    ids=["copies", "nothing but copies", "nothing but customers", "customers", "nothing"],
)
def test_a_document_says_how_many_copies_there_are_too(tmp_path: Path, text: str, share: CanaryShare) -> None:
    (tmp_path / "percent").write_text(text)
    assert read_canary_share(tmp_path / "percent") == share


@pytest.mark.parametrize(
    "content",
    [b"", b"ten", b"-1", b"100.1", b"nan", b"inf", b"10 20", b"\xff", b"1" * 100_000, *_NO_DOCUMENTS.values()],
    ids=["empty", "a word", "negative", "too much", "no number", "endless", "two", "no text", "long", *_NO_DOCUMENTS],
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
    shares: list[CanaryShare] = []
    outcomes: list[str] = []
    weight = CanaryWeight(file, shares.append, outcomes.append)
    assert shares == [CanaryShare(10.0)]
    task = asyncio.create_task(weight.watch(0.02))

    file.write_text("50.5")
    await until(lambda: shares[1:] == [CanaryShare(50.5)])
    file.write_text("fifty")
    await until(lambda: outcomes == [READ, REFUSED])
    file.unlink()
    await until(lambda: outcomes == [READ, REFUSED, REFUSED])
    assert set(shares[2:]) <= {CanaryShare(50.5)}
    refused = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert all("stays at 50.5 percent" in line and str(file) in line and "\n" not in line for line in refused)
    file.write_text('{"shadow_percent": 20}')
    await until(lambda: shares[-1] == CanaryShare(0.0, 20.0))
    task.cancel()
