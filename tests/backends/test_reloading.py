"""However many ask a server to look at its package again, it is proven once, and each is told what there is now."""

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from awaiting import until
from churn_model.signing import SigningKey
from churn_serving.backend.errors import PackageRefused
from churn_serving.backend.loaded_model import LoadedModel, ModelSlot
from churn_serving.backend.model_source import ModelSource
from churn_serving.backend.reloading import Reloading
from tests.backends.packages import Factory

CALLERS = 60


class Gate:
    """Proofs of packages, counted and held back until they may go on."""

    def __init__(self, slot: ModelSlot, monkeypatch: pytest.MonkeyPatch) -> None:
        self.began = 0
        self.threads: set[str] = set()
        self.open = threading.Event()
        self._load: Callable[[Path, Path], LoadedModel] = slot.load
        monkeypatch.setattr(slot, "load", self.load)

    def load(self, path: Path, verify_key: Path) -> LoadedModel:
        self.began += 1
        self.threads.add(threading.current_thread().name.rsplit("_", maxsplit=1)[0])
        assert self.open.wait(60)
        return self._load(path, verify_key)


@pytest.fixture
def gate(slot: ModelSlot, monkeypatch: pytest.MonkeyPatch) -> Gate:
    return Gate(slot, monkeypatch)


@pytest.fixture
def source(slot: ModelSlot, verify_key: Path, tmp_path: Path) -> ModelSource:
    """A champion link that leads to version 1."""
    (tmp_path / "champion").symlink_to(slot.model().package.path)
    return ModelSource(tmp_path / "champion", verify_key)


def point(link: Path, target: Path) -> None:
    link.with_suffix(".new").symlink_to(target)
    link.with_suffix(".new").replace(link)


async def test_many_callers_share_a_proof_in_its_own_thread(slot: ModelSlot, gate: Gate, source: ModelSource) -> None:
    reloading = Reloading(slot)
    calls = [asyncio.create_task(reloading.load(source)) for _ in range(CALLERS)]
    await until(lambda: gate.began == 1)
    calls += [asyncio.create_task(reloading.load(source)) for _ in range(CALLERS)]
    gate.open.set()
    await asyncio.gather(*calls)
    await reloading.load(source)
    assert gate.began == 1, "what has not changed was proven again"
    assert gate.threads == {"package"}


async def test_who_asks_after_a_change_is_told_of_the_new_one(
    slot: ModelSlot, gate: Gate, source: ModelSource, factory: Factory, tmp_path: Path
) -> None:
    factory.write(tmp_path / "2", "2", seed=2)
    reloading = Reloading(slot)
    early = asyncio.create_task(reloading.load(source))
    await until(lambda: gate.began == 1)
    gate.open.set()
    await early
    gate.open.clear()
    point(source.path, tmp_path / "2")
    first = asyncio.create_task(reloading.load(source))
    await until(lambda: gate.began == 2)
    factory.write(tmp_path / "3", "3", seed=3)
    point(source.path, tmp_path / "3")
    second = asyncio.create_task(reloading.load(source))
    await asyncio.sleep(0)
    gate.open.set()
    await asyncio.gather(first, second)
    assert slot.model().version == "3"
    assert gate.began == 3


async def test_a_refusal_is_everybodys_and_is_tried_again(
    slot: ModelSlot, gate: Gate, source: ModelSource, tmp_path: Path
) -> None:
    gate.open.set()
    (tmp_path / "2").mkdir()
    point(source.path, tmp_path / "2")
    reloading = Reloading(slot)
    outcomes = await asyncio.gather(*[reloading.load(source) for _ in range(CALLERS)], return_exceptions=True)
    assert {type(each) for each in outcomes} == {PackageRefused}
    assert gate.began == 1
    with pytest.raises(PackageRefused):
        await reloading.load(source)
    assert gate.began == 2


async def test_other_keys_or_another_model_in_the_slot_are_looked_at_anew(
    slot: ModelSlot, gate: Gate, source: ModelSource, tmp_path: Path
) -> None:
    gate.open.set()
    keys = tmp_path / "keys.pem"
    keys.write_bytes(source.verify_key.read_bytes())
    reloading, source = Reloading(slot), ModelSource(source.path, keys)
    await reloading.load(source)
    slot.current = None
    await reloading.load(source)
    assert slot.ready
    keys.write_bytes(SigningKey.generate(tmp_path / "other.pem").public_pem())
    with pytest.raises(PackageRefused):
        await reloading.load(source)
    assert gate.began == 3


async def test_a_caller_that_leaves_ends_nobody_elses_load(slot: ModelSlot, gate: Gate, source: ModelSource) -> None:
    reloading = Reloading(slot)
    leaving, staying = (asyncio.create_task(reloading.load(source)) for _ in range(2))
    await until(lambda: gate.began == 1)
    leaving.cancel()
    gate.open.set()
    await staying
    assert leaving.cancelled()
