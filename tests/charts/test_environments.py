"""The environments that ship, rendered by helm, each with a promoted model too; helm refuses what delivery refuses."""

from pathlib import Path

import pytest
import yaml

from churn_delivery.environment_check import check_environment
from churn_delivery.errors import EnvironmentProblem
from churn_delivery.layout import FILES, read_layout
from churn_delivery.model_file import ServedModel, model_text
from tests.charts.rendered import Chart, Refused

ROOT = Path(__file__).resolve().parents[2]
ENVS = ROOT / "manifests" / "envs"
MODEL = ServedModel("s3://churn-models/1/models/m-1/artifacts/", f"sha256:{'1' * 64}", "churn-telecom", "7", "a-run")


def files_of(environment: str, folder: Path, **instead: bytes) -> list[Path]:
    """The environment's files in the order in which helm gets them, some with another text."""
    found = []
    for name in FILES:
        text = instead.get(name.removesuffix(".yaml"))
        place = ENVS / environment / name
        if text is not None:
            place = folder / name
            place.write_bytes(text)
        found.append(place)
    return found


@pytest.mark.parametrize("environment", ["dev", "staging", "prod"])
def test_each_renders_and_serves_what_was_promoted(environment: str, chart: Chart, tmp_path: Path) -> None:
    assert chart.render({}, *files_of(environment, tmp_path))
    documents = chart.render({}, *files_of(environment, tmp_path, model=model_text(MODEL)))
    (service,) = [each for each in documents if each["kind"] == "InferenceService"]
    model = service["spec"]["predictor"]["model"]
    assert model["storageUri"] == MODEL.uri
    assert {"name": "CHURN_PREDICTOR_DIGEST", "value": MODEL.digest} in model["env"]
    release = yaml.safe_load((ENVS / environment / "version.yaml").read_text())["image"]["tag"]
    assert model["image"].endswith(f":{release}")


@pytest.mark.parametrize(
    "text",
    [
        b"capacity: {targetRequestPerSecond: 5}\n",
        b"capacity: {targetRequestsPerSecond: many}\n",
        b"capacity: 5\n",
        b"gatway: {}\n",
        b"gateway: {autoscaling: {minReplicas: -1}}\n",
        b"fallback: {resources: null}\n",
    ],
)
def test_helm_refuses_what_delivery_refuses(text: bytes, chart: Chart, tmp_path: Path) -> None:
    with pytest.raises(Refused):
        chart.render({}, *files_of("staging", tmp_path, capacity=text))
    changed = "manifests/envs/staging/capacity.yaml"

    def read(path: str) -> bytes | None:
        return text if path == changed else (ROOT / path).read_bytes() if (ROOT / path).exists() else None

    layout = read_layout("manifests/envs", read)
    with pytest.raises(EnvironmentProblem, match=f"^{changed}, line 1"):
        check_environment(layout, "staging", read)
