"""Files of keys and of the canary's weight: whatever lies at the path instead is refused at once and costs nothing, and
while a process watches it, what was read before stays in force."""

import asyncio
import gc
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from churn_model import SigningKey, TrustedKeys, UntrustedPackage
from churn_model.errors import UseCaseError
from churn_model.usecase_file import read_text
from churn_serving.gateway.canary_weight import CanaryShare, CanaryWeight, CanaryWeightError, read_canary_share
from churn_serving.gateway.key_file import KeyFileError, add_key, entry_for, new_key, read_keys
from churn_serving.gateway.key_ring import KeyRing
from churn_serving.runtime.trust import TrustedKeyFile

GIGABYTE = 2**30


def _sparse(path: Path) -> None:
    path.touch()
    os.truncate(path, GIGABYTE)


KINDS: dict[str, Callable[[Path], None]] = {
    "pipe": os.mkfifo,
    "folder": Path.mkdir,
    "device": lambda path: path.symlink_to("/dev/zero"),
    "large": _sparse,
    "gone": lambda _: None,
}
READERS: dict[str, tuple[Callable[[Path], Any], type[Exception]]] = {
    "API keys": (read_keys, KeyFileError),
    "canary weight": (read_canary_share, CanaryWeightError),
    "package keys": (TrustedKeys.load, UntrustedPackage),
    "signing key": (SigningKey.load, UntrustedPackage),
    "use case": (read_text, UseCaseError),
}


@pytest.mark.timeout(20)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("reader", READERS)
def test_what_is_no_small_file_is_refused_at_once(tmp_path: Path, kind: str, reader: str) -> None:
    read, expected = READERS[reader]
    KINDS[kind](tmp_path / "file")
    gc.collect()
    before = set(Path("/proc/self/fd").iterdir())
    with pytest.raises(expected, match="file"):
        read(tmp_path / "file")
    assert set(Path("/proc/self/fd").iterdir()) <= before, "it was left open"


@pytest.mark.timeout(20)
@pytest.mark.parametrize("kind", KINDS)
async def test_what_was_read_before_stays_in_force_and_a_good_file_is_read_again(tmp_path: Path, kind: str) -> None:
    keys, weight, package = tmp_path / "keys.json", tmp_path / "weight", tmp_path / "verify.pem"
    key, signing = new_key(), SigningKey.generate(tmp_path / "sign.pem")
    add_key(keys, entry_for(key, "marketing"))
    weight.write_text("10")
    package.write_bytes(signing.public_pem())
    told: list[str] = []
    shares: list[CanaryShare] = []
    ring, trusted = KeyRing(keys, told.append), TrustedKeyFile(package, told.append)
    canary = CanaryWeight(weight, shares.append, told.append)

    async def watch_trust() -> None:
        async for _ in trusted.changes(0.01):
            pass

    watching = [asyncio.create_task(work) for work in (ring.watch(0.01), canary.watch(0.01), watch_trust())]
    good = {path: path.read_bytes() for path in (keys, weight, package)}
    for path in good:
        path.unlink()
        KINDS[kind](path)
    await _until(lambda: told.count("refused") >= 3)
    assert ring.caller(key.encode()) == "marketing"
    assert set(shares) == {CanaryShare(10.0)}
    trusted.verify(b"x", signing.sign(b"x"))
    for path, content in good.items():
        other = path.with_suffix(".new")
        other.write_bytes(content)
        if kind == "folder":
            path.rmdir()
        other.replace(path)
    await _until(lambda: told.count("read") >= 3)
    for task in watching:
        task.cancel()
    await asyncio.gather(*watching, return_exceptions=True)


async def _until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        await asyncio.sleep(0.01)
