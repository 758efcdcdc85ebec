"""The environments that ship are valid by the chart's schema and hold differences alone; pages lead somewhere."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from churn_delivery.environment_check import check_environment
from churn_delivery.layout import FILES, Layout, read_layout

ROOT = Path(__file__).resolve().parents[2]
ENVS = ROOT / "manifests" / "envs"


def read(path: str) -> bytes | None:
    file = ROOT / path
    return file.read_bytes() if file.is_file() else None


@pytest.fixture(scope="module")
def layout() -> Layout:
    return read_layout("manifests/envs", read)


def leaves(node: object, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], object]]:
    if isinstance(node, dict):
        for key, value in node.items():
            yield from leaves(value, (*path, key))
    else:
        yield path, node


def at(node: Any, path: tuple[str, ...]) -> object:
    for key in path:
        node = node[key]
    return node


def test_there_are_three_and_prod_comes_last(layout: Layout) -> None:
    assert dict(layout.before) == {"dev": None, "staging": None, "prod": "staging"}
    folders = {path.name for path in ENVS.iterdir() if path.is_dir()}
    assert folders == set(layout.before)
    for name in folders:
        assert {path.name for path in (ENVS / name).iterdir()} == set(FILES)


@pytest.mark.parametrize("environment", ["dev", "staging", "prod"])
def test_each_is_valid_and_holds_differences_alone(environment: str, layout: Layout) -> None:
    check_environment(layout, environment, read)
    defaults = yaml.safe_load((ROOT / layout.chart / "values.yaml").read_text())
    for file in FILES:
        for path, value in leaves(yaml.safe_load((ENVS / environment / file).read_text()) or {}):
            assert at(defaults, path) != value, (file, path)


def test_pages_of_tasks_lead_somewhere() -> None:
    pages = sorted((ROOT / "manifests/runbooks/tasks").glob("*.md"))
    assert {page.stem for page in pages} >= {"promote", "rebuild-registry", "retrain", "roll-back", "roll-out"}
    for page in pages:
        text = page.read_text()
        for target in re.findall(r"\]\(([^)]+)\)", text):
            assert (page.parent / target.partition("#")[0]).is_file(), (page.name, target)
