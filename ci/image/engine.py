"""What builds images and starts containers: buildah with runc, or Docker. The only module that knows either.

A container of a check gets less than a pod in a restricted namespace: the image's own user, a read-only root, no
capability, no new privilege, a fresh /tmp, and the machine's network, so that it can be asked on 127.0.0.1.
"""

import contextlib
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, Protocol

from ci.image.unpacking import UnpackingError, unpacked

ROOT = Path(__file__).resolve().parents[2]


class EngineError(Exception):
    """A build failed or an engine is missing; the message is what to show."""


class Engine(Protocol):
    """Builds, describes and starts images."""

    def build(self, tag: str, dockerfile: str, arguments: Mapping[str, str], label: str, log: IO[str]) -> None:
        """Build from the repository's root, unchanged layers from the cache; the label comes last."""

    def identity(self, tag: str) -> str | None:
        """Digest of the image's configuration; None if there is no such image."""

    def configuration(self, tag: str) -> dict[str, Any]:
        """User, Env, Entrypoint, Cmd, Labels as the image names them."""

    def export(self, tag: str, folder: Path) -> None:
        """Write an OCI layout."""

    def start(
        self, tag: str, command: Sequence[str], environment: Mapping[str, str], mounts: Mapping[Path, str], log: IO[str]
    ) -> contextlib.AbstractContextManager["subprocess.Popen[str]"]:
        """A process in a container; an empty command is the image's own. On leaving it is gone."""


def choose(name: str | None) -> Engine:
    """The engine of that name, or the first that this machine has.

    Raises:
        EngineError: there is none, or another name.
    """
    if name not in (None, "", "buildah", "docker"):
        raise EngineError(f"ENGINE={name} is not known: buildah or docker")
    if name != "docker" and shutil.which("buildah"):
        return Buildah()
    if name != "buildah" and shutil.which("docker"):
        return Docker()
    raise EngineError(f"{name or 'buildah or docker'} is needed and was not found")


def output(command: Sequence[str | Path]) -> str:
    """What a command prints.

    Raises:
        EngineError: with the end of what it complained about.
    """
    done = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603 - our own words
    if done.returncode:
        raise EngineError(f"{' '.join(map(str, command[:3]))}: {done.stderr.strip()[-600:]}")
    return done.stdout


def succeeds(command: Sequence[str | Path]) -> bool:
    """Run a command of which only the outcome matters."""
    return subprocess.run(command, check=False, capture_output=True).returncode == 0  # noqa: S603 - our own words


def _started(command: Sequence[str | Path], log: IO[str]) -> "subprocess.Popen[str]":
    return subprocess.Popen(command, text=True, stdin=subprocess.DEVNULL, stdout=log, stderr=log)  # noqa: S603 - as above


def _logged(command: Sequence[str | Path], log: IO[str]) -> None:
    done = subprocess.run(command, check=False, cwd=ROOT, stdout=log, stderr=log)  # noqa: S603 - our own words
    if done.returncode:
        raise EngineError(f"building failed, see {log.name}:\n{Path(log.name).read_text(errors='replace')[-2000:]}")


def _flags(arguments: Mapping[str, str]) -> list[str]:
    return [word for name, value in arguments.items() for word in ("--build-arg", f"{name}={value}")]


class Buildah:
    """Images in buildah's store, containers by runc."""

    store = ("buildah", "--storage-driver", "overlay")

    def build(self, tag: str, dockerfile: str, arguments: Mapping[str, str], label: str, log: IO[str]) -> None:
        """See :class:`Engine`."""
        script = ROOT / "ci" / "cluster" / "build-image"
        _logged([script, tag, ".", "--file", dockerfile, "--label", label, *_flags(arguments)], log)

    def identity(self, tag: str) -> str | None:
        """See :class:`Engine`."""
        with contextlib.suppress(EngineError):
            return output([*self.store, "images", "--quiet", "--no-trunc", tag]).split()[0]
        return None

    def configuration(self, tag: str) -> dict[str, Any]:
        """See :class:`Engine`."""
        found: dict[str, Any] = json.loads(output([*self.store, "inspect", "--type", "image", tag]))["OCIv1"]["config"]
        return found

    def export(self, tag: str, folder: Path) -> None:
        """See :class:`Engine`."""
        output([*self.store, "push", "--quiet", "--format", "oci", tag, f"oci:{folder}"])

    @contextlib.contextmanager
    def start(
        self, tag: str, command: Sequence[str], environment: Mapping[str, str], mounts: Mapping[Path, str], log: IO[str]
    ) -> Iterator["subprocess.Popen[str]"]:
        """See :class:`Engine`."""
        image = self.configuration(tag)
        container = output([*self.store, "from", "--pull=never", tag]).strip()
        name = f"churn-check-{os.getpid()}-{container}"
        runc: tuple[str | Path, ...] = ("runc",)
        try:
            with tempfile.TemporaryDirectory() as bundle:
                runc = ("runc", "--root", Path(bundle, "state"))
                root = output([*self.store, "mount", container]).strip()
                output([*runc, "spec", "--bundle", bundle])
                path = Path(bundle, "config.json")
                specification = _restricted(json.loads(path.read_text()), root, image, command, environment, mounts)
                path.write_text(json.dumps(specification))
                process = _started([*runc, "run", "--bundle", bundle, name], log)
                try:
                    yield process
                finally:
                    if process.poll() is None:
                        succeeds([*runc, "kill", name, "KILL"])
                        process.wait(10)
        finally:
            succeeds([*self.store, "umount", container])
            succeeds([*self.store, "rm", container])


def _restricted(
    specification: dict[str, Any],
    root: str,
    image: Mapping[str, Any],
    command: Sequence[str],
    environment: Mapping[str, str],
    mounts: Mapping[Path, str],
) -> dict[str, Any]:
    """What runc makes by default, with the image's own process and everything taken away that it does not need."""
    user, _, group = image["User"].partition(":")
    process = specification["process"]
    process |= {
        "terminal": False,
        "user": {"uid": int(user), "gid": int(group)},
        "cwd": image["WorkingDir"],
        "args": list(command or [*image["Entrypoint"], *image.get("Cmd", [])]),
        "env": [*image["Env"], *(f"{name}={value}" for name, value in environment.items())],
        "capabilities": {kind: [] for kind in process["capabilities"]},
        "noNewPrivileges": True,
    }
    process.pop("rlimits", None)
    specification["root"] = {"path": root, "readonly": True}
    linux = specification["linux"]
    linux["namespaces"] = [one for one in linux["namespaces"] if one["type"] not in ("network", "cgroup")]
    kept = [mount for mount in specification["mounts"] if mount["destination"] not in ("/sys", "/sys/fs/cgroup")]
    writable = {"destination": "/tmp", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "nodev", "mode=1777"]}  # noqa: S108 - a mount inside
    bound = [
        {"destination": inside, "type": "bind", "source": str(outside), "options": ["rbind", "ro"]}
        for outside, inside in mounts.items()
    ]
    specification["mounts"] = [*kept, writable, *bound]
    return specification


class Docker:
    """Images and containers of a Docker daemon."""

    def build(self, tag: str, dockerfile: str, arguments: Mapping[str, str], label: str, log: IO[str]) -> None:
        """See :class:`Engine`."""
        _logged(["docker", "build", "--tag", tag, "--file", dockerfile, "--label", label, *_flags(arguments), "."], log)

    def identity(self, tag: str) -> str | None:
        """See :class:`Engine`."""
        with contextlib.suppress(EngineError):
            return output(["docker", "image", "inspect", "--format", "{{.Id}}", tag]).strip()
        return None

    def configuration(self, tag: str) -> dict[str, Any]:
        """See :class:`Engine`."""
        found: dict[str, Any] = json.loads(output(["docker", "image", "inspect", tag]))[0]["Config"]
        return found

    def export(self, tag: str, folder: Path) -> None:
        """See :class:`Engine`."""
        archive = folder.with_suffix(".tar")
        output(["docker", "save", "--output", archive, tag])
        try:
            unpacked(archive, folder)
        except UnpackingError as error:
            raise EngineError(str(error)) from error
        archive.unlink()

    @contextlib.contextmanager
    def start(
        self, tag: str, command: Sequence[str], environment: Mapping[str, str], mounts: Mapping[Path, str], log: IO[str]
    ) -> Iterator["subprocess.Popen[str]"]:
        """See :class:`Engine`."""
        words = ["docker", "run", "--rm", "--init", "--network", "host", "--read-only", "--tmpfs", "/tmp"]  # noqa: S108 - a mount inside
        words += ["--cap-drop", "ALL", "--security-opt", "no-new-privileges"]
        words += [word for name, value in environment.items() for word in ("--env", f"{name}={value}")]
        words += [word for outside, inside in mounts.items() for word in ("--volume", f"{outside}:{inside}:ro")]
        if command:
            words += ["--entrypoint", command[0]]
        process = _started([*words, tag, *command[1:]], log)
        try:
            yield process
        finally:
            process.terminate()
            process.wait(30)
