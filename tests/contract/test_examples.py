"""The examples of ``docs/integrate``, word for word, against a gateway that asks for keys and a model of real
customers: each gives the probabilities that the package's own scorer gives.

What a language needs is on a machine or not: node, java, and Go for grpcurl; where it is not, its example is skipped,
but not in continuous integration.
"""

import base64
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from churn_model import Row
from churn_serving.gateway.key_file import add_key, entry_for, new_key
from ports import free_port
from programs import needed
from real_processes import START_SECONDS, System, describe_system, running
from tests.contract.conftest import Trained

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "docs" / "integrate" / "examples"
KEY = new_key()


@pytest.fixture(scope="module")
def system(trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """Gateway and primary; nothing here needs a fallback."""
    home = tmp_path_factory.mktemp("examples")
    add_key(home / "keys.json", entry_for(KEY, "examples"))
    made = describe_system(trained.model, trained.verify_key, home, CHURN_GATEWAY_API_KEYS=str(home / "keys.json"))
    with running(made, made.primary, made.gateway):
        yield made


@pytest.fixture
def run(system: System) -> Any:
    """Runs a command as a reader would, until a model has answered: on a busy machine the scorecard may."""
    told = {"CHURN_URL": system.gateway_url, "CHURN_API_KEY": KEY}
    told["CHURN_GRPC"] = f"127.0.0.1:{system.ports['gateway_grpc']}"

    def until_served(*command: str, path: str = "") -> str:
        search = os.pathsep.join(filter(None, [path, os.environ["PATH"]]))
        deadline = time.monotonic() + START_SECONDS
        while True:
            done = subprocess.run(
                command,
                env={**os.environ, **told, "PATH": search},
                capture_output=True,
                text=True,
                timeout=120,
                check=False,
            )
            assert done.returncode == 0, done.stderr
            if not re.search('"degraded"|scorecard', done.stdout):
                return done.stdout
            assert time.monotonic() < deadline, system.gateway.tail()

    return until_served


@pytest.fixture(scope="module")
def expected(trained: Trained) -> list[float]:
    """What the package says of both customers."""
    rows: list[Row] = []
    for customer in json.loads((EXAMPLES / "customers.json").read_text())["customers"]:
        values = [customer["features"][feature.name] for feature in trained.package.description.schema.features]
        rows.append(
            [
                float("nan" if value is None else value) if feature.type == "number" else value
                for value, feature in zip(values, trained.package.description.schema.features, strict=True)
            ]
        )
    return list(trained.package.scorer.score(rows).probabilities)


def test_by_curl(run: Any, expected: list[float]) -> None:
    answer = json.loads(run(str(EXAMPLES / "predict.sh")))
    assert [each["churn_probability"] for each in answer["predictions"]] == expected
    by_tensors = json.loads(run(str(EXAMPLES / "infer.sh")))
    assert by_tensors["outputs"][0]["data"] == expected


def test_by_python(run: Any, expected: list[float]) -> None:
    assert_lines(run(sys.executable, str(EXAMPLES / "predict.py")), expected)
    page = (EXAMPLES.parent / "client.md").read_text(encoding="utf-8")
    first, awaited, second, again = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    before = f"import json\nasked = json.load(open({str(EXAMPLES / 'customers.json')!r}))['customers']\n"
    before += "features = asked[0]['features']\n"
    assert f"{expected[0]!r}" in run(sys.executable, "-c", before + first)
    assert f"{expected[0]!r}" in run(sys.executable, "-c", before + awaited)
    listed = "customers = [Customer(**each) for each in asked]\nclient = ChurnClient()\n"
    shown = "print([each.churn_probability for each in found.predictions], found.degraded and 'scorecard')\n"
    program = f"{before}from churn_client import *\n{listed}{second}{again}assert again == []\n{shown}client.close()"
    assert repr(expected) in run(sys.executable, "-c", program)


def test_a_usual_customer_of_the_model_is_what_every_example_takes(run: Any, trained: Trained, tmp_path: Path) -> None:
    made = {}
    for kind in ("predictions", "infer"):
        (tmp_path / f"{kind}.json").write_text(run(sys.executable, str(EXAMPLES / "usual.py"), kind))
        made[kind] = json.loads((tmp_path / f"{kind}.json").read_text())
    features = made["predictions"]["customers"][0]["features"]
    assert list(features) == list(trained.package.description.schema.names)
    mine = str(tmp_path / "predictions.json")
    (one,) = json.loads(run(str(EXAMPLES / "predict.sh"), mine))["predictions"]
    for command in ([sys.executable, "predict.py"], [needed("node"), "predict.mjs"]):
        printed = run(command[0], str(EXAMPLES / command[1]), mine)
        assert f"C-1024 {one['churn_probability']:.3f} " in printed
        assert "C-2048" not in printed
    answer = json.loads(run(str(EXAMPLES / "infer.sh"), str(tmp_path / "infer.json")))
    assert answer["outputs"][0]["data"] == [one["churn_probability"]]


def test_by_javascript(run: Any, expected: list[float]) -> None:
    assert_lines(run(needed("node"), str(EXAMPLES / "predict.mjs")), expected)


def test_by_java(run: Any, expected: list[float]) -> None:
    answer = run(
        needed("java"), "-XX:TieredStopAtLevel=1", str(EXAMPLES / "Predict.java"), str(EXAMPLES / "customers.json")
    )
    assert [each["churn_probability"] for each in json.loads(answer)["predictions"]] == expected


@pytest.mark.timeout(1200)  # where it is not there yet, grpcurl is built: minutes of a processor
def test_by_grpcurl(run: Any, expected: list[float], tmp_path: Path) -> None:
    needed("go")
    built = subprocess.run([ROOT / "ci" / "grpcurl"], capture_output=True, text=True, check=True).stdout.strip()
    answer = json.loads(run(str(EXAMPLES / "infer-grpc.sh"), path=str(Path(built).parent)))
    (found,) = [output for output in answer["outputs"] if output["name"] == "churn_probability"]
    assert found["contents"]["fp64_contents"] == expected
    mine = tmp_path / "message.json"
    mine.write_text(run(sys.executable, str(EXAMPLES / "usual.py"), "grpc"))
    (one,) = json.loads(run(str(EXAMPLES / "predict.sh"), _body(run, tmp_path)))["predictions"]
    answer = json.loads(run(str(EXAMPLES / "infer-grpc.sh"), str(mine), path=str(Path(built).parent)))
    (found,) = [output for output in answer["outputs"] if output["name"] == "churn_probability"]
    assert found["contents"]["fp64_contents"] == [one["churn_probability"]]
    page = (EXAMPLES.parent / "grpc.md").read_text(encoding="utf-8")
    asked = re.findall(r"^\$ (grpcurl .*)$", page, re.MULTILINE)
    assert len(asked) == 3
    for command, told in zip(asked, ("SERVING", "inference.GRPCInferenceService", '"MonthlyCharges"'), strict=True):
        here = command.replace("127.0.0.1:8081", '"$CHURN_GRPC"')
        assert told in run("bash", "-c", here, path=str(Path(built).parent)), command


def _body(run: Any, folder: Path) -> str:
    """A file of the usual customer, for ``POST /v1/predictions``."""
    file = folder / "usual.json"
    file.write_text(run(sys.executable, str(EXAMPLES / "usual.py"), "predictions"))
    return str(file)


def test_all_bodies_are_the_same_customers() -> None:
    customers = json.loads((EXAMPLES / "customers.json").read_text())["customers"]
    by_name = {name: [each["features"][name] for each in customers] for name in customers[0]["features"]}
    tensors = json.loads((EXAMPLES / "infer.json").read_text())["inputs"]
    assert {tensor["name"]: tensor["data"] for tensor in tensors} == by_name
    for tensor in json.loads((EXAMPLES / "infer-grpc.json").read_text())["inputs"]:
        texts = [base64.b64decode(text).decode() for text in tensor["contents"].get("bytes_contents", ())]
        numbers = [None if number == "NaN" else number for number in tensor["contents"].get("fp64_contents", ())]
        assert (texts or numbers) == by_name[tensor["name"]]


def test_an_example_that_is_refused_says_why(system: System) -> None:
    told = {**os.environ, "CHURN_URL": system.gateway_url, "CHURN_API_KEY": new_key()}
    for command in ([str(EXAMPLES / "predict.sh")], [sys.executable, str(EXAMPLES / "predict.py")]):
        done = subprocess.run(command, env=told, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode != 0
        assert "No key that may call" in done.stdout + done.stderr
        assert "C-1024" not in done.stdout + done.stderr
    assert httpx.get(f"{system.gateway_url}/livez").status_code == 200


def test_an_example_that_gets_no_answer_or_no_file_says_so_in_a_line() -> None:
    """At once, all of them: those that ask again wait for ten seconds."""
    url, body = f"http://127.0.0.1:{free_port()}", str(EXAMPLES / "customers.json")
    node, java = [needed("node"), str(EXAMPLES / "predict.mjs")], [needed("java"), str(EXAMPLES / "Predict.java")]
    python, usual = ([sys.executable, str(EXAMPLES / name)] for name in ("predict.py", "usual.py"))
    shells = [[str(EXAMPLES / name)] for name in ("predict.sh", "infer.sh", "infer-grpc.sh")]
    unanswered = [[*node, body], [*java, body], [*python, body], [*usual, "grpc"]]
    unread = [[*command, "/no/such.json"] for command in (node, java, python, *shells)]
    told = {**os.environ, "CHURN_URL": url}
    begun = [
        subprocess.Popen(command, env=told, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for command in (*unanswered, *unread)
    ]
    for place, process in enumerate(begun):
        out, said = process.communicate(timeout=120)
        assert (process.returncode, out) == (1 if place < len(unanswered) else 2, "")
        assert said.count("\n") == 1, said
        assert (url if place < len(unanswered) else "/no/such.json") in said


def assert_lines(printed: str, expected: list[float]) -> None:
    for customer_id, probability in zip(("C-1024", "C-2048"), expected, strict=True):
        assert re.search(rf"^{customer_id} {probability:.3f} (low|medium|high): ", printed, re.MULTILINE), printed
