"""The way that docs/integrate/ask.md tells to ask by tensors, word for word, over HTTP and gRPC."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from churn_model import open_package
from real_processes import System
from sample_package import sample_rows, sample_schema

PAGE = Path(__file__).parents[2] / "docs/integrate/ask.md"


def test_the_tensors_of_the_documents_give_the_models_bits(doors: System, keys: Any) -> None:
    row = next(row for row in sample_rows(40, 11) if not {"nan", "None"} & set(map(str, row)))
    example = PAGE.read_text(encoding="utf-8").split("```python\n")[1].split("```")[0]
    for told, real in (
        ("http://127.0.0.1:8080", doors.gateway_url),
        ("127.0.0.1:8081", f"127.0.0.1:{doors.ports['gateway_grpc']}"),
    ):
        assert told in example
        example = example.replace(told, real)
    customer = dict(zip(sample_schema().names, row, strict=True))
    program = f"customer = {customer!r}\n{example}"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr
    (probability,) = open_package(doors.model, keys.trusted).scorer.score([row]).probabilities
    over_http, over_grpc = done.stdout.splitlines()
    assert f"[{probability!r}]" in over_http
    assert float(over_grpc.strip("[]")) == pytest.approx(probability, rel=1e-7)  # as numpy shows it
