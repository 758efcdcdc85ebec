"""The V2 paths of a model server other than inference: health, metadata, the package's description, reloading."""

import importlib.metadata
from collections.abc import Awaitable, Callable

from churn_serving.backend.answers import JSON, Answer, json_answer
from churn_serving.backend.loaded_model import ModelSlot
from churn_serving.backend.model_source import ModelSource
from churn_serving.backend.reloading import Reloading
from churn_serving.oip.metadata import describe_tensors, list_models, repository_index
from churn_serving.oip.model_path import INFER, READY, ModelPath, read_model_path
from churn_serving.web.request import MethodNotAllowed, UnknownPath

SERVER_NAME = "churn-serving"
EXTENSIONS = ("binary_tensor_data", "model_repository(load)")
Headers = list[tuple[bytes, bytes]]
Handler = Callable[[Headers], Awaitable[Answer]]


class Routes:
    """Answers of one server process. ``source`` is None as long as the process has not been told its model."""

    def __init__(self, slot: ModelSlot, source: Callable[[], ModelSource | None]) -> None:
        self._slot = slot
        self._source = source
        self._reloading = Reloading(slot)
        self._fixed: dict[str, Handler] = {
            "/v2": self._server,
            "/v2/models": self._models,
            "/v2/health/live": self._live,
            "/v2/health/ready": self._ready,
            "/v1/package": self._package,
        }

    def find(self, method: str, path: str) -> Handler | None:
        """The handler of a request, None for a path that is not ours.

        Raises:
            MethodNotAllowed: the path is ours, for another method.
            UnknownModel, NoModelLoaded: the path names a model that is not served.
        """
        handler = self._fixed.get(path)
        if handler is None:
            asked = read_model_path(path)
            if asked is not None:
                handler = self._model_route(asked)
        if handler is not None:
            if method not in ("GET", "HEAD"):
                raise MethodNotAllowed("GET", "HEAD")
            return handler
        return self._repository(method, path)

    def _model_route(self, asked: ModelPath) -> Handler:
        self._slot.model(asked.name, asked.version)
        if asked.action == INFER:  # asked what may be done with it: inference itself has a way of its own
            raise MethodNotAllowed("POST")
        return self._model_ready if asked.action == READY else self._metadata

    def _repository(self, method: str, path: str) -> Handler | None:
        prefix, _, action = path.rpartition("/")
        if path == "/v2/repository/index":
            if method != "POST":
                raise MethodNotAllowed("POST")
            return self._index
        if not prefix.startswith("/v2/repository/models/") or action not in ("load", "unload"):
            return None
        self._slot.model(prefix.removeprefix("/v2/repository/models/"))
        if action == "unload":
            raise UnknownPath("models are loaded here, never unloaded")
        if method != "POST":
            raise MethodNotAllowed("POST")
        return self._load

    async def _live(self, _: Headers) -> Answer:
        failing = self._slot.supervisor.failing
        return json_answer({"live": False, "failing": failing}, 503) if failing else json_answer({"live": True})

    async def _ready(self, _: Headers) -> Answer:
        return json_answer({"ready": self._slot.ready}, 200 if self._slot.ready else 503)

    async def _server(self, _: Headers) -> Answer:
        version = importlib.metadata.version("churn-serving")
        return json_answer({"name": SERVER_NAME, "version": version, "extensions": EXTENSIONS})

    async def _models(self, _: Headers) -> Answer:
        return json_answer(list_models(self._slot.model().name))

    async def _index(self, _: Headers) -> Answer:
        model = self._slot.model()
        return json_answer(repository_index(model.name, model.version, ready=self._slot.ready))

    async def _model_ready(self, _: Headers) -> Answer:
        ready = self._slot.ready
        return json_answer({"name": self._slot.model().name, "ready": ready}, 200 if ready else 503)

    async def _metadata(self, _: Headers) -> Answer:
        model = self._slot.model()
        tensors = describe_tensors(model.name, model.version, model.platform, model.digest, model.schema, explains=True)
        return json_answer(tensors)

    async def _package(self, headers: Headers) -> Answer:
        """The signed description of the current model; 304 for a caller that has it already."""
        model = self._slot.model()
        etag = (b"etag", model.etag)
        if any(name == b"if-none-match" and model.etag in value for name, value in headers):
            return Answer(304, (etag,), b"")
        return Answer(200, (JSON, etag), model.documents)

    async def _load(self, _: Headers) -> Answer:
        source = self._source()
        if source is not None:
            await self._reloading.load(source)
        model = self._slot.model()
        return json_answer({"name": model.name, "version": model.version, "digest": model.digest, "load": True})
