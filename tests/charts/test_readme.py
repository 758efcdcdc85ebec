"""What people read is what the chart does."""

import re
import subprocess
import sys
from typing import Any

import pytest
import yaml

from tests.charts.rendered import Chart

IN_QUOTES = re.compile(r"`([a-z][A-Za-z]*(?:\.[A-Za-z]+)+)`")
ON_COMMAND_LINES = re.compile(r"--set ([a-z][A-Za-z.]+)=")
FILES = {"ca.crt", "tls.crt", "tls.key", "values.yaml", "values.schema.json"}


def test_the_table_of_values_is_current(chart: Chart) -> None:
    script = chart.folder.parents[1] / "ci" / "generate-chart-readme"
    done = subprocess.run([sys.executable, script, "--check"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("file", "pattern"),
    [
        ("README.md", IN_QUOTES),
        ("values.yaml", IN_QUOTES),
        ("charts/churn-library/templates/_notes-sections.tpl", ON_COMMAND_LINES),
    ],
)
def test_every_value_that_is_spoken_of_exists(chart: Chart, file: str, pattern: re.Pattern[str]) -> None:
    values = yaml.safe_load((chart.folder / "values.yaml").read_text())
    spoken = set(pattern.findall((chart.folder / file).read_text())) - FILES
    assert spoken
    # What several components have, such as `persistence.retain`, is spoken of without its owner.
    owners = [values, *(inner for inner in values.values() if isinstance(inner, dict))]
    assert not {path for path in spoken if not any(reaches(owner, path) for owner in owners)}


def reaches(node: Any, path: str) -> bool:
    for name in path.split("."):
        if not isinstance(node, dict) or name not in node:
            return False
        node = node[name]
    return True
