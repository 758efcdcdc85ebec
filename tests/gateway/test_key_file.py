"""The file of API keys: what may stand in it, and how the command adds to it."""

import json
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from churn_serving.gateway.key_file import MAXIMUM_KEYS, KeyFileError, add_key, entry_for, new_key, read_keys

HASH = "ab" * 32


def written(folder: Path, document: Any) -> Path:
    path = folder / "api-keys.json"
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    return path


def entry(**changes: Any) -> dict[str, Any]:
    return {"id": "marketing", "sha256": HASH, **changes}


def test_a_key_has_256_random_bits_and_a_name_for_scanners() -> None:
    keys = {new_key() for _ in range(100)}
    assert len(keys) == 100
    assert all(key.startswith("churn_") and len(key) == 49 for key in keys)


def test_a_good_file(tmp_path: Path) -> None:
    more = entry(id="sales", sha256="CD" * 32, not_after="2027-01-01T00:00:00Z")
    marketing, sales = read_keys(written(tmp_path, {"keys": [entry(), more]}))
    assert (marketing.id, marketing.not_after) == ("marketing", None)
    assert sales.not_after is not None
    assert sales.not_after.timestamp() == 1798761600
    assert read_keys(written(tmp_path, {"keys": []})) == ()


@pytest.mark.parametrize(
    ("document", "named"),
    [
        ("{", "api-keys.json"),
        ("\ud800".encode("utf-8", "surrogatepass").decode("latin-1"), "api-keys.json"),
        ([], "expected"),
        ({}, "keys"),
        ({"keys": [], "more": 1}, "more"),
        ({"keys": [entry(), "text"]}, "keys[1]"),
        ({"keys": [{"id": "a"}]}, "sha256"),
        ({"keys": [entry(secret="churn_abc")]}, "secret"),
        ({"keys": [entry(sha256="zz" * 32)]}, "keys[0]"),
        ({"keys": [entry(sha256=HASH[:-1])]}, "sha256"),
        ({"keys": [entry(sha256=HASH + "\n")]}, "sha256"),
        ({"keys": [entry(id="")]}, "id"),
        ({"keys": [entry(id="two words")]}, "id"),
        ({"keys": [entry(not_after="soon")]}, "not_after"),
        ({"keys": [entry(not_after="2027-01-01T00:00:00")]}, "not_after"),
        (
            f'{{"keys": [{{"id": "a", "sha256": "{HASH}", "not_after": null, "not_after": null}}]}}',
            "keys[0]: not_after",
        ),
        (f'{{"keys": [{{"id": "a", "id": "b", "sha256": "{HASH}"}}]}}', "keys[0]: id is given twice"),
        ('{"keys": [], "keys": []}', "api-keys.json: keys is given twice"),
        ({"keys": [entry(), entry(sha256="cd" * 32)]}, "keys[1]: the id marketing"),
        ({"keys": [entry(), entry(id="sales", sha256=HASH.upper())]}, "keys[1] (sales): the same key as keys[0]"),
        ({"keys": [entry(id=f"n{n}", sha256=f"{n:064x}") for n in range(MAXIMUM_KEYS + 1)]}, str(MAXIMUM_KEYS)),
    ],
)
def test_a_bad_file_is_refused_with_one_line_that_names_the_entry(tmp_path: Path, document: Any, named: str) -> None:
    with pytest.raises(KeyFileError) as caught:
        read_keys(written(tmp_path, document))
    assert named in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_key_in_place_of_its_hash_is_not_quoted(tmp_path: Path) -> None:
    key = new_key()
    with pytest.raises(KeyFileError) as caught:
        read_keys(written(tmp_path, {"keys": [entry(sha256=key)]}))
    assert key not in str(caught.value)


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(KeyFileError, match="nowhere: No such file"):
        read_keys(tmp_path / "nowhere")


def test_a_thousand_keys_can_be_used_and_not_one_more(tmp_path: Path) -> None:
    entries = [entry(id=f"n{n}", sha256=f"{n:064x}") for n in range(1001)]
    assert len(read_keys(written(tmp_path, {"keys": entries[:1000]}))) == 1000
    with pytest.raises(KeyFileError, match="1001 keys"):
        read_keys(written(tmp_path, {"keys": entries}))


def test_folders_that_are_not_there_are_made(tmp_path: Path) -> None:
    file = tmp_path / "one" / "two" / "api-keys.json"
    add_key(file, entry_for(new_key(), "marketing"))
    add_key(file, entry_for(new_key(), "sales"))
    assert [each.id for each in read_keys(file)] == ["marketing", "sales"]


def test_a_full_disk_leaves_the_file_as_it_was_and_nothing_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = written(tmp_path, {"keys": [entry()]})
    before = file.read_bytes()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        add_key(file, entry_for(new_key(), "sales"))
    assert file.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["api-keys.json"]


def command(*arguments: object) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "churn_serving.gateway.api_keys", "new", *map(str, arguments)]
    return subprocess.run(line, check=False, capture_output=True, text=True, timeout=180)


def test_the_command_prints_a_key_and_its_entry() -> None:
    made = command("--id", "marketing")
    key, shown = made.stdout.splitlines()
    assert made.returncode == 0
    assert json.loads(shown) == {"id": "marketing", "sha256": sha256(key.encode()).hexdigest()}


def test_the_command_adds_to_a_file_that_only_its_owner_reads(tmp_path: Path) -> None:
    real = tmp_path / "folder" / "api-keys.json"
    link = tmp_path / "link.json"
    link.symlink_to(real)
    first = command("--id", "marketing", "--file", link, "--expires", "2027-01-01T00:00:00+01:00").stdout.strip()
    second = command("--id", "sales", "--file", link).stdout.strip()
    entries = read_keys(real)
    assert [each.sha256 for each in entries] == [sha256(key.encode()).hexdigest() for key in (first, second)]
    assert [each.not_after is None for each in entries] == [False, True]
    assert real.stat().st_mode & 0o777 == 0o600
    assert link.is_symlink()
    assert [path.name for path in real.parent.iterdir()] == ["api-keys.json"]


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--id", "two words"], "id"),
        (["--id", "marketing", "--expires", "soon"], "--expires"),
        (["--id", "marketing", "--expires", "2027-01-01"], "time zone"),
        (["--id", "taken", "--file", "{file}"], "keys[1]: the id taken"),
        (["--id", "marketing", "--file", "{file}/below"], "api_keys: "),
    ],
)
def test_the_command_changes_nothing_when_it_cannot_do_as_told(
    tmp_path: Path, arguments: list[str], named: str
) -> None:
    file = written(tmp_path, {"keys": [entry(id="taken")]})
    before = file.read_bytes()
    ended = command(*(each.format(file=file) for each in arguments))
    assert (ended.returncode, ended.stdout) == (2, "")
    assert named in ended.stderr
    assert len(ended.stderr.splitlines()) == 1
    assert file.read_bytes() == before
