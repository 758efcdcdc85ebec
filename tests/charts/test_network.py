"""Only the edges that the flow needs, computed from the rendered policies as a cluster would."""

from typing import Any

import pytest

from tests.charts.policies import Edge, Place, edges, matches
from tests.charts.rendered import LOOKING_BACK, SHOWN, Chart, Document, nested, only, pods

STRANGER = Place("stranger", frozenset({8080}), labels={"app": "shop"}, namespace={"team": "shop"})
NEIGHBOUR = Place("neighbour", frozenset({8080}), labels={"app": "other"})
MONITOR = Place("monitor", frozenset(), labels={"app": "prometheus"}, namespace={"team": "monitoring"})
OUTSIDE = Place("outside", frozenset({53, 80, 443, 6443, 9000}), address="192.0.2.1")
EVERYBODY = {
    "gateway",
    "primary",
    "fallback",
    "mlflow",
    "object-storage",
    "storage-setup",
    "training",
    "scoring",
    "bootstrap",
    "first-answer",
    "test",
}

FLOW: set[Edge] = {
    *(
        (source, "gateway", port)
        for source in ("stranger", "neighbour", "monitor", "outside", "test")
        for port in (8080, 8081)
    ),
    ("first-answer", "gateway", 8080),
    ("gateway", "primary", 8080),
    ("gateway", "fallback", 8080),
    *((source, "object-storage", 9000) for source in ("primary", "training", "scoring", "mlflow", "storage-setup")),
    ("training", "mlflow", 5000),
}
DNS: set[Edge] = {(source, "outside", 53) for source in EVERYBODY}
API: set[Edge] = {(source, "outside", port) for source in ("bootstrap", "first-answer") for port in (443, 6443)}
# Places that no policy of ours holds back may do among themselves what they like.
OTHERS = {"stranger", "neighbour", "monitor", "outside"}


def found(documents: list[Document]) -> set[Edge]:
    policies = [one for one in documents if one["kind"] == "NetworkPolicy"]
    places = {
        pod.component: Place(
            pod.component,
            frozenset(port["containerPort"] for one in pod.containers for port in one.get("ports", [])),
            labels=pod.labels,
        )
        for pod in pods(documents)
    }
    every = edges(policies, [*places.values(), STRANGER, NEIGHBOUR, MONITOR, OUTSIDE])
    return {edge for edge in every if not {edge[0], edge[1]} <= OTHERS}


def test_the_edges_are_those_of_the_table(chart: Chart) -> None:
    assert found(chart.render()) == FLOW | DNS | API


def test_a_canary_is_asked_and_reads_as_the_primary_does(chart: Chart) -> None:
    documents = chart.render(nested(canary__enabled=True, canary__model__uri="s3://m/2/"))
    more = {("gateway", "canary", 8080), ("canary", "object-storage", 9000), ("canary", "outside", 53)}
    assert found(documents) == FLOW | DNS | API | more


def test_the_gateway_opens_to_whom_is_named(chart: Chart) -> None:
    documents = chart.render(
        nested(gateway__networkPolicy__from=[{"namespaceSelector": {"matchLabels": {"team": "shop"}}}])
    )
    closed = {(source, "gateway", port) for source in ("neighbour", "monitor", "outside") for port in (8080, 8081)}
    assert found(documents) == (FLOW - closed) | DNS | API


def test_more_is_opened_for_the_component_that_is_named(chart: Chart) -> None:
    peer = {"podSelector": {"matchLabels": {"app": "other"}}}
    more = {
        "training": {"egress": [{"to": [{"ipBlock": {"cidr": "192.0.2.1/32"}}], "ports": [6443]}]},
        "mlflow": {"ingress": [{"from": [peer], "ports": [5000]}]},
    }
    opened = {("training", "outside", 6443), ("neighbour", "mlflow", 5000)}
    assert found(chart.render(nested(networkPolicy__more=more))) == FLOW | DNS | API | opened


def test_metrics_open_to_whom_is_named(chart: Chart) -> None:
    peer = {"namespaceSelector": {"matchLabels": {"team": "monitoring"}}}
    documents = chart.render(nested(networkPolicy__monitoring__from=[peer]))
    more = {("monitor", target, 9090) for target in ("gateway", "primary", "fallback")}
    assert found(documents) == FLOW | DNS | API | more


def test_a_gateway_that_keeps_answers_reaches_object_storage_and_shows_one_port_more(chart: Chart) -> None:
    peer = {"namespaceSelector": {"matchLabels": {"team": "monitoring"}}}
    documents = chart.render(nested(gateway__predictionLog__enabled=True, networkPolicy__monitoring__from=[peer]))
    more = {("monitor", target, 9090) for target in ("gateway", "primary", "fallback")}
    more |= {("monitor", "gateway", 9091), ("gateway", "object-storage", 9000)}
    assert found(documents) == FLOW | DNS | API | more


def test_a_gateway_that_keeps_answers_elsewhere_reaches_the_given_address_alone(chart: Chart) -> None:
    values = nested(
        gateway__predictionLog__enabled=True,
        objectStorage__enabled=False,
        networkPolicy__objectStorage={"to": [{"ipBlock": {"cidr": "192.0.2.1/32"}}], "ports": [443]},
    )
    expected = {edge for edge in FLOW | DNS | API if "object-storage" not in edge}
    stored = ("primary", "training", "scoring", "mlflow", "storage-setup", "gateway")
    assert found(chart.render(values)) == expected | {(source, "outside", 443) for source in stored}


LOOKERS = ("drift", "outcomes", "outcomes-report")


def test_who_looks_back_reaches_object_storage_and_the_condition_its_api_server(chart: Chart) -> None:
    peer = {"namespaceSelector": {"matchLabels": {"team": "monitoring"}}}
    documents = chart.render({**LOOKING_BACK, **nested(networkPolicy__monitoring__from=[peer])})
    more = {("monitor", target, 9090) for target in ("gateway", "primary", "fallback", "drift", "outcomes")}
    more |= {("monitor", "gateway", 9091), ("gateway", "object-storage", 9000)}
    more |= {(name, "object-storage", 9000) for name in LOOKERS} | {(name, "outside", 53) for name in LOOKERS}
    more |= {("drift", "outside", port) for port in (443, 6443)}
    assert found(documents) == FLOW | DNS | API | more


def test_the_app_for_people_asks_gateway_and_object_storage_and_lets_in_whom_is_named(chart: Chart) -> None:
    asked: set[Edge] = {
        ("marketing", "gateway", 8080),
        ("marketing", "object-storage", 9000),
        ("marketing", "outside", 53),
    }
    assert found(chart.render(SHOWN)) == FLOW | DNS | API | asked
    peer = {"namespaceSelector": {"matchLabels": {"team": "shop"}}}
    named = {**SHOWN["marketing"], "networkPolicy": {"from": [peer]}}
    documents = chart.render({**SHOWN, "marketing": named, **nested(gateway__networkPolicy__from=[peer])})
    closed = {(source, "gateway", port) for source in ("neighbour", "monitor", "outside") for port in (8080, 8081)}
    assert found(documents) == (FLOW - closed) | DNS | API | asked | {("stranger", "marketing", 8085)}


def test_the_app_for_people_reaches_the_issuer_that_is_named(chart: Chart) -> None:
    issuer = {"issuer": "https://login.example.com", "clientId": "churn"}
    values = {**SHOWN, "marketing": {**SHOWN["marketing"], "oidc": issuer}}
    values |= nested(networkPolicy__oidc={"to": [{"ipBlock": {"cidr": "192.0.2.1/32"}}], "ports": [443]})
    assert ("marketing", "outside", 443) in found(chart.render(values))


def test_the_development_prometheus_reads_who_looks_back(chart: Chart) -> None:
    values = nested(
        gateway__predictionLog__enabled=True,
        monitoring={each: {"enabled": True} for each in ("development", "drift", "outcomes")},
    )
    read = {edge for edge in found(chart.render(values)) if edge[1] in LOOKERS}
    assert read == {("prometheus", "drift", 9090), ("prometheus", "outcomes", 9090)}


def test_who_looks_back_elsewhere_reaches_the_given_address_alone(chart: Chart) -> None:
    values = nested(
        objectStorage__enabled=False,
        networkPolicy__objectStorage={"to": [{"ipBlock": {"cidr": "198.51.100.1/32"}}], "ports": [443]},
        networkPolicy__apiServer={"to": [{"ipBlock": {"cidr": "192.0.2.1/32"}}], "ports": [6443]},
    )
    documents = chart.render({**LOOKING_BACK, **values})
    reached = {edge for edge in found(documents) if edge[0] in LOOKERS and edge[2] != 53}
    assert reached == {("drift", "outside", 6443)}


def test_every_port_that_is_read_is_one_that_the_operator_is_told_of(chart: Chart) -> None:
    """What a PodMonitor reads is what policies open to Prometheus: the same pods, the same ports."""
    peer = {"namespaceSelector": {"matchLabels": {"team": "monitoring"}}}
    values = nested(
        gateway__predictionLog__enabled=True,
        canary__enabled=True,
        canary__model__uri="s3://m/2/",
        networkPolicy__monitoring__from=[peer],
        monitoring={each: {"enabled": True} for each in ("podMonitor", "drift", "outcomes")},
    )
    documents = chart.render(values)
    spec = only(documents, "PodMonitor", "churn")["spec"]
    read = {endpoint["port"] for endpoint in spec["podMetricsEndpoints"]}
    targets = {
        ("monitor", pod.component, port["containerPort"])
        for pod in pods(documents)
        for container in pod.containers
        for port in container.get("ports", [])
        if port.get("name") in read and matches(spec["selector"], pod.labels)
    }
    assert len(targets) == 7
    anybody = {("monitor", "gateway", port) for port in (8080, 8081)}
    assert targets == {edge for edge in found(documents) if edge[0] == "monitor"} - anybody


def test_the_development_prometheus_reads_metrics_and_nobody_asks_it(chart: Chart) -> None:
    documents = chart.render(nested(monitoring__development__enabled=True, gateway__predictionLog__enabled=True))
    more: set[Edge] = {("prometheus", target, 9090) for target in ("gateway", "primary", "fallback")}
    more |= {("prometheus", "gateway", 9091), ("prometheus", "alertmanager", 9093), ("gateway", "object-storage", 9000)}
    more |= {("prometheus", "outside", 53), ("alertmanager", "outside", 53)}
    assert found(documents) == FLOW | DNS | API | more


def test_the_monitors_open_to_whom_is_named(chart: Chart) -> None:
    peer = {"namespaceSelector": {"matchLabels": {"team": "monitoring"}}}
    values = nested(monitoring__development__enabled=True)
    opened = chart.render(values | nested(monitoring__development={"enabled": True, "networkPolicy": {"from": [peer]}}))
    doors = {("monitor", "prometheus", 9090), ("monitor", "alertmanager", 9093)}
    assert found(opened) - found(chart.render(values)) == doors


def test_stores_open_to_people_who_are_named(chart: Chart) -> None:
    peer = [{"podSelector": {"matchLabels": {"app": "other"}}}]
    documents = chart.render(nested(mlflow__networkPolicy__from=peer, objectStorage__networkPolicy__from=peer))
    more = {("neighbour", "mlflow", 5000), ("neighbour", "object-storage", 9000)}
    assert found(documents) == FLOW | DNS | API | more


def test_stores_elsewhere_are_reached_at_the_given_address_alone(chart: Chart) -> None:
    here: dict[str, Any] = {"to": [{"ipBlock": {"cidr": "192.0.2.1/32"}}], "ports": [9000]}
    elsewhere: dict[str, Any] = {"to": [{"ipBlock": {"cidr": "198.51.100.1/32"}}], "ports": [443]}
    values = nested(
        objectStorage__enabled=False,
        mlflow__enabled=False,
        mlflow__externalUri="https://mlflow.example.com",
        networkPolicy__objectStorage=here,
        networkPolicy__mlflow=elsewhere,
    )
    gone = {"mlflow", "object-storage"}
    expected = {edge for edge in FLOW | DNS | API if not {edge[0], edge[1]} & gone}
    more: set[Edge] = {(source, "outside", 9000) for source in ("primary", "training", "scoring", "storage-setup")}
    assert found(chart.render(values)) == expected | more


def test_a_policy_opens_one_direction(chart: Chart) -> None:
    """kube-router keeps both directions of a policy in one chain: what lets anybody in would let that pod out, too."""
    for values in ({}, nested(canary__enabled=True, canary__model__uri="s3://m/2/")):
        for policy in chart.render(values):
            if policy["kind"] == "NetworkPolicy":
                assert not {"ingress", "egress"} <= policy["spec"].keys(), policy["metadata"]["name"]


@pytest.mark.parametrize("direction", ["Ingress", "Egress"])
def test_no_door_stands_open_on_one_side(chart: Chart, direction: str) -> None:
    """Each side alone lets through what the table says and no more; the other side is no excuse."""
    documents = chart.render()
    for policy in documents:
        if policy["kind"] == "NetworkPolicy":
            policy["spec"]["policyTypes"] = [one for one in policy["spec"]["policyTypes"] if one == direction]
    inside = {edge for edge in found(documents) if {edge[0], edge[1]} <= EVERYBODY}
    public: set[Edge] = {(name, "gateway", port) for name in EVERYBODY - {"gateway"} for port in (8080, 8081)}
    expected = {edge for edge in FLOW if {edge[0], edge[1]} <= EVERYBODY}
    assert inside == (expected | public if direction == "Ingress" else expected)


def test_the_evaluator_sees_an_edge_too_many(chart: Chart) -> None:
    """A policy that opens MLflow to serving pods must not go unseen."""
    documents = chart.render()
    for policy in documents:
        if policy["kind"] == "NetworkPolicy" and policy["metadata"]["name"] == "churn-mlflow":
            policy["spec"]["ingress"].append({})
        if policy["kind"] == "NetworkPolicy" and policy["metadata"]["name"] == "churn-gateway-egress":
            policy["spec"]["egress"].append({})
    assert ("gateway", "mlflow", 5000) in found(documents)
