"""Proves an image by starting it.

Predictor and fallback must answer the golden rows of a package bit for bit, once around the starter and once around
CatBoost, whose library was made smaller, and the app for people must open both; training must train and MLflow's server
must answer.
"""

import json
import urllib.request
from collections.abc import Callable
from pathlib import Path

from churn_model import Package, TrustedKeys, open_package
from churn_model.golden import Golden
from churn_serving.oip.json_codec import encode_request
from churn_serving.oip.json_reply import decode_response
from ci.image import packages
from ci.image.engine import Engine
from ci.image.started import CheckFailed, Image, free_port

_PROBE = Path(__file__).with_name("probe.py")
_KEY = "/etc/churn/verify/verify.pem"


def check_for_cluster(engine: Engine, name: str, tag: str) -> None:
    """Check what a cluster that starts the image does not: what is in it, and that a CatBoost model computes the same.

    Raises:
        CheckFailed: see its message.
    """
    started = _inspected(engine, name, tag)
    if name in _MODEL_SERVERS:
        environment, place = _MODEL_SERVERS[name]
        _ready_seconds_with(started, packages.catboost(), environment, place)
    elif name == "marketing":
        _require_opens(started, packages.catboost())


def check(engine: Engine, name: str, tag: str) -> float:
    """Check one image.

    Returns:
        Seconds from the start of the process to its first readiness; in the training image, of MLflow's server.

    Raises:
        CheckFailed: see its message.
    """
    return _CHECKS[name](_inspected(engine, name, tag))


def _inspected(engine: Engine, name: str, tag: str) -> Image:
    """An image whose user and content are what they should be."""
    user = engine.configuration(tag)["User"]
    if user != "10001:10001":
        raise CheckFailed(f"{tag}: runs as {user or 'root'}, not as 10001:10001")
    started = Image(engine, tag)
    started.succeed("python", "-c", _PROBE.read_text(encoding="utf-8"), name)
    return started


def _gateway(image: Image) -> float:
    port = free_port()
    environment = {
        "CHURN_GATEWAY_HTTP_PORT": str(port),
        "CHURN_GATEWAY_GRPC_PORT": str(free_port()),
        "CHURN_GATEWAY_METRICS_PORT": str(free_port()),
        "CHURN_GATEWAY_HOST": "127.0.0.1",
        "CHURN_VERIFY_KEY": _KEY,
    }
    mounts = {packages.starter() / "verify.pem": _KEY}
    with image.serving(f"http://127.0.0.1:{port}/livez", environment, mounts) as seconds:
        return seconds


def _predictor(image: Image) -> float:
    return _both_models(image, *_MODEL_SERVERS["predictor"])


def _predictor_environment(port: int) -> dict[str, str]:
    ports = {"HTTP_PORT": port, "GRPC_PORT": free_port(), "METRICS_PORT": free_port()}
    return {f"CHURN_PREDICTOR_{name}": str(value) for name, value in ports.items()}


def _bento(image: Image) -> float:
    return _both_models(image, *_MODEL_SERVERS["bento"])


def _fallback(image: Image) -> float:
    port = free_port()
    # What is inside was proven when it was built in; here it has to answer.
    with image.serving(_ready(port), _bento_environment(port), {}) as seconds:
        return seconds


def _bento_environment(port: int) -> dict[str, str]:
    return {"CHURN_BENTO_PORT": str(port), "CHURN_BENTO_METRICS_PORT": str(free_port())}


# How they are told their port, and where they look for a package.
_MODEL_SERVERS: dict[str, tuple[Callable[[int], dict[str, str]], str]] = {
    "predictor": (_predictor_environment, "/mnt/models"),
    "bento": (_bento_environment, "/model"),
}


def _both_models(image: Image, environment: Callable[[int], dict[str, str]], place: str) -> float:
    """The seconds are those with the starter."""
    seconds = _ready_seconds_with(image, packages.starter(), environment, place)
    _ready_seconds_with(image, packages.catboost(), environment, place)
    return seconds


def _ready_seconds_with(image: Image, folder: Path, environment: Callable[[int], dict[str, str]], place: str) -> float:
    """Serve a package and have its golden rows answered."""
    port = free_port()
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


def _training(image: Image) -> float:
    image.succeed("churn", "--help")
    words = image.succeed("churn", "train", "--rows", "800", "--budget", "0", "--json").splitlines()
    if not json.loads(words[-1])["champion"]:
        raise CheckFailed("training in the image made no champion")
    image.succeed("python", "-c", _CLIENTS)
    port = free_port()
    server = ["mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    server += ["--backend-store-uri", "sqlite:////tmp/mlflow.db", "--default-artifact-root", "s3://models/"]
    with image.serving(f"http://127.0.0.1:{port}/health", {}, {}, server) as seconds:
        return seconds


def _marketing(image: Image) -> float:
    for folder in (packages.starter(), packages.catboost()):
        _require_opens(image, folder)
    port = free_port()
    settings = {"HTTP_PORT": str(port), "HOST": "127.0.0.1", "STATE": "/tmp/state"}  # noqa: S108 - in the image
    settings |= {"FIRST_PASSWORD_FILE": "/tmp/password"}  # noqa: S108 - as above
    environment = {f"CHURN_MARKETING_{name}": value for name, value in settings.items()}
    with image.serving(f"http://127.0.0.1:{port}/readyz", environment, {}) as seconds:
        return seconds


def _require_opens(image: Image, folder: Path) -> None:
    """Opening a package has its golden rows answered, bit for bit."""
    image.succeed("python", "-c", _OPENED, mounts={folder / "package": "/model", folder / "verify.pem": _KEY})


_OPENED = f"""
from pathlib import Path
from churn_model.package import open_package
from churn_model.signing import TrustedKeys
open_package(Path("/model"), TrustedKeys.load(Path("{_KEY}")))
"""

_CLIENTS = """
import boto3, kubernetes, sqlalchemy
boto3.client("s3", region_name="us-east-1", endpoint_url="http://127.0.0.1:9")
kubernetes.client.BatchV1Api(), kubernetes.client.CoreV1Api(), kubernetes.client.V1Secret(), kubernetes.client.V1Job()
for address in ("postgresql://u@h/d", "mysql+pymysql://u@h/d"):
    sqlalchemy.create_engine(address)
"""

_CHECKS: dict[str, Callable[[Image], float]] = {
    "gateway": _gateway,
    "predictor": _predictor,
    "bento": _bento,
    "fallback": _fallback,
    "training": _training,
    "marketing": _marketing,
}


def _ready(port: int) -> str:
    return f"http://127.0.0.1:{port}/v2/health/ready"
