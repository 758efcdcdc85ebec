"""A registry as a process, keys of cosign, and small images: real layouts of a layer each."""

import gzip
import hashlib
import io
import json
import os
import re
import subprocess
import tarfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from ci.supply.programs import ROOT, program

NAMES = ("gateway", "predictor", "fallback", "training", "marketing")


@dataclass(frozen=True)
class Keys:
    private: Path
    public: Path


def ci(script: str, *words: str | Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    """A script of ci/ as people start it; `environment` beside their PATH and HOME."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "CLUSTER_HOME") if name in os.environ}
    return subprocess.run(
        [ROOT / "ci" / script, *words],
        check=False,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        env={**kept, **environment},
        timeout=300,
    )


@pytest.fixture(scope="session")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of an empty registry."""
    log = tmp_path_factory.mktemp("registry") / "log"
    with log.open("w") as file:
        process = subprocess.Popen([program("registry"), "-port", "0"], stdout=file, stderr=file)
        try:
            while not (found := re.search(r"serving on port (\d+)", log.read_text())):
                assert process.poll() is None, log.read_text()
                time.sleep(0.02)
            yield f"localhost:{found[1]}"
        finally:
            process.terminate()
            process.wait(10)


def key_pair(folder: Path) -> Keys:
    folder.mkdir(parents=True)
    subprocess.run(
        [program("cosign"), "generate-key-pair"],
        check=True,
        cwd=folder,
        env={"COSIGN_PASSWORD": "", "HOME": str(folder)},
        capture_output=True,
    )
    return Keys(folder / "cosign.key", folder / "cosign.pub")


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    return key_pair(tmp_path_factory.mktemp("keys") / "ours")


@pytest.fixture(scope="session")
def other_keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    return key_pair(tmp_path_factory.mktemp("keys") / "theirs")


@pytest.fixture
def layouts(tmp_path: Path) -> Path:
    """A folder with a layout an image, each another one."""
    for name in NAMES:
        write_layout(tmp_path / "layouts" / name, {"etc/name": f"{name} of {tmp_path.name}"})
    return tmp_path / "layouts"


def write_layout(folder: Path, files: Mapping[str, str]) -> str:
    """An OCI layout of one layer; returns the image's digest."""
    blobs = folder / "blobs" / "sha256"
    blobs.mkdir(parents=True)

    def blob(content: bytes) -> dict[str, object]:
        digest = hashlib.sha256(content).hexdigest()
        (blobs / digest).write_bytes(content)
        return {"digest": f"sha256:{digest}", "size": len(content)}

    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w") as archive:
        for path, text in files.items():
            entry = tarfile.TarInfo(path)
            entry.size = len(text.encode())
            archive.addfile(entry, io.BytesIO(text.encode()))
    difference = f"sha256:{hashlib.sha256(raw.getvalue()).hexdigest()}"
    kind = "application/vnd.oci.image"
    layer = {"mediaType": f"{kind}.layer.v1.tar+gzip", **blob(gzip.compress(raw.getvalue(), mtime=0))}
    configuration = {
        "architecture": "amd64",
        "os": "linux",
        "config": {},
        "rootfs": {"type": "layers", "diff_ids": [difference]},
    }
    settings = {"mediaType": f"{kind}.config.v1+json", **blob(json.dumps(configuration).encode())}
    manifest = {
        "schemaVersion": 2,
        "mediaType": f"{kind}.manifest.v1+json",
        "config": settings,
        "layers": [layer],
    }
    described = {"mediaType": f"{kind}.manifest.v1+json", **blob(json.dumps(manifest).encode())}
    (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    (folder / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [described]}))
    return str(described["digest"])
