"""The Kubernetes API for the few calls that are made here: the one module that imports `kubernetes`.

Objects are plain JSON, as the server speaks it: a Job made from a template keeps fields that this client has not heard
of.
"""

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from kubernetes import config
from kubernetes.client import ApiClient, Configuration
from kubernetes.config.config_exception import ConfigException
from urllib3.exceptions import HTTPError
from yaml import YAMLError

from churn_data.errors import Failure, Unavailable, glimpse

CONNECT_SECONDS = 5.0
READ_SECONDS = 30.0
BAD_REQUEST = 400
NOT_FOUND = 404
CONFLICT = 409
TOO_MANY = 429
SERVER_ERROR = 500

Object = dict[str, Any]


class Refused(Failure):
    """The API server refused; `status` is its HTTP status."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class KubernetesApi:
    """Calls to one API server, in one namespace. Every method raises Refused, or Unavailable when nobody answers."""

    def __init__(self, client: ApiClient, namespace: str) -> None:
        self._client = client
        self.namespace = namespace

    @classmethod
    def from_kubeconfig(cls, namespace: str, context: str | None = None) -> "KubernetesApi":
        """As `kubectl` would speak: KUBECONFIG, else `~/.kube/config`.

        Raises:
            Failure: there is no usable kubeconfig, or no such context in it.
        """
        configuration = Configuration()
        try:
            config.load_kube_config(  # type: ignore[no-untyped-call]
                # Named here, because the library reads the variable once, when it is imported.
                config_file=os.environ.get("KUBECONFIG") or None,
                context=context,
                client_configuration=configuration,
                persist_config=False,
            )
        # The loader checks little: a broken file may fail anywhere in it.
        except (ConfigException, YAMLError, OSError, ValueError, TypeError, AttributeError, KeyError) as error:
            path = os.environ.get("KUBECONFIG") or str(Path.home() / ".kube" / "config")
            problem = _line(error)
            if not any(Path(part).exists() for part in path.split(os.pathsep)):
                problem = f"there is none at {path}; KUBECONFIG says where it is"
            raise Failure(f"kubeconfig: {problem}", exit_code=2) from None
        return cls(_client(configuration), namespace)

    @classmethod
    def in_cluster(cls, namespace: str) -> "KubernetesApi":
        """As the pod's ServiceAccount.

        Raises:
            Failure: this is no pod, or it has no token.
        """
        configuration = Configuration()
        try:
            config.load_incluster_config(client_configuration=configuration)  # type: ignore[no-untyped-call]
        except ConfigException as error:
            raise Failure(f"not in a pod with a ServiceAccount token: {_line(error)}", exit_code=2) from None
        return cls(_client(configuration), namespace)

    def find(self, kind: str, name: str) -> Object | None:
        """An object of the namespace, None if there is none; `kind` as in `secrets` or `batch/jobs`."""
        try:
            return self._call("GET", f"{self._path(kind)}/{name}")
        except Refused as error:
            if error.status == NOT_FOUND:
                return None
            raise

    def list(self, kind: str, selector: str) -> list[Object]:
        """Objects with these labels."""
        items: list[Object] = self._call("GET", self._path(kind), {"labelSelector": selector})["items"]
        return items

    def create(self, kind: str, body: Object) -> Object:
        """Create an object."""
        return self._call("POST", self._path(kind), body=body)

    def merge(self, kind: str, name: str, body: Object) -> Object:
        """Change some fields of an object (JSON merge patch)."""
        return self._call("PATCH", f"{self._path(kind)}/{name}", body=body, content="application/merge-patch+json")

    def log_lines(self, pod: str, container: str, wait: float) -> Iterator[str]:
        """Each line a container has written and writes, from the first one on, until it ends; with its newline, which
        a line that is not whole yet lacks.

        Raises:
            Unavailable: the stream broke, or nothing was written for `wait` seconds.
        """
        query = {"container": container, "follow": "true"}
        response = self._send("GET", f"{self._path('pods')}/{pod}/log", query, read_seconds=wait)
        rest = b""
        try:
            for block in response.stream(4096, decode_content=True):
                *lines, rest = (rest + block).split(b"\n")
                for line in lines:
                    yield line.decode(errors="replace") + "\n"
        except (HTTPError, OSError) as error:
            raise Unavailable(f"log of pod {pod}: the stream broke ({type(error).__name__})") from None
        finally:
            response.release_conn()
        if rest:
            yield rest.decode(errors="replace")

    def _path(self, kind: str) -> str:
        group, _, plural = kind.rpartition("/")
        root = f"/apis/{group}/v1" if group else "/api/v1"
        return f"{root}/namespaces/{self.namespace}/{plural}"

    def _call(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: Object | None = None,
        content: str = "application/json",
    ) -> Object:
        response = self._send(method, path, query, body, content)
        try:
            found: Object = json.loads(response.data)
        except (HTTPError, OSError, ValueError) as error:
            raise Unavailable(f"{self._server} broke off its answer ({type(error).__name__})") from None
        return found

    def _send(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: Object | None = None,
        content: str = "application/json",
        read_seconds: float = READ_SECONDS,
    ) -> Any:
        request = self._client.param_serialize(
            method,
            path,
            query_params=list((query or {}).items()),
            header_params={"Accept": "application/json, */*", "Content-Type": content},
            body=body,
            auth_settings=["BearerToken"],
        )
        try:
            response = self._client.call_api(*request, _request_timeout=(CONNECT_SECONDS, read_seconds)).response
        except (HTTPError, OSError) as error:
            raise Unavailable(f"{self._server} does not answer ({_reason(error)})") from None
        if response.status >= BAD_REQUEST:
            raise self._refusal(method, path, response)
        return response

    def _refusal(self, method: str, path: str, response: Any) -> Refused | Unavailable:
        try:
            message = json.loads(response.data)["message"]
        except (HTTPError, OSError, ValueError, KeyError, TypeError):
            message = f"{method} {path}"
        line = f"{self._server} refused: {' '.join(str(message).split())[:300]} ({response.status})"
        if response.status >= SERVER_ERROR or response.status == TOO_MANY:
            return Unavailable(line)
        return Refused(line, response.status)

    @property
    def _server(self) -> str:
        return f"the Kubernetes API at {self._client.configuration.host}"


def _client(configuration: Configuration) -> ApiClient:
    configuration.retries = False
    return ApiClient(configuration)


def _line(error: Exception) -> str:
    text = " ".join(str(error).split())
    return text[:200] if text else type(error).__name__


def _reason(error: Exception) -> str:
    return glimpse(type(getattr(error, "reason", None) or error).__name__)
