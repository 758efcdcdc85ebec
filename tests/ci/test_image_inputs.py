"""What decides whether an image is built again: its files and arguments, and no word about them."""

from pathlib import Path

import pytest

from ci.image import inputs

ARGUMENTS = {"VERSION": "1", "REVISION": "a" * 40, "BASE": "debian:12"}


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of some of the files that the gateway's image is made of."""
    for name in ("LICENSE", "model_repo/churn_model/money.py", "serving/churn_serving/core/policy.py"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    monkeypatch.setattr(inputs, "ROOT", tmp_path)
    return tmp_path


def digest(**changes: str) -> str:
    return inputs.digest("gateway", {**ARGUMENTS, **changes}, ["sha256:base"])


def test_a_commit_alone_builds_no_image_again(root: Path) -> None:
    before = digest()
    (root / "README.md").write_text("another commit")
    assert digest(REVISION="b" * 40, VERSION="2") == before


@pytest.mark.parametrize("path", ["model_repo/churn_model/money.py", "serving/churn_serving/core/new.py", "LICENSE"])
def test_a_file_in_it_does(root: Path, path: str) -> None:
    before = digest()
    (root / path).write_text("changed")
    assert digest() != before


def test_an_argument_and_the_image_below_do() -> None:
    assert digest(BASE="debian:13") != digest()
    assert inputs.digest("gateway", ARGUMENTS, ["sha256:other"]) != digest()
