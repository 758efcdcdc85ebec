"""What `ci/restore` refuses before it asks a cluster; that it restores one is shown by `ci/e2e --restore`."""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def refusal(*words: str, **environment: str) -> str:
    """The one line of a call that is refused."""
    ended = subprocess.run(
        [str(ROOT / "ci" / "restore"), *words],
        env={**os.environ, "KUBECONFIG": "/nowhere", **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (2, ""), ended.stderr
    (line,) = ended.stderr.splitlines()
    return line


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    (tmp_path / "00-first.yaml").write_text("kind: Namespace\n")
    return tmp_path


def test_what_is_missing_is_named(kept: Path) -> None:
    assert refusal().startswith("restore: ci/restore KEPT [INSTALL]: the folder of kept files")
    assert refusal(str(kept / "none")) == f"restore: {kept}/none: there is no such folder"
    (kept / "empty").mkdir()
    assert refusal(str(kept / "empty")) == f"restore: {kept}/empty: holds no file that ends with .yaml"
    assert refusal(str(kept), str(kept / "install.yaml")) == f"restore: {kept}/install.yaml: there is no such file"
    assert refusal(str(kept), WAIT_SECONDS="soon") == 'restore: WAIT_SECONDS: "soon" is not a number of seconds'


def test_a_repository_that_nobody_has_named_is_restored_from_nowhere(kept: Path) -> None:
    assert refusal(str(kept)).startswith(
        "restore: manifests/argocd/root.yaml: still names https://git.example.com; put your repository's address there"
    )
