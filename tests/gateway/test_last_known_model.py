"""Whose word counts for what a gateway answers from while no backend does."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from churn_model import Description, TrustedKeys, open_package
from churn_serving.adapters.description_store import DescriptionStore
from churn_serving.gateway.last_known_model import LastKnownModel
from churn_serving.telemetry.metrics import GatewayMetrics

PATIENCE = 0.02


@pytest.fixture
def description(package_folder: Any, keys: Any) -> Description:
    return open_package(package_folder, keys.trusted).description


@pytest.fixture
def store(tmp_path: Path, keys: Any) -> DescriptionStore:
    return DescriptionStore(tmp_path / "kept", keys.trusted)


@pytest.fixture
def given(tmp_path: Path, description: Description) -> Path:
    file = tmp_path / "description.json"
    file.write_bytes(msgspec.json.encode(description.to_documents()))
    return file


@contextlib.asynccontextmanager
async def using(known: LastKnownModel, given: Path, keys: Any) -> AsyncIterator[None]:
    task = asyncio.create_task(known.use_given(given, keys.trusted, PATIENCE))
    yield
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def until_known(known: LastKnownModel) -> Description:
    async with asyncio.timeout(60):
        while known.remembered is None:  # noqa: ASYNC110 - set by plain code
            await asyncio.sleep(0.01)
    return known.remembered


async def test_what_a_backend_said_is_not_replaced_by_what_was_given(
    store: DescriptionStore, description: Description, given: Path, keys: Any
) -> None:
    known = LastKnownModel(store, GatewayMetrics())
    known("fallback", description)
    async with using(known, given, keys):
        await asyncio.sleep(10 * PATIENCE)
        assert known.remembered is description


async def test_whoever_describes_a_model_replaces_what_was_given_and_is_kept(
    store: DescriptionStore, description: Description, given: Path, keys: Any
) -> None:
    known = LastKnownModel(store, GatewayMetrics())
    async with using(known, given, keys):
        assert (await until_known(known)).digest == description.digest
        assert store.load() is None
        known("fallback", description)
        assert known.remembered is description
    kept = store.load()
    assert kept is not None
    assert kept.digest == description.digest


async def test_what_was_given_is_forgotten_with_the_trust_in_it(
    store: DescriptionStore, given: Path, keys: Any
) -> None:
    known = LastKnownModel(store, GatewayMetrics())
    async with using(known, given, keys):
        await until_known(known)
        await asyncio.to_thread(given.unlink)
        known.forget_untrusted(keys.trusted)
        assert known.remembered is not None
        known.forget_untrusted(TrustedKeys(()))
        assert known.remembered is None


async def test_what_a_removed_key_signed_is_not_taken_again(store: DescriptionStore, given: Path, keys: Any) -> None:
    known = LastKnownModel(store, GatewayMetrics())
    async with using(known, given, keys):
        await until_known(known)
        known.forget_untrusted(TrustedKeys(()))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(2.5):
                await until_known(known)
