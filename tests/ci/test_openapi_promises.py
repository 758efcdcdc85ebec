"""What breaks callers of the API is found in its document, and nothing that they do not notice: ci/generate-openapi."""

import copy
import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from programs import needed

ROOT = Path(__file__).parents[2]
Document = dict[str, Any]


def schema(document: Document, name: str) -> Document:
    found: Document = document["components"]["schemas"][name]
    return found


def refuse_more(document: Document) -> None:
    schema(document, "PredictionRequest")["properties"]["customers"]["maxItems"] = 10


def ask_for_more(document: Document) -> None:
    schema(document, "Customer")["properties"]["region"] = {"type": "string"}
    schema(document, "Customer")["required"].append("region")


def answer_less(document: Document) -> None:
    del schema(document, "Prediction")["properties"]["risk"]


def answer_otherwise(document: Document) -> None:
    schema(document, "Prediction")["properties"]["churn_probability"]["type"] = "string"


def take_fewer_datatypes(document: Document) -> None:
    tensor = schema(document, "InferRequest")["properties"]["inputs"]["items"]["properties"]
    tensor["datatype"]["enum"].remove("BYTES")


def take_a_page_away(document: Document) -> None:
    del document["paths"]["/v1/model"]


def answer_more(document: Document) -> None:
    schema(document, "Prediction")["properties"]["horizon"] = {"type": "string"}


def take_more(document: Document) -> None:
    schema(document, "PredictionRequest")["properties"]["note"] = {"type": "string"}


def say_it_better(document: Document) -> None:
    document["paths"]["/v1/model"]["get"]["summary"] = "Another word for it"


@pytest.fixture(scope="module")
def breaking(tmp_path_factory: pytest.TempPathFactory) -> Path:
    needed("go")
    program = tmp_path_factory.mktemp("breaking") / "breaking"
    source = str(ROOT / "ci/openapi/breaking")
    command = ["go", "-C", source, "build", "-trimpath", "-ldflags", "-s -w", "-o", str(program), "."]
    subprocess.run(command, env={**os.environ, "CGO_ENABLED": "0"}, check=True, timeout=290)
    return program


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (refuse_more, "maxItems was decreased"),
        (ask_for_more, "new required request property"),
        (answer_less, "removed the required property"),
        (answer_otherwise, "type"),
        (take_fewer_datatypes, "removed the enum value `BYTES`"),
        (take_a_page_away, "removed"),
        (answer_more, ""),
        (take_more, ""),
        (say_it_better, ""),
    ],
)
def test_what_breaks_callers_is_told(
    breaking: Path, change: Callable[[Document], None], told: str, tmp_path: Path
) -> None:
    promised = ROOT / "docs/integrate/openapi.json"
    document = copy.deepcopy(json.loads(promised.read_text(encoding="utf-8")))
    change(document)
    (tmp_path / "new.json").write_text(json.dumps(document))
    done = subprocess.run([breaking, promised, tmp_path / "new.json"], capture_output=True, text=True, check=False)
    assert (done.returncode, told in done.stdout, bool(done.stdout)) == (int(bool(told)), True, bool(told)), done
