"""A file that says who is trusted is read up to its limit, and replaced whole or not at all."""

import errno
import os
from pathlib import Path

import pytest

from churn_model.small_files import MAXIMUM_BYTES, read_small_file, replace_private_file


def names(folder: Path) -> list[str]:
    return [each.name for each in folder.iterdir()]


def test_as_many_bytes_as_may_be_are_read_and_no_more(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x" * 5)
    assert read_small_file(path, 5) == b"x" * 5
    with pytest.raises(OSError, match="larger than 4 bytes") as refused:
        read_small_file(path, 4)
    assert refused.value.errno == errno.EFBIG
    path.write_bytes(b"x" * (1 << 20))
    assert len(read_small_file(path)) == 1 << 20 == MAXIMUM_BYTES
    path.write_bytes(b"x" * ((1 << 20) + 1))
    with pytest.raises(OSError, match="larger than 1048576 bytes"):
        read_small_file(path)


def test_links_are_followed_on_both_ways(tmp_path: Path) -> None:
    """Mounted files are links."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "file").write_bytes(b"old")
    (tmp_path / "link").symlink_to(tmp_path / "data" / "file")
    assert read_small_file(tmp_path / "link") == b"old"
    replace_private_file(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "data" / "file").read_bytes() == b"new"


def test_only_its_owner_can_read_what_was_replaced(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "keys" / "file"
    replace_private_file(path, b"secret")
    path.chmod(0o644)
    replace_private_file(path, b"another")
    assert path.read_bytes() == b"another"
    assert path.stat().st_mode & 0o777 == 0o600
    assert names(path.parent) == ["file"]


def test_what_cannot_be_replaced_stays_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    (tmp_path / "folder" / "full").mkdir(parents=True)
    with pytest.raises(OSError, match="folder"):
        replace_private_file(tmp_path / "folder", b"content")
    assert names(tmp_path) == ["folder"]


def test_a_disk_that_is_full_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "no space left")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="no space left"):
        replace_private_file(path, b"new")
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["file"]
