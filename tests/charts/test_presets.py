"""Presets ship with the chart, are chosen by one flag, and keep what they promise."""

import subprocess
import tarfile
from decimal import Decimal
from pathlib import Path

import pytest
import yaml

from tests.charts.rendered import Chart, Document, nested, only, pods

PRESETS = sorted(path.name for path in (Path(__file__).resolve().parents[2] / "charts/churn/presets").glob("*.yaml"))
UNITS = {"m": Decimal("0.001"), "Mi": Decimal(2**20), "Gi": Decimal(2**30)}
# At the same time: a training Job, and what a hook or a test may run.
BESIDE = ("training", "test")


def quantity(text: str) -> Decimal:
    for unit, factor in UNITS.items():
        if text.endswith(unit):
            return Decimal(text.removesuffix(unit)) * factor
    return Decimal(text)


def replicas(document: Document) -> int:
    return int(document["spec"].get("replicas") or document["spec"].get("predictor", {}).get("minReplicas") or 1)


def total(documents: list[Document], resource: str) -> Decimal:
    """What all pods that run for good ask for, and those that run beside them."""
    owners = {f"{one['kind']}/{one['metadata']['name']}": one for one in documents}
    found = Decimal(0)
    for pod in pods(documents):
        if pod.owner.startswith(("Deployment", "InferenceService")) or pod.component in BESIDE:
            largest = max(quantity(container["resources"]["requests"][resource]) for container in pod.containers)
            found += largest * replicas(owners[pod.owner])
    return found


@pytest.mark.parametrize("preset", PRESETS)
def test_a_packaged_chart_holds_it(chart: Chart, tmp_path: Path, preset: str) -> None:
    subprocess.run([chart.helm, "package", chart.folder, "--destination", tmp_path], check=True, capture_output=True)
    (package,) = tmp_path.glob("*.tgz")
    with tarfile.open(package) as archive:
        assert f"churn/presets/{preset}" in archive.getnames()


def test_small_fits_two_cores_and_four_gibibytes_with_room_for_the_system(chart: Chart) -> None:
    documents = chart.render(None, chart.folder / "presets/small.yaml")
    assert total(documents, "cpu") <= Decimal("1.2")
    assert total(documents, "memory") <= 3 * 2**30


def test_small_needs_no_metrics_api(chart: Chart) -> None:
    documents = chart.render(None, chart.folder / "presets/small.yaml")
    assert not [one for one in documents if one["kind"] == "HorizontalPodAutoscaler"]


def test_small_may_lose_any_one_pod_of_those_that_answer(chart: Chart) -> None:
    documents = chart.render(None, chart.folder / "presets/small.yaml")
    assert replicas(only(documents, "Deployment", "churn-gateway")) >= 2
    backends = only(documents, "InferenceService", "churn-primary"), only(documents, "Deployment", "churn-fallback")
    assert sum(replicas(one) for one in backends) >= 2


def test_encryption_names_every_secret_that_its_comments_ask_for(chart: Chart) -> None:
    preset = chart.folder / "presets/tls.yaml"
    documents = chart.render(None, preset)
    assert only(documents, "ServingRuntime", "churn-predictor")["spec"]["protocolVersions"] == ["v2"]
    volumes = [volume for pod in pods(documents) for volume in pod.spec.get("volumes", []) if volume["name"] == "tls"]
    named = {volume["secret"]["secretName"] for volume in volumes}
    assert named == set(yaml.safe_load(preset.read_text())["tls"]["backends"].values()) - {True}
    assert len(named) == 3


def test_what_is_said_beside_a_preset_wins(chart: Chart) -> None:
    documents = chart.render(nested(gateway__autoscaling__minReplicas=5), chart.folder / "presets/small.yaml")
    assert replicas(only(documents, "Deployment", "churn-gateway")) == 5


def test_the_suites_values_stand_on_the_preset(chart: Chart) -> None:
    """What the live suite proves, it proves of a release with the preset."""
    suite = yaml.safe_load((chart.folder.parents[1] / "tests/e2e/values.yaml").read_text())
    documents = chart.render(suite, chart.folder / "presets/small.yaml")
    assert only(documents, "HorizontalPodAutoscaler", "churn-primary")
