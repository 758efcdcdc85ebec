"""``python -m ci.panels DASHBOARD ANSWERS PAGE``: write a page that draws a dashboard, and print how high it is."""

import argparse
import json
import sys
from pathlib import Path

LINE = 30
"""Pixels of a line of the grid, as in ``panels.tsx``."""
_ABOVE = 100  # the title and the margins
_STYLE = """
body { margin: 16px; width: 1560px; font: 14px/1.4 sans-serif; background: #f4f5f5; color: #24292e }
h1 { font-size: 20px } h2 { font-size: 16px; margin: 2px 0 } p.nothing { color: #6c757d; text-align: center }
.listing { border-collapse: collapse; width: 100%; font-size: 12px; overflow-wrap: anywhere }
.listing td, .listing th { text-align: left; padding: 4px 8px; border-bottom: 1px solid #dde }
"""


def main() -> None:
    """Write the page beside the script that it loads."""
    parser = argparse.ArgumentParser(prog="ci.panels", description=__doc__)
    for name in ("dashboard", "answers", "page"):
        parser.add_argument(name, type=Path)
    paths = parser.parse_args()
    board = json.loads(paths.dashboard.read_text())
    picture = {"board": board, "results": json.loads(paths.answers.read_text())[board["uid"]]}
    text = json.dumps(picture).replace("</", "<\\/")  # inside of a script
    paths.page.write_text(
        f'<!doctype html><meta charset="utf-8"><link rel="stylesheet" href="panels.css"><style>{_STYLE}</style>'
        f'<div id="root"></div><script>window.PICTURE = {text}</script><script src="panels.js"></script>'
    )
    bottom = max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in board["panels"])
    sys.stdout.write(f"{bottom * LINE + _ABOVE}\n")


if __name__ == "__main__":
    main()
