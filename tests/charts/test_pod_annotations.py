"""What values note on pods, component by component."""

from tests.charts.rendered import LOOKING_BACK, Chart, Document, nested


def test_annotations_reach_the_pods_of_the_component_that_is_named(chart: Chart) -> None:
    noted = {"example.com/inject": "true"}
    components = ["gateway", "primary", "fallback", "mlflow", "object-storage", "storage-setup", "training", "scoring"]
    components += ["drift", "outcomes", "outcomes-report", "bootstrap", "first-answer", "canary"]
    canary = nested(canary__enabled=True, canary__model__uri="s3://m/2/")
    documents = chart.render({**LOOKING_BACK, **canary, "podAnnotations": dict.fromkeys(components, noted)})
    assert {component for component, found in annotations(documents).items() if found == noted} == set(components)
    alone = annotations(chart.render({**LOOKING_BACK, **canary, **nested(podAnnotations__gateway=noted)}))
    assert {component for component, found in alone.items() if noted.items() <= found.items()} == {"gateway"}


def annotations(documents: list[Document]) -> dict[str, dict[str, str]]:
    """Those of pods, by component."""
    found = {}
    for document in documents:
        spec = document.get("spec", {})
        match document["kind"]:
            case "Deployment" | "Job":
                place, labels = spec["template"]["metadata"], spec["template"]["metadata"]["labels"]
            case "CronJob":
                place = spec["jobTemplate"]["spec"]["template"]["metadata"]
                labels = place["labels"]
            case "InferenceService":  # KServe hands on what its predictor is annotated with
                place, labels = spec["predictor"], document["metadata"]["labels"]
            case _:
                continue
        found[labels["app.kubernetes.io/component"]] = place.get("annotations", {})
    return found
