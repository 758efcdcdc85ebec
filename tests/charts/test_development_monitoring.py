"""The chart's own Prometheus, for real, beside the names that a cluster would give to its pods: it reads what
Prometheus Operator would by the PodMonitor, and loads every rule."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from tests.charts.policies import matches
from tests.charts.rendered import Chart, Document, nested, only, pods
from tests.charts.test_rules import made
from tests.slo.watchers import Prometheus, configured, until

VALUES = nested(
    monitoring__development__enabled=True,
    monitoring__podMonitor__enabled=True,
    monitoring__podMonitor__interval="7s",
    monitoring__prometheusRules__without=["ChurnModelServerAbsent"],
    monitoring__drift__enabled=True,
    monitoring__outcomes__enabled=True,
    networkPolicy__monitoring__from=[{"podSelector": {}}],
    gateway__predictionLog__enabled=True,
    canary__enabled=True,
    canary__model__uri="s3://m/2/",
)
PERMANENT = {"Deployment", "InferenceService"}
Labels = dict[str, str]


class Door(NamedTuple):
    """A port of a pod by its name, and the labels of the pod."""

    address: str
    port: int
    name: str
    labels: Labels


class Watched(NamedTuple):
    """What is rendered, every door of its pods, and a Prometheus that was told so."""

    documents: list[Document]
    doors: list[Door]
    prometheus: Prometheus


def doors(documents: list[Document]) -> Iterator[Door]:
    """Of two pods of each kind that runs."""
    for number, one in enumerate(pods(documents)):
        for copy in (1, 2):
            for container in one.containers if one.owner.split("/")[0] in PERMANENT else ():
                for port in container.get("ports", []):
                    yield Door(f"127.0.{number}.{copy}", port["containerPort"], port["name"], one.labels)


@pytest.fixture(scope="module")
def watched(chart: Chart, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    home = tmp_path_factory.mktemp("prometheus")
    documents = chart.render(VALUES)
    there = [*doors(documents)]
    with configured(home, mounted(documents, there, home)) as watcher:
        yield Watched(documents, there, watcher)


def mounted(documents: list[Document], there: list[Door], home: Path) -> Document:
    """The configuration as the pod would have it, on this machine; the name server's part is played by what it says."""
    (home / "rules").mkdir()
    for name, text in only(documents, "ConfigMap", "churn-prometheus-rules")["data"].items():
        (home / "rules" / name).write_text(text)
    text = only(documents, "ConfigMap", "churn-prometheus")["data"]["prometheus.yaml"]
    document: Document = yaml.safe_load(text.replace("/etc/prometheus", str(home)))
    (job,) = document["scrape_configs"]
    (discovery,) = job.pop("dns_sd_configs")
    job["static_configs"] = [group for name in discovery["names"] for group in answered(name, documents, there)]
    return document


def answered(name: str, documents: list[Document], there: list[Door]) -> Iterator[Document]:
    """What a name server of Kubernetes says to a name of a port of a headless Service, and Prometheus makes of it."""
    port, protocol, service = name.split(".")
    spec = only(documents, "Service", service)["spec"]
    assert (protocol, spec["clusterIP"], spec["publishNotReadyAddresses"]) == ("_tcp", "None", True)
    (wanted,) = (one["targetPort"] for one in spec["ports"] if f"_{one['name']}" == port)
    for door in there:
        if door.name == wanted and matches({"matchLabels": spec["selector"]}, door.labels):
            host = f"{door.address.replace('.', '-')}.{service}.churn.svc.cluster.local"
            yield {"targets": [f"{host}:{door.port}"], "labels": {"__meta_dns_name": name}}


def selected(watched: Watched) -> list[Labels]:
    """Targets that Prometheus Operator makes of the PodMonitor, by the labels that rules may ask for."""
    spec = only(watched.documents, "PodMonitor", "churn")["spec"]
    ports = [endpoint["port"] for endpoint in spec["podMetricsEndpoints"]]
    return [
        {
            "namespace": "churn",
            "endpoint": door.name,
            "instance": f"{door.address}:{door.port}",
            "job": door.labels[spec["jobLabel"]],
        }
        for door in watched.doors
        if door.name in ports and matches(spec["selector"], door.labels)
    ]


def in_order(targets: list[Labels]) -> list[str]:
    return sorted(json.dumps(one, sort_keys=True) for one in targets)


def test_it_reads_what_the_operator_would_read_by_the_pod_monitor(watched: Watched) -> None:
    expected = in_order(selected(watched))
    assert len(expected) == 14  # two pods of six kinds, and two sidecars

    def read() -> list[str]:
        return in_order([target["labels"] for target in watched.prometheus.targets()])

    until(lambda: read() == expected, 60, lambda: (read(), expected))
    spec = only(watched.documents, "PodMonitor", "churn")["spec"]
    intervals = {endpoint["interval"] for endpoint in spec["podMetricsEndpoints"]}
    assert {target["scrapeInterval"] for target in watched.prometheus.targets()} == intervals


def test_it_loads_every_rule_but_those_that_are_left_out(watched: Watched) -> None:
    rules = {rule for group in made().values() for rule in names(group["rules"])}
    assert watched.prometheus.rule_names() == rules - {"ChurnModelServerAbsent"}


def names(rules: list[Document]) -> Iterator[str]:
    for rule in rules:
        yield rule.get("alert") or rule["record"]


@pytest.mark.parametrize("name", ["prometheus", "alertmanager"])
def test_other_rules_or_routes_replace_the_pod(chart: Chart, name: str) -> None:
    def stamps(without: list[str]) -> Any:
        values = VALUES | {"monitoring": VALUES["monitoring"] | {"prometheusRules": {"without": without}}}
        template = only(chart.render(values), "Deployment", f"churn-{name}")["spec"]["template"]
        return template["metadata"]["annotations"]

    assert (stamps([]) != stamps(["ChurnModelServerAbsent"])) == (name == "prometheus")


def test_memory_has_an_end_below_that_of_the_pod(chart: Chart) -> None:
    for name, limit in (("prometheus", "460MiB"), ("alertmanager", "115MiB")):
        (container,) = only(chart.render(VALUES), "Deployment", f"churn-{name}")["spec"]["template"]["spec"][
            "containers"
        ]
        assert container["env"] == [{"name": "GOMEMLIMIT", "value": limit}]
        if name == "prometheus":
            assert "--storage.tsdb.retention.size=512MB" in container["args"]


def test_images_are_those_that_the_cluster_has(chart: Chart) -> None:
    text = (chart.folder.parents[1] / "ci/cluster/common").read_text()
    for name in ("prometheus", "alertmanager"):
        (container,) = only(chart.render(VALUES), "Deployment", f"churn-{name}")["spec"]["template"]["spec"][
            "containers"
        ]
        assert f"{name}_image={container['image']}" in text
