"""The keys in memory: who may call, until when, and a file that changes under a running gateway."""

import asyncio
import json
import logging
from hashlib import sha256
from pathlib import Path

import pytest

from awaiting import until
from churn_serving.gateway.authentication import AmbiguousKey, Authentication, Unauthenticated
from churn_serving.gateway.key_file import new_key
from churn_serving.gateway.key_ring import READ, REFUSED, ExpiredKey, KeyRing, UnknownKey

KEYS = [new_key() for _ in range(3)]
NEW_YEAR_2027 = 1798761600.0


def document(**keys: str) -> str:
    """A file for these callers; a date behind a comma ends a key."""
    entries = []
    for caller, key in keys.items():
        plain, _, not_after = key.partition(",")
        entries.append({"id": caller, "sha256": sha256(plain.encode()).hexdigest()})
        if not_after:
            entries[-1]["not_after"] = not_after
    return json.dumps({"keys": entries})


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "api-keys.json"
    path.write_text(document(marketing=KEYS[0], sales=f"{KEYS[1]},2027-01-01T00:00:00Z"))
    return path


def test_a_key_names_its_caller_until_it_ends(file: Path) -> None:
    now = NEW_YEAR_2027 - 1
    ring = KeyRing(file, lambda _: None, lambda: now)
    assert ring.caller(KEYS[0].encode()) == "marketing"
    assert ring.caller(KEYS[1].encode()) == "sales"
    now = NEW_YEAR_2027
    with pytest.raises(ExpiredKey):
        ring.caller(KEYS[1].encode())
    assert ring.caller(KEYS[0].encode()) == "marketing"


@pytest.mark.parametrize(
    "key",
    [
        b"",
        KEYS[2].encode(),
        KEYS[0][:-1].encode(),
        KEYS[0].encode() + b"=",
        sha256(KEYS[0].encode()).hexdigest().encode(),
        b"\xff" * 49,
        b"x" * 1_000_000,
    ],
    ids=["nothing", "a later one", "too short", "padded", "its digest", "no text", "endless"],
)
def test_whatever_else_is_nobodys(file: Path, key: bytes) -> None:
    with pytest.raises(UnknownKey):
        KeyRing(file, lambda _: None).caller(key)


def test_what_is_longer_than_any_key_is_nobodys_even_if_its_hash_is_in_the_file(file: Path) -> None:
    file.write_text(document(longest="k" * 128, longer="k" * 129))
    ring = KeyRing(file, lambda _: None)
    assert ring.caller(b"k" * 128) == "longest"
    with pytest.raises(UnknownKey):
        ring.caller(b"k" * 129)


@pytest.mark.parametrize(
    ("headers", "known"),
    [
        ([(b"x-api-key", KEYS[0].encode())], True),
        ([(b"authorization", b"Bearer " + KEYS[0].encode())], True),
        ([(b"x-api-key", KEYS[1].encode())], False),
        ([(b"x-api-key", KEYS[2].encode())], False),
        ([(b"x-api-key", b"")], False),
        ([], False),
    ],
    ids=["a key", "as a bearer", "expired", "unknown", "empty", "none"],
)
def test_open_pages_know_who_has_a_key_and_refuse_nobody(
    file: Path, headers: list[tuple[bytes, bytes]], *, known: bool
) -> None:
    authentication = Authentication(KeyRing(file, lambda _: None, lambda: 2e9), pytest.fail)
    assert authentication.recognises(headers) is known
    assert authentication.required
    everybody = Authentication(None, pytest.fail)
    assert everybody.recognises(headers)
    assert not everybody.required


class Mounted:
    """A Secret as Kubernetes mounts it: the file is a link through ``..data``, which is swapped as a whole."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = 0
        self.file = folder / "api-keys.json"
        self.file.symlink_to("..data/api-keys.json")

    def hold(self, content: str) -> None:
        self._count += 1
        name = f"..2026_11_24_{self._count}"
        (self._folder / name).mkdir()
        (self._folder / name / "api-keys.json").write_text(content)
        (self._folder / "..data_tmp").symlink_to(name)
        (self._folder / "..data_tmp").replace(self._folder / "..data")


async def test_a_swapped_secret_changes_the_keys_and_a_broken_one_does_not(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    mounted = Mounted(tmp_path)
    mounted.hold(document(marketing=KEYS[0]))
    outcomes: list[str] = []
    ring = KeyRing(mounted.file, outcomes.append)
    task = asyncio.create_task(ring.watch(0.02))

    mounted.hold(document(marketing=KEYS[0], sales=KEYS[1]))
    await until(lambda: outcomes == [READ])
    assert ring.caller(KEYS[1].encode()) == "sales"

    mounted.hold('{"keys": [{"id": "sales"}]}')
    await until(lambda: outcomes == [READ, REFUSED])
    await asyncio.sleep(0.1)
    assert outcomes == [READ, REFUSED], "a broken file is told of once, not at every look"
    assert ring.caller(KEYS[1].encode()) == "sales"
    (refused,) = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert "keys[0]" in refused
    assert "\n" not in refused

    mounted.file.unlink()
    await until(lambda: outcomes[2:] == [REFUSED])
    mounted.file.symlink_to("..data/api-keys.json")
    mounted.hold(document(sales=KEYS[1]))
    await until(lambda: outcomes[-1] == READ)
    with pytest.raises(UnknownKey):
        ring.caller(KEYS[0].encode())
    task.cancel()


@pytest.mark.parametrize(
    ("headers", "caller"),
    [
        ([("authorization", f"Bearer {KEYS[0]}")], "marketing"),
        ([("authorization", f"bearer  {KEYS[0]} ")], "marketing"),
        ([("x-api-key", KEYS[0])], "marketing"),
        ([("authorization", "Basic dTpw"), ("x-api-key", KEYS[1])], "sales"),
        ([("x-api-key", KEYS[1]), ("authorization", f"Bearer {KEYS[1]}")], "sales"),
    ],
)
def test_ways_to_present_a_key(file: Path, headers: list[tuple[str, str]], caller: str) -> None:
    authentication = Authentication(KeyRing(file, lambda _: None, lambda: 0.0), pytest.fail)
    assert authentication.caller([(name.encode(), value.encode()) for name, value in headers]) == caller


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ([], "missing"),
        ([("authorization", "Basic dTpw")], "missing"),
        ([("authorization", KEYS[0])], "missing"),
        ([("authorization", "Bearer ")], "unknown"),
        ([("authorization", f"Bearer {KEYS[2]}")], "unknown"),
        ([("x-api-key", KEYS[1])], "expired"),
    ],
)
def test_refusals_are_told_apart_for_us_and_not_for_the_caller(
    file: Path, headers: list[tuple[str, str]], reason: str
) -> None:
    reasons: list[str] = []
    authentication = Authentication(KeyRing(file, lambda _: None, lambda: 2e9), reasons.append)
    with pytest.raises(Unauthenticated) as caught:
        authentication.caller([(name.encode(), value.encode()) for name, value in headers])
    assert reasons == [reason]
    assert str(caught.value) == ""


TWO_KEYS = {
    "both ways": [("x-api-key", KEYS[0]), ("authorization", f"Bearer {KEYS[1]}")],
    "the same way twice": [("x-api-key", KEYS[0]), ("x-api-key", KEYS[1])],
    "the same key twice": [("authorization", f"Bearer {KEYS[0]}"), ("authorization", f"Bearer {KEYS[0]}")],
    "another scheme beside it": [("authorization", "Basic dTpw"), ("authorization", f"Bearer {KEYS[0]}")],
    "one that nobody has": [("authorization", f"Bearer {KEYS[0]}"), ("x-api-key", KEYS[2])],
    "an empty one": [("authorization", f"Bearer {KEYS[0]}"), ("x-api-key", "")],
}


@pytest.mark.parametrize("kind", TWO_KEYS)
def test_two_keys_are_one_too_many_in_whatever_order(file: Path, kind: str) -> None:
    reasons: list[str] = []
    authentication = Authentication(KeyRing(file, lambda _: None, lambda: 0.0), reasons.append)
    headers = [(name.encode(), value.encode()) for name, value in TWO_KEYS[kind]]
    for order in (headers, headers[::-1]):
        with pytest.raises(AmbiguousKey):
            authentication.caller(order)
        assert not authentication.recognises(order)
    assert reasons == ["ambiguous"] * 2
    assert Authentication(None, pytest.fail).caller(headers) == ""


def test_without_a_ring_everybody_may_call() -> None:
    assert Authentication(None, pytest.fail).caller([]) == ""
