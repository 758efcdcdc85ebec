"""Proves an image by starting it: as its own user, on a read-only root, with nothing but a fresh /tmp.

Predictor and fallback must answer the golden rows of a package bit for bit, once around the starter and once around
CatBoost, whose library was made smaller; training must train and MLflow's server must answer.
"""

import contextlib
import json
import os
import socket
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from churn_model import Package, TrustedKeys, open_package
from churn_model.golden import Golden
from churn_serving.oip.json_codec import encode_request
from churn_serving.oip.json_reply import decode_response
from ci.image import packages
from ci.image.engine import Engine

_READY_SECONDS = 60.0
_TRAIN_SECONDS = 300.0
_PROBE = Path(__file__).with_name("probe.py")
_KEY = "/etc/churn/verify/verify.pem"


class CheckFailed(Exception):
    """An image does not do what it is for; the message says what and shows the end of its log."""


def check_for_cluster(engine: Engine, name: str, tag: str) -> None:
    """Check what a cluster that starts the image does not: what is in it, and that a CatBoost model computes the same.

    Raises:
        CheckFailed: see its message.
    """
    started = _inspected(engine, name, tag)
    if name in _MODEL_SERVERS:
        environment, place = _MODEL_SERVERS[name]
        _ready_seconds_with(started, packages.catboost(), environment, place)


def check(engine: Engine, name: str, tag: str) -> float:
    """Check one image.

    Returns:
        Seconds from the start of the process to its first readiness; in the training image, of MLflow's server.

    Raises:
        CheckFailed: see its message.
    """
    return _CHECKS[name](_inspected(engine, name, tag))


def _inspected(engine: Engine, name: str, tag: str) -> "_Image":
    """An image whose user and content are what they should be."""
    user = engine.configuration(tag)["User"]
    if user != "10001:10001":
        raise CheckFailed(f"{tag}: runs as {user or 'root'}, not as 10001:10001")
    started = _Image(engine, tag)
    started.succeed("python", "-c", _PROBE.read_text(encoding="utf-8"), name)
    return started


class _Image:
    """One image to start containers of."""

    def __init__(self, engine: Engine, tag: str) -> None:
        self._engine = engine
        self._tag = tag

    def succeed(self, *command: str, environment: Mapping[str, str] | None = None) -> str:
        """Run a command to its end and return what it wrote."""
        with tempfile.NamedTemporaryFile("w+") as log:
            with self._engine.start(self._tag, command, environment or {}, {}, log) as process:
                status = process.wait(_TRAIN_SECONDS)
            if status:
                raise CheckFailed(f"{self._tag}: {' '.join(command)[:60]} ended with {status}:\n{_tail(log.name)}")
            return Path(log.name).read_text(errors="replace")

    @contextlib.contextmanager
    def serving(
        self, ready: str, environment: Mapping[str, str], mounts: Mapping[Path, str], command: Sequence[str] = ()
    ) -> Iterator[float]:
        """A server; yields the seconds from its start until it was ready."""
        with tempfile.NamedTemporaryFile("w+") as log:
            begin = time.monotonic()
            with self._engine.start(self._tag, command, environment, mounts, log) as process:
                while not _answers(ready):
                    if process.poll() is not None or time.monotonic() - begin > _READY_SECONDS:
                        raise CheckFailed(f"{self._tag}: not ready:\n{_tail(log.name)}")
                    time.sleep(0.02)
                yield time.monotonic() - begin


def _gateway(image: _Image) -> float:
    port = _free_port()
    environment = {
        "CHURN_GATEWAY_HTTP_PORT": str(port),
        "CHURN_GATEWAY_GRPC_PORT": str(_free_port()),
        "CHURN_GATEWAY_METRICS_PORT": str(_free_port()),
        "CHURN_GATEWAY_HOST": "127.0.0.1",
        "CHURN_VERIFY_KEY": _KEY,
    }
    mounts = {packages.starter() / "verify.pem": _KEY}
    with image.serving(f"http://127.0.0.1:{port}/livez", environment, mounts) as seconds:
        return seconds


def _predictor(image: _Image) -> float:
    return _both_models(image, *_MODEL_SERVERS["predictor"])


def _predictor_environment(port: int) -> dict[str, str]:
    ports = {"HTTP_PORT": port, "GRPC_PORT": _free_port(), "METRICS_PORT": _free_port()}
    return {f"CHURN_PREDICTOR_{name}": str(value) for name, value in ports.items()}


def _bento(image: _Image) -> float:
    return _both_models(image, *_MODEL_SERVERS["bento"])


def _fallback(image: _Image) -> float:
    port = _free_port()
    # What is inside was proven when it was built in; here it has to answer.
    with image.serving(_ready(port), _bento_environment(port), {}) as seconds:
        return seconds


def _bento_environment(port: int) -> dict[str, str]:
    return {"CHURN_BENTO_PORT": str(port), "CHURN_BENTO_METRICS_PORT": str(_free_port())}


# How they are told their port, and where they look for a package.
_MODEL_SERVERS: dict[str, tuple[Callable[[int], dict[str, str]], str]] = {
    "predictor": (_predictor_environment, "/mnt/models"),
    "bento": (_bento_environment, "/model"),
}


def _both_models(image: _Image, environment: Callable[[int], dict[str, str]], place: str) -> float:
    """The seconds are those with the starter."""
    seconds = _ready_seconds_with(image, packages.starter(), environment, place)
    _ready_seconds_with(image, packages.catboost(), environment, place)
    return seconds


def _ready_seconds_with(image: _Image, folder: Path, environment: Callable[[int], dict[str, str]], place: str) -> float:
    """Serve a package and have its golden rows answered."""
    port = _free_port()
    mounts = {folder / "package": place, folder / "verify.pem": _KEY}
    package = open_package(folder / "package", TrustedKeys.load(folder / "verify.pem"))
    golden = Golden.from_bytes((folder / "package" / "golden.json").read_bytes(), package.manifest.schema)
    with image.serving(_ready(port), {**environment(port), "CHURN_VERIFY_KEY": _KEY}, mounts) as seconds:
        _require_golden(port, package, golden)
    return seconds


def _require_golden(port: int, package: Package, golden: Golden) -> None:
    """Together and alone, since many rows and few take different ways through CatBoost."""
    name = package.manifest.name
    for rows in (golden.rows, golden.rows[:1]):
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}/v2/models/{name}/infer",
            encode_request(rows, package.manifest.schema),
            {"content-type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - this machine
            reply = decode_response(answer.read())
        if list(reply.probabilities) != golden.scores.probabilities[: len(rows)]:
            raise CheckFailed(f"{name}: golden rows are answered differently inside the image")


def _training(image: _Image) -> float:
    image.succeed("churn", "--help")
    words = image.succeed("churn", "train", "--rows", "800", "--budget", "0", "--json").splitlines()
    if not json.loads(words[-1])["champion"]:
        raise CheckFailed("training in the image made no champion")
    image.succeed("python", "-c", _CLIENTS)
    port = _free_port()
    server = ["mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    server += ["--backend-store-uri", "sqlite:////tmp/mlflow.db", "--default-artifact-root", "s3://models/"]
    with image.serving(f"http://127.0.0.1:{port}/health", {}, {}, server) as seconds:
        return seconds


_CLIENTS = """
import boto3, kubernetes
boto3.client("s3", region_name="us-east-1", endpoint_url="http://127.0.0.1:9")
kubernetes.client.BatchV1Api(), kubernetes.client.CoreV1Api(), kubernetes.client.V1Secret(), kubernetes.client.V1Job()
"""

_CHECKS: dict[str, Callable[[_Image], float]] = {
    "gateway": _gateway,
    "predictor": _predictor,
    "bento": _bento,
    "fallback": _fallback,
    "training": _training,
}


def _ready(port: int) -> str:
    return f"http://127.0.0.1:{port}/v2/health/ready"


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=1) as answer:  # noqa: S310 - this machine
            return int(answer.status) == 200  # noqa: PLR2004 - HTTP
    except (urllib.error.URLError, OSError):
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _tail(log: str | os.PathLike[str]) -> str:
    return Path(log).read_text(errors="replace")[-2000:]
