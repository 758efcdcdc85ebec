"""Two releases in one namespace, and one of the same name in another: nothing of one is the other's."""

from itertools import product

from tests.charts.policies import choices, matches
from tests.charts.rendered import LOOKING_BACK, SHOWN, Chart, Document, nested, pods

CANARY = nested(canary__enabled=True, canary__model__uri="s3://churn-models/2/")
MUCH = LOOKING_BACK | SHOWN | CANARY


def names(documents: list[Document]) -> set[tuple[str, str]]:
    return {(one["kind"], one["metadata"]["name"]) for one in documents}


def formats(documents: list[Document]) -> list[Document]:
    """What runtimes say that they serve, but for those that KServe may not choose by themselves."""
    runtimes = [one for one in documents if one["kind"] == "ServingRuntime"]
    assert runtimes
    return [form for one in runtimes for form in one["spec"]["supportedModelFormats"] if form.get("autoSelect")]


def test_a_second_release_shares_no_name(chart: Chart) -> None:
    first, second = (names(chart.render(CANARY, release=release)) for release in ("churn", "second"))
    assert not first & second


def test_a_second_release_is_not_refused_by_kserve(chart: Chart) -> None:
    """Its webhook refuses a runtime with the priority of another one in the namespace, where both may be chosen for a
    format (KServe 0.20, validateServingRuntimePriority)."""
    first, second = (formats(chart.render(CANARY, release=release)) for release in ("churn", "second"))
    assert not [
        (one, other)
        for one, other in product(first, second)
        if (one["name"], one.get("version"), one.get("priority"))
        == (other["name"], other.get("version"), other.get("priority"))
    ]


def test_each_release_names_its_own_runtime(chart: Chart) -> None:
    for release in ("churn", "second"):
        # `pods` finds the runtime by its name among the release's own.
        serving = [pod for pod in pods(chart.render(CANARY, release=release)) if "InferenceService" in pod.owner]
        assert len(serving) == 2
        assert {pod.labels["app.kubernetes.io/instance"] for pod in serving} == {release}


def test_neither_chooses_a_pod_of_the_other(chart: Chart) -> None:
    """Services, policies, budgets, spreading: each chooses among pods of its own release; each Service finds some."""
    releases = {name: chart.render(MUCH, release=name) for name in ("churn", "second")}
    labels = {name: [pod.labels for pod in pods(documents)] for name, documents in releases.items()}
    for name, documents in releases.items():
        (other,) = set(releases) - {name}
        for document in documents:
            for chosen in choices(document):
                where = f"{name}: {document['kind']}/{document['metadata']['name']}: {chosen}"
                assert not [one for one in labels[other] if matches(chosen, one)], where
                if document["kind"] == "Service":
                    assert [one for one in labels[name] if matches(chosen, one)], where
