"""Whom this machine's Prometheus reads, and by which rules: written anew at each start, since ports may be others."""

import json
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from churn_serving.local.errors import SettingError
from churn_serving.local.services import ServiceSpec, scrape_configuration

_SECONDS = "15s"
_RULES = ("manifests/slo/generated/*.yaml", "manifests/alerts/*.yaml")
_WORKING_COPY = Path(__file__).resolve().parents[3]
"""Where the rules of the project lie; an installation without them has none."""


def write_scraping(services: Sequence[ServiceSpec], home: Path) -> None:
    """Make sure that Prometheus, should it be one of them, reads all others that show metrics.

    Raises:
        SettingError: the file cannot be written.
    """
    path = scrape_configuration(home)
    shown = [urlsplit(service.addresses["metrics"]).netloc for service in services if "metrics" in service.addresses]
    configuration = {
        "global": {"scrape_interval": _SECONDS, "evaluation_interval": _SECONDS},
        "rule_files": [str(_WORKING_COPY / rules) for rules in _RULES],
        "scrape_configs": [{"job_name": "churn", "static_configs": [{"targets": shown}]}],
    }
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(configuration, indent=2))
    except OSError as error:
        raise SettingError(f"{path}: cannot be written ({error.strerror})") from error
