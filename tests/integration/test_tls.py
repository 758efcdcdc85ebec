"""Between gateway and backends nothing is said in the clear where certificates are given, and one that is not to be
believed costs customers nothing: its backend counts as not reachable."""

import datetime
import re
import socket
import ssl
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

import patience
from certificates import CertificateAuthority, Pair
from churn_model import TrustedKeys
from churn_serving.adapters.http_backend import HttpBackend, open_session
from churn_serving.backend.process import read_certificate
from churn_serving.bento.settings import BentoSettings
from churn_serving.core.errors import BackendUnreachable
from churn_serving.gateway import command as gateway_command
from churn_serving.predictor.settings import PredictorSettings
from churn_serving.runtime.command_line import SettingError, read_settings
from churn_serving.runtime.tls import Authorities
from patience import by_a_model
from real_processes import Service, System, describe_system, running

HOST = "localhost"
FEATURES = {"tenure": 3, "Contract": "Month-to-month", "charges": 70.5, "Payment": "Check", "Senior Citizen": 0}
BODY = {"customers": [{"customer_id": "c", "features": FEATURES}]}
COMPANY, STRANGER = CertificateAuthority("company"), CertificateAuthority("stranger")


class Secured(System):
    """``folder`` holds what each process shows or believes; a folder a process, as Secrets are mounted."""

    folder: Path

    def asked(self) -> str:
        """Who served a customer; whatever happens, one is served."""
        answer = httpx.post(f"{self.gateway_url}/v1/predictions", json=BODY, timeout=30)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["served_by"])

    def served_by(self, name: str) -> None:
        """Return when customers are served by that backend."""
        by_a_model(self.asked, str, name)


def until(true: Callable[[], bool], service: Service) -> None:
    patience.until(true, service.tail)


@pytest.fixture(scope="module")
def secured(package_folder: Path, keys: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    home = tmp_path_factory.mktemp("home")
    plain = describe_system(package_folder, keys.verify_path, home)
    parts = {"primary": plain.primary, "fallback": plain.fallback}
    for name, service in parts.items():
        (home / "tls" / name).mkdir(parents=True)
        COMPANY.pair(HOST).write(home / "tls" / name)
        service.command += [
            "--tls-certificate",
            f"{home}/tls/{name}/tls.crt",
            "--tls-key",
            f"{home}/tls/{name}/tls.key",
        ]
        service.ready_url = f"https://{HOST}:{plain.ports[name]}/v2/health/ready"
        plain.gateway.environment[f"CHURN_GATEWAY_{name.upper()}_URL"] = f"https://{HOST}:{plain.ports[name]}"
    plain.primary.command += ["--grpc-port", "0"]
    (home / "tls" / "ca.crt").write_bytes(COMPANY.certificate)
    plain.gateway.environment["CHURN_GATEWAY_TLS_AUTHORITY"] = f"{home}/tls/ca.crt"
    system = Secured(plain.primary, plain.fallback, plain.gateway, plain.ports, plain.model)
    system.folder = home / "tls"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", str(system.folder / "ca.crt"))  # whom our own client believes
        with running(system):
            yield system


def shown(secured: Secured, name: str) -> bytes:
    """The certificate that a backend shows to a new connection."""
    return ssl.get_server_certificate((HOST, secured.ports[name]), timeout=10).encode()


def show(secured: Secured, name: str, pair: Pair) -> None:
    """Renew a backend's certificate and return when it shows it; the process goes on."""
    pair.write(secured.folder / name)
    service = secured.primary if name == "primary" else secured.fallback
    until(lambda: shown(secured, name) == pair.certificate, service)


def test_customers_are_answered_over_tls_and_nothing_is_said_in_the_clear(secured: Secured) -> None:
    secured.served_by("primary")
    for name in ("primary", "fallback"):
        with pytest.raises(httpx.TransportError):
            httpx.get(f"http://{HOST}:{secured.ports[name]}/v2/health/ready", timeout=10)


def test_what_is_no_request_is_refused_over_tls_as_in_the_clear(secured: Secured) -> None:
    """TLS knows no half of a connection to close, which is how an answer is made sure to arrive else."""
    context = ssl.create_default_context(cafile=str(secured.folder / "ca.crt"))
    for name in ("primary", "fallback"):
        with (
            socket.create_connection((HOST, secured.ports[name]), timeout=10) as plain,
            context.wrap_socket(plain, server_hostname=HOST) as connection,
        ):
            connection.sendall(b"this is no request\r\n\r\n")
            answer = b""
            while b"\r\n\r\n" not in answer:
                got = connection.recv(65536)
                assert got, answer
                answer += got
        assert answer.startswith(b"HTTP/1.1 400 "), answer
    assert "Traceback" not in secured.primary.tail() + secured.fallback.tail()


REFUSED = {
    "has expired": COMPANY.pair(HOST, until=-datetime.timedelta(minutes=5)),
    "Hostname mismatch": COMPANY.pair("churn-primary-predictor.other.svc"),
    "unable to get local issuer certificate": STRANGER.pair(HOST),
}


@pytest.mark.parametrize("name", ["primary", "fallback"])
async def test_a_certificate_that_is_not_to_be_believed_is_refused_and_named(
    secured: Secured, keys: Any, name: str
) -> None:
    trusted: TrustedKeys = keys.trusted
    authorities = Authorities(secured.folder / "ca.crt")
    url = f"https://{HOST}:{secured.ports[name]}"
    for reason, pair in REFUSED.items():
        show(secured, name, pair)
        async with open_session() as session:
            backend = HttpBackend(name, url, session, trusted, lambda *_: None, authorities=authorities)
            with pytest.raises(BackendUnreachable, match=reason):
                await backend.learn()
    show(secured, name, COMPANY.pair(HOST))
    async with open_session() as session:
        backend = HttpBackend(name, url, session, trusted, lambda *_: None, authorities=authorities)
        assert (await backend.learn()).digest
        in_the_clear = HttpBackend(
            name, secured.gateway_url.replace("http:", "https:"), session, trusted, lambda *_: None
        )
        with pytest.raises(BackendUnreachable, match="does not speak the TLS"):
            await in_the_clear.learn()


def test_half_of_a_renewal_changes_nothing(secured: Secured) -> None:
    """Two files are written one after the other; who looks in between finds a key of another certificate."""
    former, renewed = shown(secured, "primary"), COMPANY.pair(HOST)
    (secured.folder / "primary" / "tls.crt").write_bytes(renewed.certificate)
    until(lambda: "certificate not read again" in secured.primary.tail(), secured.primary)
    assert "the key is another certificate's" in secured.primary.tail()
    assert shown(secured, "primary") == former
    (secured.folder / "primary" / "tls.key").write_bytes(renewed.key)
    until(lambda: shown(secured, "primary") == renewed.certificate, secured.primary)


def test_a_backend_of_an_unknown_authority_is_left_alone_until_the_authority_is_known(secured: Secured) -> None:
    secured.served_by("primary")
    show(secured, "primary", STRANGER.pair(HOST))
    secured.served_by("fallback")  # once the connections that are open have ended
    told = re.compile(
        r"primary does not describe its model: its certificate is refused \(unable to get local issuer certificate\)$",
        re.MULTILINE,
    )
    until(lambda: told.search(secured.gateway.tail()) is not None, secured.gateway)
    (secured.folder / "ca.crt").write_bytes(b"nothing")
    until(lambda: "authorities of certificates not read again" in secured.gateway.tail(), secured.gateway)
    assert by_a_model(secured.asked, str) == "fallback"
    (secured.folder / "ca.crt").write_bytes(COMPANY.certificate + STRANGER.certificate)
    secured.served_by("primary")


@pytest.mark.parametrize("kind", [PredictorSettings, BentoSettings])
def test_a_certificate_that_cannot_be_used_ends_a_backend_at_its_start(
    kind: type[PredictorSettings | BentoSettings], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    COMPANY.pair(HOST).write(tmp_path)
    others = ["--model", "somewhere", *(["--grpc-port", "0"] if kind is PredictorSettings else [])]
    key = ["--tls-key", f"{tmp_path}/tls.key"]
    with pytest.raises(SettingError, match="TLS_KEY"):
        read_settings(kind, [*others, "--tls-certificate", f"{tmp_path}/tls.crt"])
    for certificate, reason in (("tls.crt", "the key is another"), ("no", "No such file"), ("text", "certificate")):
        (tmp_path / "text").write_text("no certificate")
        (tmp_path / "tls.key").write_bytes(STRANGER.pair(HOST).key)
        settings = read_settings(kind, [*others, *key, "--tls-certificate", f"{tmp_path}/{certificate}"])
        with pytest.raises(SystemExit):
            read_certificate(settings)
        said = capsys.readouterr().err
        assert said.count("\n") == 1
        assert f"{kind.model_config['env_prefix']}TLS_CERTIFICATE" in said
        assert reason in said


def test_beside_a_certificate_no_port_speaks_in_the_clear() -> None:
    flags = ["--model", "somewhere", "--tls-certificate", "c", "--tls-key", "k"]
    with pytest.raises(SettingError, match="CHURN_PREDICTOR_GRPC_PORT"):
        read_settings(PredictorSettings, flags)


@pytest.mark.parametrize(
    ("flags", "named"),
    [
        (["--tls-authority", "FILE"], "CHURN_GATEWAY_PRIMARY_URL: http:// would be in the clear"),
        (["--primary-url", "https://localhost:1"], "CHURN_GATEWAY_PRIMARY_URL: https:// needs"),
        (
            ["--tls-authority", "FILE", "--primary-url", "https://a", "--fallback-url", ""],
            "CHURN_GATEWAY_TLS_AUTHORITY: ",
        ),
    ],
)
def test_a_gateway_does_not_start_half_secured(
    flags: list[str], named: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "ca.crt"
    file.write_text("no certificate")
    arguments = [str(file) if flag == "FILE" else flag for flag in flags]
    monkeypatch.setattr(sys, "argv", ["gateway", "--check", *arguments])
    assert gateway_command.main() == 2
    said = capsys.readouterr().err
    assert named in said
    assert said.count("\n") == 1
