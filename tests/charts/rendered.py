"""What `helm template` makes of values, and the pods that a cluster would make of that."""

import dataclasses
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

KUBERNETES = "1.34.4"
Document = dict[str, Any]
Values = Mapping[str, Any]


class Refused(Exception):
    """Helm does not render the values; the message is what a person would read."""


@dataclasses.dataclass(frozen=True)
class Chart:
    """The chart and the helm that renders it."""

    helm: Path
    folder: Path

    def render(self, values: Values | None = None, *files: Path, release: str = "churn") -> list[Document]:
        """All objects, hooks included.

        Raises:
            Refused: schema or templates say no.
        """
        command: list[str | Path] = [
            self.helm,
            "template",
            release,
            self.folder,
            "--namespace",
            "churn",
            "--kube-version",
            KUBERNETES,
        ]
        for file in (*files, Path("-")):
            command += ["--values", file]
        done = subprocess.run(
            command, input=yaml.safe_dump(dict(values or {})), capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise Refused(done.stderr)
        return [document for document in yaml.safe_load_all(done.stdout) if document]

    def values_files(self) -> list[Path]:
        """The sets of values that continuous integration renders: of its own, and the presets."""
        return sorted([*(self.folder / "ci").glob("*-values.yaml"), *(self.folder / "presets").glob("*.yaml")])


@dataclasses.dataclass(frozen=True)
class Pod:
    """A pod template, wherever it was found; KServe's are put together as its controller would."""

    owner: str
    labels: dict[str, str]
    spec: Document

    @property
    def component(self) -> str:
        return self.labels["app.kubernetes.io/component"]

    @property
    def containers(self) -> list[Document]:
        return [*self.spec.get("initContainers", []), *self.spec["containers"]]


def nested(**paths: object) -> dict[str, Any]:
    """Values from keys with two underscores for each dot."""
    made: dict[str, Any] = {}
    for path, value in paths.items():
        place = made
        *folders, name = path.split("__")
        for folder in folders:
            place = place.setdefault(folder, {})
        place[name] = value
    return made


LOOKING_BACK = nested(
    gateway__predictionLog__enabled=True, monitoring__drift__enabled=True, monitoring__outcomes__enabled=True
)
"""A release that keeps answers, and looks back at them."""


SHOWN = nested(
    marketing={"enabled": True, "publicUrl": "https://app.example.com", "users": {"secretName": "people"}},
    scoring__input="s3://churn-data/customers/",
    scoring__output="s3://churn-data/scores/weekly/",
)
"""A release with the app for people, which signs in by a Secret that is brought."""


def only(documents: list[Document], kind: str, name: str) -> Document:
    """The one object of a kind and name."""
    (found,) = (one for one in documents if one["kind"] == kind and one["metadata"]["name"] == name)
    return found


def pods(documents: list[Document]) -> Iterator[Pod]:
    """Every pod that would run."""
    runtimes = {one["metadata"]["name"]: one["spec"] for one in documents if one["kind"] == "ServingRuntime"}
    for document in documents:
        owner = f"{document['kind']}/{document['metadata']['name']}"
        spec = document.get("spec", {})
        match document["kind"]:
            case "Pod":
                yield Pod(owner, document["metadata"]["labels"], spec)
            case "Deployment" | "Job":
                yield Pod(owner, spec["template"]["metadata"]["labels"], spec["template"]["spec"])
            case "CronJob":
                template = spec["jobTemplate"]["spec"]["template"]
                yield Pod(owner, template["metadata"]["labels"], template["spec"])
            case "InferenceService":
                predictor = spec["predictor"]
                runtime = runtimes[predictor["model"]["runtime"]]
                yield Pod(owner, document["metadata"]["labels"], predicted(predictor, runtime))


def predicted(predictor: Document, runtime: Document) -> Document:
    """KServe lays the predictor over its runtime: pod fields, and the model's fields over the container."""
    model = predictor["model"]
    (container,) = runtime["containers"]
    merged = {
        **container,
        "image": model["image"],
        "resources": model["resources"],
        "env": container["env"] + model["env"],
    }
    return {**predictor, "volumes": runtime["volumes"], "containers": [merged]}
