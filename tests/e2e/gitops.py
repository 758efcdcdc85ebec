"""A company that deploys by commits: a git server that asks for a password, a checkout, and Argo CD, which makes the
namespace of the environment `dev` what the repository says. That is this one's, but for the address of the server and
what a caller describes otherwise: :func:`taken_over` the release that the suite has installed.
"""

import contextlib
import json
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import kubernetes.client
import yaml

from git_server import PASSWORD, USER, GitHost, git, git_host
from tests.e2e.cluster import Cluster
from tests.e2e.commands import ROOT, succeed, tool
from tests.e2e.release import PRESET, VALUES
from tests.e2e.waiting import wait_until

ENVIRONMENT = "dev"
ENVIRONMENT_FOLDER = Path("manifests", "envs", ENVIRONMENT)
MODEL = f"{ENVIRONMENT_FOLDER}/model.yaml"
APPLICATIONS_FOLDER = Path("manifests", "argocd", "apps")
APPLICATION = f"churn-{ENVIRONMENT}"
_APPLICATIONS = ("argoproj.io", "v1alpha1", "argocd", "applications")
_ADDRESS = "https://git.example.com/company/churn.git"
"""What `manifests/argocd` says where a company writes its own."""


@dataclass(frozen=True)
class Company:
    """`checkout` is where people commit; `host` serves it."""

    host: GitHost
    checkout: Path
    cluster: Cluster

    def push(self) -> str:
        """Bring what was committed to the server and have Argo CD look; the commit."""
        git("push", "--quiet", str(self.host.folder / "platform.git"), "HEAD:main", folder=self.checkout)
        git("update-ref", "refs/remotes/origin/main", "HEAD", folder=self.checkout)
        self.refresh()
        return git("rev-parse", "HEAD", folder=self.checkout)

    def commit(self, path: str, text: str) -> str:
        """Change a file by a commit and push it."""
        (self.checkout / path).write_text(text)
        git("commit", "--quiet", "--all", "--message", f"Change {path}", folder=self.checkout)
        return self.push()

    def revert(self) -> str:
        """Take the last commit back by another one."""
        git("revert", "--no-edit", "HEAD", folder=self.checkout)
        return self.push()

    def refresh(self) -> None:
        """As the webhook of a git server does; without it Argo CD looks once a minute."""
        patch = {"metadata": {"annotations": {"argocd.argoproj.io/refresh": "hard"}}}
        self.cluster.custom.patch_namespaced_custom_object(*_APPLICATIONS, APPLICATION, patch)

    def adopt(self, commit: str) -> None:
        """Apply every object once. One that is there as it should be is left alone otherwise, and without its
        annotation Argo CD does not see at once what is done to it."""
        operation = {"operation": {"sync": {"revision": commit, "syncOptions": ["RespectIgnoreDifferences=true"]}}}
        self.cluster.custom.patch_namespaced_custom_object(*_APPLICATIONS, APPLICATION, operation)
        wait_until(lambda: self.state().get("operationState"), 240, "operation", so_far=self.so_far)
        self.wait_synced(commit)

    def state(self, application: str = APPLICATION) -> dict[str, Any]:
        """What Argo CD says of an application, by default the environment."""
        try:
            found = self.cluster.custom.get_namespaced_custom_object(*_APPLICATIONS, application)
        except kubernetes.client.ApiException as error:
            return {"error": error.reason}
        status: dict[str, Any] = found.get("status", {})
        return status

    def wait_synced(self, commit: str, seconds: float = 500, health: str = "Healthy") -> None:
        """Wait until the cluster is what a commit says and Argo CD thinks so of its health."""

        def done() -> bool:
            status = self.state()
            sync, operation = status.get("sync", {}), status.get("operationState", {})
            is_there = sync.get("status") == "Synced" and sync.get("revision") == commit
            # A commit that changes no object needs no operation.
            return is_there and operation.get("phase", "Succeeded") == "Succeeded" and self.health() == health

        wait_until(done, seconds, f"{health} environment at {commit[:10]}", so_far=self.so_far)

    def health(self, application: str = APPLICATION) -> str:
        """In Argo CD's words."""
        return str(self.state(application).get("health", {}).get("status"))

    def so_far(self) -> object:
        """What a failure should tell of it."""
        status = self.state()
        unlike = [
            (one["kind"], one["name"], one.get("status"), one.get("health", {}).get("status"))
            for one in status.get("resources", [])
            if one.get("status") != "Synced" or one.get("health", {}).get("status") not in (None, "Healthy")
        ]
        return {
            "sync": status.get("sync", {}).get("status"),
            "health": status.get("health"),
            "operation": status.get("operationState", {}).get("message"),
            "conditions": status.get("conditions"),
            "unlike": unlike,
        }


@contextlib.contextmanager
def company(
    folder: Path, cluster: Cluster, describe: Callable[[Path], None], address: str = "127.0.0.1"
) -> Iterator[Company]:
    """A company with Argo CD, nothing deployed yet; `describe` changes its checkout before the first commit, its git
    server is at `address`. Afterwards Argo CD leaves alone what is there."""
    (folder / "host").mkdir()
    with git_host(folder / "host", address) as host:
        host.make("platform")
        checkout = _checkout(folder / "checkout", host, describe)
        succeed([str(ROOT / "ci" / "cluster" / "argocd-up")], 300)
        made = Company(host, checkout, cluster)
        git("push", "--quiet", str(host.folder / "platform.git"), "HEAD:main", folder=checkout)
        git("remote", "add", "origin", host.address("platform", USER), folder=checkout)
        git("update-ref", "refs/remotes/origin/main", "HEAD", folder=checkout)
        git("branch", "--quiet", "--set-upstream-to", "origin/main", folder=checkout)
        try:
            yield made
        finally:
            command = [tool("kubectl"), "delete", "applications", "--all", "--namespace", "argocd", "--wait=false"]
            succeed(command, 30)


def deploy(made: Company) -> str:
    """All that a person applies, the repository's password before the root; the commit that is deployed."""
    apply(credentials(made.host))
    apply((made.checkout / "manifests" / "argocd" / "root.yaml").read_text())
    return git("rev-parse", "HEAD", folder=made.checkout)


def _checkout(folder: Path, host: GitHost, describe: Callable[[Path], None]) -> Path:
    for part in ("charts", "manifests/argocd", "manifests/envs"):
        shutil.copytree(ROOT / part, folder / part)
    for file in (folder / "manifests" / "argocd").rglob("*.yaml"):
        file.write_text(file.read_text().replace(_ADDRESS, host.address("platform")))
    describe(folder)
    git("init", "--quiet", "--initial-branch", "main", folder=folder)
    git("add", ".", folder=folder)
    git("commit", "--quiet", "--message", "Describe the environment", folder=folder)
    return folder


def taken_over(checkout: Path, namespace: str) -> None:
    """Have the environment be the release of the suite, on a cluster that has KServe and no room for more."""
    for name in ("platform", "staging", "prod"):
        (checkout / APPLICATIONS_FOLDER / f"{name}.yaml").unlink()
    application = checkout / APPLICATIONS_FOLDER / f"{ENVIRONMENT}.yaml"
    text = application.read_text().replace(f"namespace: {APPLICATION}", f"namespace: {namespace}")
    # The suite's release has made its own, unlike `dev`.
    scoped = '{group: "", kind: Namespace}\n'
    assert scoped in text
    application.write_text(text.replace(scoped, f"{scoped}    - {{group: scheduling.k8s.io, kind: PriorityClass}}\n"))
    values = _merged(yaml.safe_load(PRESET.read_text()), yaml.safe_load(VALUES.read_text()))
    files = {"version": {}, "settings": {}, "capacity": {}, "rollout": {"canary": values.pop("canary")}, "env": values}
    for name, content in files.items():
        (checkout / ENVIRONMENT_FOLDER / f"{name}.yaml").write_text(yaml.safe_dump(content))


def _merged(values: dict[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """As helm merges files of values."""
    for key, value in over.items():
        former = values.get(key)
        values[key] = _merged(former, value) if isinstance(former, dict) and isinstance(value, dict) else value
    return values


def credentials(host: GitHost) -> str:
    """Argo CD's Secret for the repository, as `manifests/runbooks/tasks/restore-cluster.md` shows it."""
    metadata = {
        "name": "platform-repository",
        "namespace": "argocd",
        "labels": {"argocd.argoproj.io/secret-type": "repository"},
    }
    data = {"type": "git", "url": host.address("platform"), "username": USER, "password": PASSWORD}
    return json.dumps({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": data})


def apply(text: str) -> None:
    """As `kubectl apply` does."""
    command = [tool("kubectl"), "apply", "--filename", "-"]
    ended = subprocess.run(command, input=text, capture_output=True, text=True, timeout=30, check=False)
    assert ended.returncode == 0, ended.stderr
