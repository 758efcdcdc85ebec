"""TLS between the gateway and those it asks, by values: what each pod shows or believes; nothing stays in the clear."""

from typing import Any

import pytest

from tests.charts.rendered import Chart, Document, Pod, Refused, nested, only, pods

ON: dict[str, Any] = nested(
    tls__backends={
        "enabled": True,
        "primarySecret": "of-primary",
        "fallbackSecret": "of-fallback",
        "authoritySecret": "company",
    }
)
CANARY = {"enabled": True, "model": {"uri": "s3://churn-models/2/"}}
SECRETS = {"primary": "of-primary", "canary": "of-primary", "fallback": "of-fallback", "gateway": "company"}


def serving(documents: list[Document]) -> dict[str, Pod]:
    """The pods that answer, by component."""
    return {
        pod.component: pod for pod in pods(documents) if pod.component in SECRETS and not pod.owner.startswith("Job")
    }


def environment(pod: Pod) -> dict[str, str]:
    return {one["name"]: one.get("value", "") for one in pod.spec["containers"][0]["env"]}


def test_each_shows_its_own_certificate_and_the_gateway_believes_the_authority(chart: Chart) -> None:
    found = serving(chart.render({**ON, "canary": CANARY}))
    assert found.keys() == SECRETS.keys()
    for component, pod in found.items():
        (volume,) = (one for one in pod.spec["volumes"] if one["name"] == "tls")
        (mount,) = (one for one in pod.spec["containers"][0]["volumeMounts"] if one["name"] == "tls")
        assert volume["secret"]["secretName"] == SECRETS[component]
        assert mount["readOnly"]
        assert "subPath" not in mount  # what is mounted so is never renewed
        files = {f"{mount['mountPath']}/{one['path']}" for one in volume["secret"]["items"]}
        told = {value for name, value in environment(pod).items() if "_TLS_" in name}
        assert told == files
        assert len(files) == (1 if component == "gateway" else 2)


def test_the_gateway_asks_by_names_that_no_other_namespace_has(chart: Chart) -> None:
    told = environment(serving(chart.render({**ON, "canary": CANARY}))["gateway"])
    assert {name: value for name, value in told.items() if name.endswith("_URL")} == {
        "CHURN_GATEWAY_PRIMARY_URL": "https://churn-primary-predictor.churn.svc:80",
        "CHURN_GATEWAY_CANARY_URL": "https://churn-canary-predictor.churn.svc:80",
        "CHURN_GATEWAY_FALLBACK_URL": "https://churn-fallback.churn.svc:8080",
    }


def test_probes_speak_tls_where_the_port_does_and_metrics_stay_as_they_were(chart: Chart) -> None:
    before, after = chart.render(), chart.render(ON)
    for component, pod in serving(after).items():
        (container,) = pod.spec["containers"]
        schemes = {container[f"{kind}Probe"]["httpGet"].get("scheme") for kind in ("startup", "readiness", "liveness")}
        assert schemes == ({None} if component == "gateway" else {"HTTPS"})
        assert 9090 in {port["containerPort"] for port in container["ports"]}
    monitors = [[one for one in documents if one["kind"] == "PodMonitor"] for documents in (before, after)]
    assert monitors[0] == monitors[1]


def test_no_port_of_a_backend_stays_in_the_clear(chart: Chart) -> None:
    documents = chart.render(ON)
    primary = serving(documents)["primary"]
    assert environment(primary)["CHURN_PREDICTOR_GRPC_PORT"] == "0"
    assert [port["name"] for port in primary.spec["containers"][0]["ports"]] == ["http", "metrics"]
    assert only(documents, "ServingRuntime", "churn-predictor")["spec"]["protocolVersions"] == ["v2"]


def test_without_a_primary_the_fallback_alone_needs_a_certificate(chart: Chart) -> None:
    backends = {"enabled": True, "fallbackSecret": "of-fallback", "authoritySecret": "company"}
    documents = chart.render({**nested(tls__backends=backends), **nested(primary__enabled=False)})
    assert environment(serving(documents)["gateway"])["CHURN_GATEWAY_PRIMARY_URL"] == (
        "https://churn-fallback.churn.svc:8080"
    )


@pytest.mark.parametrize("missing", ["primarySecret", "fallbackSecret", "authoritySecret"])
def test_a_secret_that_is_not_named_is_asked_for(chart: Chart, missing: str) -> None:
    given = {key: value for key, value in ON["tls"]["backends"].items() if key != missing}
    with pytest.raises(Refused, match=rf"tls\.backends\.{missing}: needed"):
        chart.render(nested(tls__backends=given))
