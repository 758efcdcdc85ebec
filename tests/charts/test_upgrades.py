"""What an upgrade changes: what it must, and no more."""

from pathlib import Path

import yaml

from tests.charts.rendered import LOOKING_BACK, Chart, Document, nested, only, pods


def templates(documents: list[Document]) -> dict[str, str]:
    return {pod.owner: yaml.safe_dump([pod.labels, pod.spec]) for pod in pods(documents)}


def changed(before: list[Document], after: list[Document]) -> set[str]:
    old, new = templates(before), templates(after)
    return {owner for owner in old.keys() | new.keys() if old.get(owner) != new.get(owner)}


def test_another_model_replaces_the_primary_alone(chart: Chart) -> None:
    after = chart.render(nested(primary__model__uri="s3://churn-models/1/models/m-1/artifacts/"))
    # The next scoring Job takes it too; one that runs keeps the model that it began with.
    assert changed(chart.render(), after) == {"InferenceService/churn-primary", "CronJob/churn-scoring"}


def test_another_share_restarts_nothing(chart: Chart) -> None:
    canary = nested(canary__enabled=True, canary__model__uri="s3://churn-models/2/")
    before, after = chart.render(canary), chart.render(canary | nested(gateway__canaryPercent=50))
    assert changed(before, after) == set()
    assert [document["metadata"]["name"] for document in after if document not in before] == ["churn-canary-weight"]


def test_another_last_known_model_restarts_nothing(chart: Chart) -> None:
    first, second = (nested(gateway__lastKnownModel=f'{{"manifest":"{n}","signature":"","files":{{}}}}') for n in "12")
    before, after = chart.render(first), chart.render(second)
    assert changed(before, after) == set()
    given = only(after, "ConfigMap", "churn-last-known-model")
    assert given["data"] == {"description.json": second["gateway"]["lastKnownModel"]}
    (gateway,) = (pod for pod in pods(after) if pod.component == "gateway")
    (file,) = (one["value"] for one in gateway.containers[0]["env"] if one["name"].endswith("LAST_KNOWN_MODEL"))
    (mount,) = (one for one in gateway.containers[0]["volumeMounts"] if one["name"] == "last-known-model")
    (volume,) = (one for one in gateway.spec["volumes"] if one["name"] == "last-known-model")
    assert file == f"{mount['mountPath']}/description.json"
    assert volume["configMap"]["name"] == given["metadata"]["name"]


def test_a_canary_without_a_share_restarts_the_gateway_alone(chart: Chart) -> None:
    canary = nested(canary__enabled=True, canary__model__uri="s3://churn-models/2/")
    assert changed(chart.render(), chart.render(canary)) - {"InferenceService/churn-canary"} == {
        "Deployment/churn-gateway"
    }


def test_keeping_answers_replaces_the_gateway_alone(chart: Chart) -> None:
    """And sets rights up anew, by another Job; the object storage goes on, and gets its user by its Secret."""
    after = changed(chart.render(), chart.render(nested(gateway__predictionLog__enabled=True)))
    assert {owner for owner in after if "-storage-setup-" not in owner} == {
        "Deployment/churn-gateway",
        "Job/churn-bootstrap",
    }


def test_looking_back_replaces_nothing_that_answers(chart: Chart) -> None:
    after = changed(chart.render(nested(gateway__predictionLog__enabled=True)), chart.render(LOOKING_BACK))
    assert {owner for owner in after if "-storage-setup-" not in owner} == {
        "Deployment/churn-drift",
        "Deployment/churn-outcomes",
        "CronJob/churn-outcomes",
        "Job/churn-bootstrap",
    }


def test_the_watch_goes_with_the_model(chart: Chart) -> None:
    model = nested(primary__model__uri="s3://churn-models/1/models/m-1/artifacts/")
    assert "Deployment/churn-drift" in changed(chart.render(LOOKING_BACK), chart.render({**LOOKING_BACK, **model}))


def test_more_load_restarts_nothing(chart: Chart) -> None:
    assert changed(chart.render(), chart.render(nested(capacity__targetRequestsPerSecond=5000))) == set()


def test_another_version_of_the_chart_restarts_nothing(chart: Chart, tmp_path: Path) -> None:
    after = chart_with(chart, tmp_path, "version: 0.1.0", "version: 0.2.0").render()
    assert changed(chart.render(), after) == set()


def test_another_version_of_the_images_replaces_what_uses_them(chart: Chart) -> None:
    before, after = templates(chart.render()), templates(chart.render(nested(image__tag="0.1.1")))
    kept = {owner for owner, text in before.items() if after.get(owner) == text}
    assert kept == {"Deployment/churn-object-storage"}


def test_a_job_of_another_task_is_another_job(chart: Chart) -> None:
    """A Job cannot be changed, so that helm upgrade would fail on one that keeps its name."""
    names = [setup_job(chart.render()), setup_job(chart.render()), setup_job(chart.render(nested(image__tag="0.1.1")))]
    assert names[0] == names[1] != names[2]
    trains = [
        {one["metadata"]["name"] for one in chart.render(values) if one["kind"] == "Job"}
        for values in (
            nested(training__runOnInstall=True),
            nested(training__runOnInstall=True, training__usecase="banking"),
        )
    ]
    assert len({name for name in trains[0] ^ trains[1] if name.startswith("churn-training-")}) == 2


def setup_job(documents: list[Document]) -> str:
    (name,) = (one["metadata"]["name"] for one in documents if "storage-setup-" in one["metadata"]["name"])
    return str(name)


def test_selectors_never_change(chart: Chart, tmp_path: Path) -> None:
    after = chart_with(chart, tmp_path, "appVersion: 0.1.0", "appVersion: 9.9.9").render(nested(image__tag="0.1.1"))
    for document in chart.render():
        if document["kind"] == "Deployment":
            name = document["metadata"]["name"]
            assert only(after, "Deployment", name)["spec"]["selector"] == document["spec"]["selector"]


def test_replicas_belong_to_the_autoscaler(chart: Chart) -> None:
    documents = chart.render()
    for autoscaler in (one for one in documents if one["kind"] == "HorizontalPodAutoscaler"):
        name = autoscaler["spec"]["scaleTargetRef"]["name"]
        if name == "churn-primary-predictor":
            predictor = only(documents, "InferenceService", "churn-primary")["spec"]["predictor"]
            assert not {"minReplicas", "maxReplicas"} & predictor.keys()
        else:
            assert "replicas" not in only(documents, "Deployment", name)["spec"]


def chart_with(chart: Chart, folder: Path, old: str, new: str) -> Chart:
    """A copy of the chart with another line in Chart.yaml."""
    for source in chart.folder.rglob("*"):
        target = folder / source.relative_to(chart.folder)
        if source.is_dir():
            target.mkdir(parents=True, exist_ok=True)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read_bytes())
    text = (folder / "Chart.yaml").read_text()
    assert old in text
    (folder / "Chart.yaml").write_text(text.replace(old, new, 1))
    return Chart(chart.helm, folder)
