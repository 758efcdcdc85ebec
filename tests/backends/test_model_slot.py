"""The slot serves verified packages only, swaps at once, and keeps what it has when it refuses."""

import asyncio
import json
import logging
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from awaiting import until
from churn_model.signing import SigningKey
from churn_serving.backend.errors import NoModelLoaded, PackageRefused
from churn_serving.backend.loaded_model import ModelSlot
from churn_serving.backend.metrics import BackendMetrics
from churn_serving.backend.model_source import ModelSource
from churn_serving.backend.watcher import ModelWatcher
from churn_serving.oip.faults import UnknownModel
from tests.backends.packages import Factory, customers


def damage_model(folder: Path) -> None:
    content = bytearray((folder / "model.cbm").read_bytes())
    content[len(content) // 2] ^= 1
    (folder / "model.cbm").write_bytes(content)


def truncate(folder: Path) -> None:
    (folder / "model.cbm").write_bytes((folder / "model.cbm").read_bytes()[:1000])


def forge(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_bytes())
    manifest["version"] = "1000"
    (folder / "manifest.json").write_text(json.dumps(manifest))


def drop_signature(folder: Path) -> None:
    (folder / "signature").unlink()


def smuggle(folder: Path) -> None:
    (folder / "model.pkl").write_bytes(b"cos\nsystem\n")


def link_away(folder: Path) -> None:
    (folder / "encoder.json").unlink()
    (folder / "encoder.json").symlink_to("/etc/hostname")


@pytest.mark.parametrize("spoil", [damage_model, truncate, forge, drop_signature, smuggle, link_away])
async def test_a_spoilt_package_is_refused_with_one_line_and_the_former_serves_on(
    slot: ModelSlot,
    verify_key: Path,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    spoil: Callable[[Path], None],
) -> None:
    former = slot.current
    assert former is not None
    shutil.copytree(former.package.path, tmp_path / "spoilt")
    spoil(tmp_path / "spoilt")
    caplog.set_level(logging.INFO)
    with pytest.raises(PackageRefused):
        slot.load(tmp_path / "spoilt", verify_key)
    assert slot.current is former
    assert len((await former.score(customers(1))).probabilities) == 1
    (record,) = caplog.records
    assert "still serving version 1" in record.getMessage()
    assert "\n" not in record.getMessage()
    assert record.exc_info is None


def test_a_package_by_a_stranger_or_of_another_model_is_refused(
    slot: ModelSlot, factory: Factory, verify_key: Path, tmp_path: Path
) -> None:
    Factory(SigningKey.generate(tmp_path / "stranger.pem"), factory.folder).write(tmp_path / "forged", "2")
    factory.write(tmp_path / "banking", "1", name="churn-banking")
    for folder in ("forged", "banking", "nowhere", "stranger.pem"):
        with pytest.raises(PackageRefused):
            slot.load(tmp_path / folder, verify_key)
    assert slot.model().version == "1"


def test_only_what_is_served_can_be_asked_for(slot: ModelSlot) -> None:
    assert slot.model("churn-telecom", "1") is slot.current
    with pytest.raises(UnknownModel):
        slot.model("churn-banking")
    with pytest.raises(UnknownModel):
        slot.model("churn-telecom", "2")
    with pytest.raises(NoModelLoaded):
        ModelSlot(BackendMetrics()).model()


def test_readiness_needs_a_model_and_ends_with_draining(slot: ModelSlot) -> None:
    assert not ModelSlot(BackendMetrics()).ready
    assert slot.ready
    slot.draining = True
    assert not slot.ready


async def test_a_moved_link_is_noticed_and_a_refused_one_not_tried_again(
    slot: ModelSlot, factory: Factory, verify_key: Path, tmp_path: Path
) -> None:
    factory.write(tmp_path / "2", "2", seed=2)
    former = slot.model().package.path
    champion = tmp_path / "champion"
    champion.symlink_to(former)
    ModelWatcher(slot, ModelSource(champion, verify_key), 0.02).start()
    (tmp_path / "next").symlink_to(tmp_path / "2")
    (tmp_path / "next").replace(champion)
    await until(lambda: slot.model().version == "2")
    drop_signature(tmp_path / "2")
    await until(lambda: refused(slot) == 1)
    await asyncio.sleep(0.1)
    assert refused(slot) == 1
    assert slot.model().version == "2"
    await slot.supervisor.stop()


@pytest.mark.parametrize("target", ["/nowhere", "x"], ids=["nowhere", "itself"])
async def test_a_link_that_leads_nowhere_is_refused_and_said(
    slot: ModelSlot, factory: Factory, verify_key: Path, tmp_path: Path, target: str
) -> None:
    factory.write(tmp_path / "2", "2", seed=2)
    (tmp_path / "2" / "x").symlink_to(target)
    champion = tmp_path / "champion"
    champion.symlink_to(slot.model().package.path)
    ModelWatcher(slot, ModelSource(champion, verify_key), 0.02).start()
    (tmp_path / "next").symlink_to(tmp_path / "2")
    (tmp_path / "next").replace(champion)
    await until(lambda: refused(slot) == 1)
    (tmp_path / "2" / "x").unlink()
    await until(lambda: slot.model().version == "2")
    await slot.supervisor.stop()


async def test_what_its_key_no_longer_vouches_for_is_unloaded_and_comes_back_with_the_key(
    slot: ModelSlot, verify_key: Path, tmp_path: Path
) -> None:
    package = slot.model().package.path
    keys = tmp_path / "keys.pem"
    shutil.copy(verify_key, keys)
    ModelWatcher(slot, ModelSource(package, keys), 0.02).start()
    keys.write_bytes(SigningKey.generate(tmp_path / "other.pem").public_pem())
    await until(lambda: slot.current is None)
    with pytest.raises(NoModelLoaded):
        slot.model()
    assert counted(slot, "withdrawn") == 1
    assert slot.metrics.registry.get_sample_value("churn_model_info", {}) is None
    join(keys, verify_key, keys)
    await until(lambda: slot.ready)
    keys.write_text("not a key")
    await until(lambda: loaded_keys(slot, "refused") == 1)
    keys.unlink()
    await until(lambda: loaded_keys(slot, "refused") == 2)
    assert slot.ready, "a broken file must not end all service"
    await slot.supervisor.stop()


async def test_links_in_a_circle_end_no_watching(
    slot: ModelSlot, factory: Factory, verify_key: Path, tmp_path: Path
) -> None:
    champion, keys = tmp_path / "champion", tmp_path / "keys.pem"
    champion.symlink_to(slot.model().package.path)
    keys.symlink_to(verify_key)
    ModelWatcher(slot, ModelSource(champion, keys), 0.02).start()
    for link in (champion, keys):
        link.unlink()
        link.symlink_to(link)
    await asyncio.sleep(0.3)
    assert slot.ready
    keys.unlink()
    join(keys, verify_key)
    factory.write(tmp_path / "2", "2", seed=2)
    champion.unlink()
    champion.symlink_to(tmp_path / "2")
    await until(lambda: slot.model().version == "2")
    await slot.supervisor.stop()


def join(target: Path, *sources: Path) -> None:
    target.write_bytes(b"".join([source.read_bytes() for source in sources]))


def refused(slot: ModelSlot) -> float:
    return counted(slot, "refused")


def counted(slot: ModelSlot, outcome: str) -> float:
    return slot.metrics.registry.get_sample_value("churn_model_server_loads_total", {"outcome": outcome}) or 0.0


def loaded_keys(slot: ModelSlot, outcome: str) -> float:
    return slot.metrics.registry.get_sample_value("churn_package_key_loads_total", {"outcome": outcome}) or 0.0
