"""The make targets are the only interface, so `make help` must show every one of them."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_help_shows_every_target() -> None:
    (declared,) = re.findall(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    shown = subprocess.run(
        ["make", "--no-print-directory", "help"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    found = re.findall(r"^  make (\S+) +\S.*$", shown.stdout, re.MULTILINE)
    assert sorted(found) == sorted(declared.split())
