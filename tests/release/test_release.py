"""A release as a whole, from a clone of what is committed, to a real registry."""

import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from ci.supply.layouts import version
from ci.supply.programs import ROOT, program, run
from git_server import git
from tests.release.conftest import Keys, write_layout

VERSION = version()
CHARTS = ("churn", *(f"churn-{part}" for part in ("serving", "registry", "training", "monitoring", "marketing")))
METADATA = "usr/lib/python3/site-packages/thing-1.0.dist-info/METADATA"


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone whose changelog has this version."""
    target = tmp_path / "clone"
    git("clone", "--quiet", "--no-hardlinks", str(ROOT), str(target), folder=tmp_path)
    text = (target / "CHANGELOG.md").read_text()
    (target / "CHANGELOG.md").write_text(text.replace("## Unreleased", f"## {VERSION}", 1))
    git("commit", "--all", "--quiet", "--message", "Name the version", folder=target)
    for name in ("gateway", "training"):
        write_layout(
            tmp_path / "layouts" / name,
            {METADATA: f"Metadata-Version: 2.1\nName: thing\nVersion: 1.0\nSummary: {name}\n"},
        )
    return target


def release(clone: Path, *words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "ci.supply.release", "--layouts", clone.parent / "layouts", *words],
        check=False,
        capture_output=True,
        text=True,
        cwd=clone,
        env={**os.environ, "COSIGN_PASSWORD": "", "VERSION": VERSION, "REGISTRY": "", **environment},
        timeout=300,
    )


def test_a_release_is_whole_and_proven(clone: Path, registry: str, keys: Keys) -> None:
    told = {"REGISTRY": f"{registry}/whole", "COSIGN_KEY": str(keys.private)}
    planned = release(clone, **told)
    assert planned.returncode == 0, planned.stderr
    assert not (clone / "dist").exists()

    done = release(clone, "--yes", **told)
    assert done.returncode == 0, done.stderr
    made = clone / "dist" / VERSION
    assert [path.name for path in (clone / "dist").iterdir()] == [VERSION]
    lines = [line.split("  ") for line in (made / "SHA256SUMS").read_text().splitlines()]
    sums = {name: digest for digest, name in lines}
    files = {str(path.relative_to(made)) for path in made.rglob("*") if path.is_file()}
    assert files - {"SHA256SUMS", "SHA256SUMS.sigstore.json"} == set(sums)
    assert all(hashlib.sha256((made / name).read_bytes()).hexdigest() == digest for name, digest in sums.items())
    assert {f"{name}-{VERSION}.tgz" for name in CHARTS} | {"images.json", "sbom/gateway.cdx.json"} <= files
    assert [name for name in files if re.fullmatch(rf"churn_serving-{VERSION}-.*\.whl", name)]
    proof = ("--key", keys.public, "--insecure-ignore-tlog=true")
    run("cosign", "verify-blob", *proof, "--bundle", made / "SHA256SUMS.sigstore.json", made / "SHA256SUMS")
    images = json.loads((made / "images.json").read_text())
    charts = {name: f"{registry}/whole/charts/{name}" for name in CHARTS}
    references = [f"{images['registry']}/{name}@{digest}" for name, digest in images["images"].items()]
    references += [
        f"{chart}@{run('crane', 'digest', f'{chart}:{VERSION}').stdout.strip()}" for chart in charts.values()
    ]
    for reference in references:
        run("cosign", "verify", *proof, reference)
    for name, chart in charts.items():
        pulled = ["pull", f"oci://{chart}", "--version", VERSION, "--plain-http", "--destination", str(clone.parent)]
        subprocess.run([program("helm"), *pulled], check=True, capture_output=True)
        again = (clone.parent / f"{name}-{VERSION}.tgz").read_bytes()
        assert again == (made / f"{name}-{VERSION}.tgz").read_bytes()

    once = release(clone, "--yes", **told)
    assert (once.returncode, "is released once" in once.stderr) == (2, True)


def test_what_is_against_a_release_is_said_at_once(clone: Path) -> None:
    (clone / "README.md").write_text("changed")
    done = release(clone, "--yes", VERSION="9.9.9", COSIGN_KEY="")
    assert done.returncode == 2
    for words in (
        "REGISTRY",
        "COSIGN_KEY",
        "pyproject.toml, version",
        "churn-serving/Chart.yaml, appVersion",
        "'## 9.9.9'",
        "not committed",
    ):
        assert words in done.stderr
    assert not (clone / "dist").exists()


def test_a_release_that_fails_leaves_nothing_half_written(clone: Path, keys: Keys) -> None:
    done = release(clone, "--yes", REGISTRY="127.0.0.1:9", COSIGN_KEY=str(keys.private))
    assert done.returncode == 1
    assert "was not made" in done.stderr
    assert list((clone / "dist").iterdir()) == []
