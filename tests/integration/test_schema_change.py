"""A promotion that changes the schema while requests queue: each answer is what the model that it names says.

Real processes, real packages; the model is swapped as a promotion swaps it, by a link that points elsewhere.
"""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Self

import httpx
import msgspec
import pytest

from churn_model import Package, Row, Schema, open_package
from churn_model.schema import row_from_json
from patience import PatientTransport, until
from real_processes import System, describe_system, running
from sample_package import PackageMaker, arranged_contents, sample_rows, sample_schema

CALLERS = 16
RECORDS = [dict(zip(sample_schema().names, row, strict=True)) for row in sample_rows(40, 8)]
Arrange = Callable[[Path], dict[str, Any]]


def two_numbers_swapped(folder: Path) -> dict[str, Any]:
    """Rows of the one schema fit the other without anybody noticing."""
    return {"contents": arranged_contents(folder, (2, 1, 0, 3, 4))}


def all_columns_turned(folder: Path) -> dict[str, Any]:
    return {"contents": arranged_contents(folder, (1, 2, 3, 4, 0))}


def one_column_more(folder: Path) -> dict[str, Any]:
    return {"contents": arranged_contents(folder, (0, 1, 2, 3, 4), extra=True)}


def other_levels(_: Path) -> dict[str, Any]:
    """The schema stays the same for callers; what a level means to the model does not."""
    features = tuple(
        msgspec.structs.replace(feature, categories=(*feature.categories[:2], "Forever"))
        if feature.name == "Contract"
        else feature
        for feature in sample_schema().features
    )
    return {"seed": 4, "schema": Schema("sample", "customer", features)}


class Traffic:
    """Callers that ask for one customer after the other, at both doors, and keep every answer."""

    def __init__(self, system: System) -> None:
        self.answers: list[tuple[int, int, Any, bool]] = []
        self._url = system.gateway_url
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(number,)) for number in range(CALLERS)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _run(self, number: int) -> None:
        with httpx.Client(base_url=self._url, timeout=60, transport=PatientTransport()) as client:
            while not self._stop.is_set():
                number = (number + 7) % len(RECORDS)
                wide = number % 4 < 2
                record = {"region": "north", **RECORDS[number]} if wide else RECORDS[number]
                answer = self._predict(client, record) if number % 2 else self._infer(client, record)
                self.answers.append((answer.status_code, number, answer.json(), wide))

    def _predict(self, client: httpx.Client, record: Any) -> httpx.Response:
        features = {name: None if value != value else value for name, value in record.items()}  # noqa: PLR0124 - NaN
        return client.post("/v1/predictions", json={"customers": [{"customer_id": "c", "features": features}]})

    def _infer(self, client: httpx.Client, record: Any) -> httpx.Response:
        tensors = [
            {
                "name": name,
                "datatype": "BYTES" if isinstance(value, str) or name in ("Contract", "Payment") else "FP64",
                "shape": [1],
                "data": [None if value != value else value],  # noqa: PLR0124 - NaN
            }
            for name, value in record.items()
        ]
        return client.post("/v2/models/churn-sample/infer", json={"inputs": tensors})


@pytest.fixture(scope="module")
def champion(
    package_folder: Path, keys: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[System, Path]]:
    """A system and the link that says whom it serves."""
    home = tmp_path_factory.mktemp("home")
    model = home / "champion"
    model.symlink_to(package_folder)
    with running(describe_system(model, keys.verify_path, home)) as system:
        yield system, model


@pytest.fixture(params=[two_numbers_swapped, all_columns_turned, other_levels, one_column_more])
def promoted(
    request: pytest.FixtureRequest,
    champion: tuple[System, Path],
    package_folder: Path,
    make_package: PackageMaker,
    keys: Any,
    tmp_path: Path,
) -> tuple[list[tuple[int, int, Any, bool]], dict[str, Package]]:
    """Answers from before, during and after a promotion, and both packages by digest."""
    second = make_package(version="2", **request.param(tmp_path / "contents"))
    packages = [open_package(folder, keys.trusted) for folder in (package_folder, second)]
    system, model = champion
    point(model, package_folder)
    wait_until_all_serve(system, packages[0].digest)
    with Traffic(system) as traffic:
        wait_for(traffic, packages[0].digest)
        point(model, second)
        wait_for(traffic, packages[1].digest)
    return traffic.answers, {package.digest: package for package in packages}


def point(link: Path, folder: Path) -> None:
    other = link.with_name("other")
    other.symlink_to(folder)
    other.replace(link)


def wait_until_all_serve(system: System, digest: str) -> None:
    """Until the gateway knows this model, and no other, from both backends."""

    def known() -> bool:
        page = httpx.get(f"http://127.0.0.1:{system.ports['metrics']}/metrics", timeout=30).text
        found = [line for line in page.splitlines() if line.startswith("churn_model_info{")]
        return len(found) == 2 and all(digest in line for line in found)

    until(known, lambda: f"not both backends serve {digest}")


def wait_for(traffic: Traffic, digest: str) -> None:
    """Until all have been answered by this model for a while, the primary among those who did."""

    def answered() -> bool:
        latest = [answer for status, _, answer, _ in traffic.answers[-50:] if status == 200]
        by = {served_by(answer) for answer in latest}
        return len(latest) > 10 and {digest_of(answer) for answer in latest} == {digest} and "primary" in by

    until(answered, lambda: f"no answers by {digest}")


def served_by(answer: Any) -> str:
    return str(answer["served_by"] if "model" in answer else answer["parameters"]["served_by"])


def digest_of(answer: Any) -> str:
    digest: str = answer["model"]["digest"] if "model" in answer else answer["parameters"]["digest"]
    return digest


def test_every_answer_is_right_for_the_model_that_it_names(
    promoted: tuple[list[tuple[int, int, Any, bool]], dict[str, Package]],
) -> None:
    answers, packages = promoted
    served: Counter[tuple[str, str]] = Counter()
    for status, number, answer, wide in answers:
        if status != 200:
            assert status in (400, 422), answer
            assert "region" in str(answer), answer
            continue
        package = packages[digest_of(answer)]
        assert wide == ("region" in package.manifest.schema.names) or len(package.manifest.schema.names) == 5
        record = {"region": "north", **RECORDS[number]}
        row: Row = row_from_json([record[name] for name in package.manifest.schema.names], package.manifest.schema)
        by = served_by(answer)
        of_records = "model" in answer
        said = answer["predictions"][0]["churn_probability"] if of_records else answer["outputs"][0]["data"][0]
        scores = package.description.degraded_scores([row]) if by == "degraded" else package.scorer.score([row])
        assert said == scores.probabilities[0], (by, record)
        served[by, package.digest] += 1
    assert {digest for by, digest in served if by == "primary"} == set(packages), served
