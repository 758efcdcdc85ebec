"""The charts of the parts: together they make what the chart of all makes, and each is a release of its own."""

import json
import re
import subprocess
import sys
import tarfile
from pathlib import Path

import jsonschema
import pytest
import yaml

from tests.charts.rendered import LOOKING_BACK, Chart, Document, Refused, nested, pods
from tests.charts.test_environments import files_of
from tests.charts.test_former_chart import named_classes

CHARTS = Path(__file__).resolve().parents[2] / "charts"
TOLD = yaml.safe_load((CHARTS / "parts.yaml").read_text())["parts"]
PARTS = list(TOLD)
# What defaults of parts say otherwise than those of all, said outright, since a family has one file of values.
OUTRIGHT = nested(primary__enabled=True, monitoring__dashboards__enabled=False)
SETS = [
    "ci/default-values.yaml",
    "ci/all-on-values.yaml",
    "ci/external-values.yaml",
    "ci/marketing-values.yaml",
    "presets/small.yaml",
]


@pytest.fixture(scope="module")
def parts(helm: Path) -> dict[str, Chart]:
    return {name: Chart(helm, CHARTS / name) for name in PARTS}


# Names of what each release of a family has for itself.
OWN = "bootstrap|default-deny|dns|usecase|serving|training"


def plain(document: Document, part: str = "") -> Document:
    """An object as the chart of all names it: without chart, part and, of a Job that is named by its work, the work."""
    document["metadata"]["labels"].pop("helm.sh/chart", None)
    text = json.dumps(document)
    if part:
        # Whoever waits for a part waits for its pods alone.
        text = re.sub(r', "--components=[a-z,]+"', "", text)
        text = re.sub(rf"-{part.removeprefix('churn-')}-({OWN})(?![a-z])", r"-\1", text)
    made: Document = json.loads(text)
    if made["kind"] == "Job":
        made["metadata"]["name"] = re.sub("-[0-9a-f]{8}$", "", made["metadata"]["name"])
    return made


@pytest.mark.parametrize("name", [*SETS, "prod"])
def test_together_they_make_what_the_chart_of_all_makes(
    chart: Chart, parts: dict[str, Chart], name: str, tmp_path: Path
) -> None:
    argocd = CHARTS.parent / "manifests" / "argocd" / "values.yaml"
    files = [argocd, *files_of(name, tmp_path)] if name == "prod" else [chart.folder / name]
    values = nested(primary__enabled=True) if "all-on" in name else OUTRIGHT
    whole = {name_of(one): one for one in map(plain, chart.render(values, *files))}
    there: set[tuple[str, str]] = set()
    made: set[tuple[str, str]] = set()
    for part, its in parts.items():
        for document in its.render(values, *files, release=part):
            assert name_of(document) not in there, f"{name_of(document)} is in two parts"
            there.add(name_of(document))
            one = plain(document, part)
            assert one == whole[name_of(one)], part
            made.add(name_of(one))
    assert made == whole.keys()


def name_of(document: Document) -> tuple[str, str]:
    return document["kind"], document["metadata"]["name"]


@pytest.mark.parametrize("part", PARTS)
def test_each_installs_by_itself(parts: dict[str, Chart], part: str) -> None:
    documents = parts[part].render(release="s")
    assert documents
    assert {one["metadata"]["labels"]["app.kubernetes.io/instance"] for one in documents} == {"churn"}
    classes = {one["metadata"]["name"] for one in documents if one["kind"] == "PriorityClass"}
    assert named_classes(documents) <= classes
    accounts = {one["metadata"]["name"] for one in documents if one["kind"] == "ServiceAccount"}
    assert {pod.spec["serviceAccountName"] for pod in pods(documents)} <= accounts
    maps = {one["metadata"]["name"] for one in documents if one["kind"] == "ConfigMap"}
    # Keys are made by the hook.
    assert mounted(documents) - {"churn-verify-key"} <= maps


def mounted(documents: list[Document]) -> set[str]:
    return {
        volume["configMap"]["name"]
        for pod in pods(documents)
        for volume in pod.spec.get("volumes", [])
        if "configMap" in volume
    }


def test_serving_alone_needs_no_kserve_and_no_store(parts: dict[str, Chart]) -> None:
    documents = parts["churn-serving"].render(release="s")
    components = {pod.component for pod in pods(documents)}
    assert components == {"gateway", "fallback", "bootstrap", "first-answer", "test"}


def test_a_use_case_of_ones_own_reaches_those_who_need_it(parts: dict[str, Chart]) -> None:
    values = {**LOOKING_BACK, **nested(training__usecaseFile="name: gym\n")}
    values["primary"] = {"enabled": True}
    names = []
    for part in ("churn-training", "churn-monitoring"):
        documents = parts[part].render(values, release=part)
        maps = {one["metadata"]["name"] for one in documents if one["kind"] == "ConfigMap"}
        (name,) = {name for name in mounted(documents) if "-usecase-" in name}
        assert name in maps
        names.append(name)
    assert names[0] != names[1]


@pytest.mark.parametrize("part", PARTS)
def test_a_schema_knows_its_own_keys_and_the_names_of_others(chart: Chart, parts: dict[str, Chart], part: str) -> None:
    schema = json.loads((parts[part].folder / "values.schema.json").read_text())
    values = yaml.safe_load((parts[part].folder / "values.yaml").read_text())
    jsonschema.Draft7Validator.check_schema(schema)
    jsonschema.validate(values, schema, jsonschema.Draft7Validator)
    family = yaml.safe_load((chart.folder / "values.yaml").read_text())
    jsonschema.validate({**family, "family": "churn"}, schema, jsonschema.Draft7Validator)
    with pytest.raises(Refused, match="misspelt"):
        parts[part].render({"misspelt": 1})
    with pytest.raises(Refused, match="objectStorage"):
        parts[part].render({"objectStorage": {"misspelt": 1}})
    with pytest.raises(Refused, match="family"):
        parts[part].render({"family": "a" * 25})


def test_the_chart_of_all_is_its_own_family(chart: Chart) -> None:
    with pytest.raises(Refused, match="family"):
        chart.render({"family": "churn"})


def test_what_is_made_of_the_chart_of_all_is_current() -> None:
    script = CHARTS.parent / "ci" / "generate-chart-parts"
    done = subprocess.run([sys.executable, script, "--check"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_packaged_part_holds_the_library(helm: Path, tmp_path: Path, parts: dict[str, Chart]) -> None:
    for part, its in parts.items():
        subprocess.run([helm, "package", its.folder, "--destination", tmp_path], check=True, capture_output=True)
        (package,) = tmp_path.glob(f"{part}-[0-9]*.tgz")
        with tarfile.open(package) as archive:
            names = archive.getnames()
            assert f"{part}/charts/churn-library/templates/_pods.tpl" in names
            assert all(member.isreg() for member in archive.getmembers())
        assert Chart(helm, package).render(release="s") == its.render(release="s")
