"""``python -m ci.dashboards FOLDER [CHART]``: write every dashboard there, each as Grafana's own exports are written;
and once more without spaces to a second folder, for the chart, all of which Helm keeps in a Secret of bounded size."""

import argparse
import json
from pathlib import Path
from typing import Any

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from ci.dashboards import capacity, model, rollout, serving, slo, training

TOPICS = (slo, serving, rollout, model, training, capacity)


def main() -> None:
    """Write them; files of dashboards that are no more are left to whoever compares folders."""
    parser = argparse.ArgumentParser(prog="ci/generate-dashboards", description="Write Grafana's dashboards as JSON.")
    parser.add_argument("folder", type=Path, help="where they are written for people")
    parser.add_argument("chart", type=Path, nargs="?", help="where they are written without spaces")
    options = parser.parse_args()
    _write(options.folder, indent=2)
    if options.chart:
        _write(options.chart, separators=(",", ":"))


def _write(folder: Path, **form: Any) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for topic in TOPICS:
        made = topic.build()
        text = json.dumps(made, cls=JSONEncoder, sort_keys=True, ensure_ascii=False, **form)
        (folder / f"{made.uid}.json").write_text(f"{text}\n")


if __name__ == "__main__":
    main()
