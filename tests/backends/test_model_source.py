"""Whatever changes at a model's path is another content; what does not exist is none."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from churn_serving.backend.model_source import fingerprint


@pytest.fixture
def champion(tmp_path: Path) -> Path:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "manifest.json").write_text("{}")
    (tmp_path / "one" / "link").symlink_to("manifest.json")
    (tmp_path / "champion").symlink_to("one")
    return tmp_path / "champion"


def write(path: Path, content: str) -> None:
    path.write_text(content)


def replaced(path: Path) -> None:
    """The same name, size and time, in another file."""
    status = path.stat()
    path.with_suffix(".new").write_bytes(path.read_bytes())
    os.utime(path.with_suffix(".new"), ns=(status.st_atime_ns, status.st_mtime_ns))
    path.with_suffix(".new").replace(path)


def pointed(champion: Path) -> None:
    champion.unlink()
    champion.symlink_to("two")


CHANGES: dict[str, Callable[[Path], object]] = {
    "another folder": pointed,
    "a further file": lambda champion: write(champion / "signature", ""),
    "a file less": lambda champion: (champion / "manifest.json").unlink(),
    "a link less": lambda champion: (champion / "link").unlink(),
    "a longer file": lambda champion: write(champion / "manifest.json", "{} "),
    "a later file": lambda champion: os.utime(champion / "manifest.json", ns=(1, 1)),
    "another file of the same size and time": lambda champion: replaced(champion / "manifest.json"),
    "another name": lambda champion: (champion / "manifest.json").rename(champion / "manifest"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_one(champion: Path, change: str) -> None:
    before = fingerprint(champion)
    assert before is not None
    assert before == fingerprint(champion) == fingerprint(champion.resolve())
    CHANGES[change](champion)
    assert fingerprint(champion) not in (before, None)


def test_a_link_is_looked_at_and_not_where_it_leads(champion: Path) -> None:
    (champion / "link").unlink()
    (champion / "link").symlink_to("/nowhere")
    before = fingerprint(champion)
    assert before is not None
    (champion.parent / "elsewhere").write_text("x")
    (champion / "far").symlink_to(champion.parent / "elsewhere")
    with_link = fingerprint(champion)
    (champion.parent / "elsewhere").write_text("longer")
    assert before != with_link == fingerprint(champion)


@pytest.mark.parametrize("target", ["nowhere", "champion", "one/manifest.json"])
def test_what_is_no_folder_has_no_content(champion: Path, target: str) -> None:
    champion.unlink()
    champion.symlink_to(target)
    assert fingerprint(champion) is None
