"""``python -m ci.dashboards FOLDER``: write every dashboard there, each as Grafana's own exports are written."""

import argparse
import json
from pathlib import Path

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from ci.dashboards import capacity, model, rollout, serving, slo, training

TOPICS = (slo, serving, rollout, model, training, capacity)


def main() -> None:
    """Write them; files of dashboards that are no more are left to whoever compares folders."""
    parser = argparse.ArgumentParser(prog="ci/generate-dashboards", description="Write Grafana's dashboards as JSON.")
    parser.add_argument("folder", type=Path)
    folder: Path = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    for topic in TOPICS:
        made = topic.build()
        text = json.dumps(made, cls=JSONEncoder, indent=2, sort_keys=True, ensure_ascii=False)
        (folder / f"{made.uid}.json").write_text(f"{text}\n")


if __name__ == "__main__":
    main()
