"""``compose.yaml`` without a Docker: by the rules of Compose's own library (``ci/slo``), and by what our processes,
images and Prometheus make of it."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from churn_cli.main import build_parser
from churn_serving.bento.settings import BentoSettings
from churn_serving.gateway.settings import GatewaySettings
from churn_serving.predictor.settings import PredictorSettings
from tests.slo.manifests import MANIFESTS, ROOT, RULES

COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
CONFIGURATION = MANIFESTS / "compose"
OURS = {"starter", "primary", "fallback", "gateway", "prediction-log", "mlflow"}
each_service = pytest.mark.parametrize("service", SERVICES.values(), ids=SERVICES.keys())


def mounts(service: dict[str, Any]) -> dict[str, str]:
    """What lies where: sources by their places in a container."""
    return {place: source for source, place, *_ in (one.split(":") for one in service.get("volumes", []))}


def test_everything_that_people_expect_is_there() -> None:
    assert set(SERVICES) == OURS | {"prometheus", "alertmanager", "grafana"}


@each_service
def test_only_this_machine_reaches_it(service: dict[str, Any]) -> None:
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))


def test_no_two_services_want_one_port() -> None:
    ports = [port.split(":")[-2] for service in SERVICES.values() for port in service.get("ports", [])]
    assert len(set(ports)) == len(ports) > 5


@each_service
def test_what_is_mounted_is_there(service: dict[str, Any]) -> None:
    for source in mounts(service).values():
        assert (ROOT / source).exists() if source.startswith("./") else source in COMPOSE["volumes"], source


@pytest.mark.parametrize("name", sorted(OURS))
def test_images_are_those_that_are_built_here(name: str) -> None:
    image = re.fullmatch(
        r"\$\{CHURN_REGISTRY:-docker.io/churn-serving\}/(\w+):\$\{CHURN_TAG:-0.1.0\}", SERVICES[name]["image"]
    )
    assert image
    assert [*ROOT.glob(f"*/images/{image[1]}.Dockerfile")]
    assert image[1] in (ROOT / "ci/compose").read_text()


@each_service
def test_images_of_others_have_a_fixed_version(service: dict[str, Any]) -> None:
    assert re.search(r":(v?\d+\.\d+\.\d+|\$\{CHURN_TAG:-\d+\.\d+\.\d+\})\}?$", service["image"])


@pytest.mark.parametrize(
    ("name", "settings"),
    [("gateway", GatewaySettings), ("primary", PredictorSettings), ("fallback", BentoSettings)],
    ids=["gateway", "primary", "fallback"],
)
def test_processes_take_their_settings(name: str, settings: type[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    dockerfile = SERVICES[name]["image"].split("/")[-1].split(":")[0].replace("fallback", "bento")
    text = (ROOT / f"serving/images/{dockerfile}.Dockerfile").read_text()
    environment = dict(re.findall(r"\b(CHURN_\w+)=(\S+)", text)) | SERVICES[name].get("environment", {})
    for key, value in environment.items():
        monkeypatch.setenv(key, value)
    read = settings()
    assert read.host == "0.0.0.0"
    known = {f"{read.model_config['env_prefix']}{field}".upper() for field in settings.model_fields}
    assert set(environment) <= known | {"CHURN_HOME", "CHURN_VERIFY_KEY"}
    assert read.metrics_port == 9090


def test_the_gateway_asks_those_who_are_there() -> None:
    environment = SERVICES["gateway"]["environment"]
    asked = [environment[f"CHURN_GATEWAY_{name}_URL"] for name in ("PRIMARY", "FALLBACK")]
    assert asked == ["http://primary:8080", "http://fallback:8080"]


def test_answers_are_kept_where_they_are_taken_away() -> None:
    gateway, shipper, starter = (SERVICES[name] for name in ("gateway", "prediction-log", "starter"))
    kept = gateway["environment"]["CHURN_GATEWAY_PREDICTION_LOG"]
    assert shipper["command"][:4] == ["log", "ship", "--segments", kept]
    assert gateway["environment"]["CHURN_GATEWAY_PREDICTION_LOG_KEYS"] in starter["entrypoint"][-1]
    places = [mounts(service)["/tmp"] for service in (gateway, shipper, starter)]
    assert places == ["predictions"] * 3
    options = build_parser().parse_args(shipper["command"])
    assert (options.metrics_host, options.metrics_port) == ("0.0.0.0", 9090)


def test_prometheus_reads_every_process_that_shows_metrics_and_tells_alertmanager() -> None:
    document = yaml.safe_load((CONFIGURATION / "prometheus.yaml").read_text())
    (job,) = document["scrape_configs"]
    shown = ("gateway", "primary", "fallback", "prediction-log")
    assert job["static_configs"] == [{"targets": [f"{name}:9090" for name in shown]}]
    assert document["alerting"]["alertmanagers"][0]["static_configs"] == [{"targets": ["alertmanager:9093"]}]


def test_prometheus_takes_its_configuration_with_every_rule(tmp_path: Path) -> None:
    text = (CONFIGURATION / "prometheus.yaml").read_text()
    for place, source in mounts(SERVICES["prometheus"]).items():
        text = text.replace(f"{place}/", f"{ROOT / source}/")
    (tmp_path / "prometheus.yaml").write_text(text)
    checked = subprocess.run(
        ["promtool", "check", "config", str(tmp_path / "prometheus.yaml")],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert checked.returncode == 0, checked.stderr
    assert checked.stdout.count("rules found") == len(RULES)


def test_grafana_finds_its_prometheus_and_the_dashboards() -> None:
    (source,) = yaml.safe_load((CONFIGURATION / "grafana/datasources.yaml").read_text())["datasources"]
    assert (source["type"], source["url"], source["isDefault"]) == ("prometheus", "http://prometheus:9090", True)
    (provider,) = yaml.safe_load((CONFIGURATION / "grafana/dashboards.yaml").read_text())["providers"]
    folder = provider["options"]["path"]
    assert mounts(SERVICES["grafana"])[folder] == "./manifests/dashboards"
    home = SERVICES["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"].removeprefix(f"{folder}/")
    assert json.loads((MANIFESTS / "dashboards" / home).read_text())["uid"] == "churn-serving"


def test_a_reader_finds_every_address_at_the_top() -> None:
    head = (ROOT / "compose.yaml").read_text().split("name: churn")[0]
    ports = [
        re.sub(r"\$\{\w+:-(\d+)\}", r"\1", port).split(":")[1]
        for service in SERVICES.values()
        for port in service.get("ports", [])
    ]
    assert all(port in head for port in ports)
