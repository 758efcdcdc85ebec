"""``python -m ci.postman FOLDER``: write the collection and its environments there."""

import argparse
import json
from pathlib import Path

from ci.postman import app, bad_input, health, keys, predictions, protocol, scenarios
from ci.postman.items import Item, collection, environment

_ABOUT = (
    "Everything that Churn Serving answers over HTTP, and the app for people, with tests in every request. Choose an environment and run it: it asks about a usual "
    "customer of the model that is served, or about the one whose features you put into `customer`; folders that need more (a key, a stopped server, a data file) leave themselves out. Each answer of the "
    "gateway is held against its OpenAPI document. Made by ci/generate-postman."
)
_SECRET = ("api_key", "app_password")
_PARTS = (health, predictions, bad_input, protocol, keys, scenarios, app)


def files() -> dict[str, Item]:
    """Every file by its name."""
    shared = {"customer_id": "C-1024", "customer": ""}
    local = {
        "gateway": "http://127.0.0.1:8080", "primary": "http://127.0.0.1:8082", "fallback": "http://127.0.0.1:8084",
        "gateway_metrics": "http://127.0.0.1:9090", "primary_metrics": "http://127.0.0.1:9091",
        "fallback_metrics": "http://127.0.0.1:9092", "api_key": "", "unready_gateway": "", "expect_served_by": "",
        "app": "http://127.0.0.1:8085", "app_person": "planner", "app_password": "",
    }  # fmt: skip
    # Backends and metrics of a cluster are for those inside it.
    cluster = dict.fromkeys(local, "") | {"gateway": "https://churn.example.com", "app_person": "planner"}
    return {
        "churn-serving.postman_collection.json": collection("Churn Serving", _ABOUT, [one for part in _PARTS for one in part.build()]),
        "local.postman_environment.json": environment("Churn Serving: this machine (make run)", {**local, **shared}, _SECRET),
        "cluster.postman_environment.json": environment("Churn Serving: a cluster, with a key", {**cluster, **shared}, _SECRET),
    }  # fmt: skip


def main() -> None:
    """Write them."""
    parser = argparse.ArgumentParser(prog="ci/generate-postman", description="Write the Postman collection as JSON.")
    parser.add_argument("folder", type=Path, help="where to")
    folder: Path = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files().items():
        (folder / name).write_text(f"{json.dumps(content, indent=2, ensure_ascii=False)}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
