"""What ARCHITECTURE.md says of the tree, held against the tree; and no module outgrows what one sitting can read."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOPS = ("model_repo", "training", "serving")
LONGEST = 250
MODULES = [path for top in TOPS for path in sorted((ROOT / top).rglob("*.py")) if not path.name.endswith("_pb2.py")]
TEXT = (ROOT / "ARCHITECTURE.md").read_text()


def test_no_module_is_longer_than_can_be_read_at_once() -> None:
    lines = {path.relative_to(ROOT).as_posix(): len(path.read_text().splitlines()) for path in MODULES}
    assert {name: count for name, count in lines.items() if count > LONGEST} == {}


def test_every_module_that_is_named_is_there() -> None:
    named = set(re.findall(r"`([\w/]+\.py)`", TEXT))
    there = [f"/{path.as_posix()}" for path in MODULES]
    assert len(named) > 100, "the names are written in another way"
    absent = [name for name in sorted(named) if not any(path.endswith(f"/{name}") for path in there)]
    assert [name for name in absent if not (ROOT / name).is_file()] == []


@pytest.mark.parametrize("top", TOPS)
def test_every_package_and_every_layer_of_serving_is_named(top: str) -> None:
    packages = {path.parent.name for path in (ROOT / top).glob("*/__init__.py")}
    layers = {path.parent.name for path in (ROOT / top).glob("churn_serving/*/__init__.py")}
    table = set(re.findall(r"`(\w+)`", TEXT.partition("## Layers")[2].partition("## One request")[0]))
    assert packages | layers <= table
