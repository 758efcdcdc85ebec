"""Stores that no public authority vouches for: pods that ask them are given the company's own and believe it."""

import datetime
import os
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from tests.charts.rendered import LOOKING_BACK, Chart, Document, Pod, nested, pods

AUTHORITIES = nested(certificateAuthorities__configMap="company")
VARIABLES = {"AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"}
# As those who run in pods ask: object storage, MLflow's client, our own HTTP client.
ASK = """
import boto3, httpx, os, requests
from botocore.config import Config
address = os.environ["ADDRESS"]
told = []
def tell(name, ask):
    try:
        ask()
    except Exception as error:
        assert "certificate verify failed" in f"{error!r} {error.__cause__!r}".lower(), repr(error)
    else:
        told.append(name)
once = Config(retries={"total_max_attempts": 1})
storage = boto3.client("s3", endpoint_url=address, region_name="r", aws_access_key_id="a", aws_secret_access_key="b", config=once)
tell("boto3", lambda: storage.head_bucket(Bucket="models"))
tell("requests", lambda: requests.get(address, timeout=5))
tell("httpx", lambda: httpx.get(address, timeout=5))
print(*told)
"""  # noqa: E501 - a program in one text


def asking(documents: list[Document]) -> Iterator[tuple[Pod, Document]]:
    """Containers that have keys of object storage."""
    for pod in pods(documents):
        for container in pod.containers:
            if "AWS_SECRET_ACCESS_KEY" in {one["name"] for one in container["env"]}:
                yield pod, container


def told(container: Document) -> dict[str, str]:
    return {one["name"]: one["value"] for one in container["env"] if one["name"] in VARIABLES}


def test_everybody_who_asks_a_store_is_given_the_authorities_and_nobody_else(chart: Chart) -> None:
    documents = chart.render({**LOOKING_BACK, **AUTHORITIES})
    found = {(pod.component, container["name"]) for pod, container in asking(documents)}
    assert len(found) == 9
    given = set()
    for pod in pods(documents):
        for container in pod.containers:
            mounts = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
            if "authorities" not in mounts:
                assert not told(container), pod.owner
                continue
            given.add((pod.component, container["name"]))
            assert told(container) == dict.fromkeys(VARIABLES, f"{mounts['authorities']}/ca.crt")
    assert given == found


def test_every_mount_of_them_has_its_volume(chart: Chart) -> None:
    """An InferenceService brings the volumes of its own containers; KServe lays them beside its runtime's."""
    for source, volume in (
        ("configMap", {"name": "company"}),
        ("secret", {"secretName": "company", "defaultMode": 0o440}),
    ):
        documents = chart.render({**LOOKING_BACK, **nested(certificateAuthorities={source: "company"})})
        services = {one["metadata"]["name"]: one for one in documents if one["kind"] == "InferenceService"}
        for pod, _ in asking(documents):
            kind, name = pod.owner.split("/")
            spec = services[name]["spec"]["predictor"] if kind == "InferenceService" else pod.spec
            assert {"name": "authorities", source: volume} in spec["volumes"], pod.owner


def test_without_authorities_nothing_of_them_is_rendered(chart: Chart) -> None:
    for pod in pods(chart.render(LOOKING_BACK)):
        assert "authorities" not in str(pod.spec)
        assert not [one for container in pod.containers for one in told(container)]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate that signed itself, and its key beside it."""
    folder: Path = tmp_path_factory.mktemp("authority")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "company")])
    now = datetime.datetime.now(datetime.UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(now - datetime.timedelta(hours=1)).not_valid_after(now + datetime.timedelta(hours=1))
    made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    (folder / "ca.crt").write_bytes(made.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM))
    (folder / "key.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return folder


class Store(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    do_HEAD = do_GET  # noqa: N815 - the library's name

    def log_message(self, *_: Any) -> None:
        """Not between the lines of tests."""


@pytest.fixture(scope="module")
def address(authority: Path) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Store)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority / "ca.crt", authority / "key.pem")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"https://localhost:{server.server_port}"
    server.shutdown()
    server.server_close()


def who_believes(address: str, variables: dict[str, str]) -> list[str]:
    environment = {key: value for key, value in os.environ.items() if key not in VARIABLES}
    done = subprocess.run(
        [sys.executable, "-c", ASK],
        env={**environment, "ADDRESS": address, **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_what_a_pod_is_told_makes_every_client_believe_the_company(chart: Chart, authority: Path, address: str) -> None:
    (variables,) = (
        told(container) for pod, container in asking(chart.render(AUTHORITIES)) if pod.component == "training"
    )
    here = {name: value.replace("/etc/churn/authorities", str(authority)) for name, value in variables.items()}
    assert who_believes(address, here) == ["boto3", "requests", "httpx"]
    assert who_believes(address, {}) == []
