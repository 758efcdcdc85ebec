"""The HTTP application: FastAPI for everything that is looked at, plain ASGI in front for everything that is hot."""

from collections.abc import Callable, Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

from churn_serving.core.errors import NotReady
from churn_serving.gateway import predictions
from churn_serving.gateway.access import OPEN_PATHS
from churn_serving.gateway.authentication import Authentication, Unauthenticated
from churn_serving.gateway.documentation_pages import add_documentation
from churn_serving.gateway.inference import InferenceRoute
from churn_serving.gateway.model_view import describe_model, require_served
from churn_serving.gateway.page_errors import add_error_pages, refusal_page
from churn_serving.gateway.predictions import PredictionsRoute
from churn_serving.gateway.problems import CONTENT_TYPE
from churn_serving.gateway.service import PredictionService
from churn_serving.oip.metadata import describe_tensors, list_models, repository_index
from churn_serving.oip.model_path import INFER, PREFIX
from churn_serving.web.body import Application as Route
from churn_serving.web.body import Receive, Scope, Send


class Readiness:
    """Whether new requests should come here; the process's life cycle switches it off before it drains. ``failing``
    names background tasks that cannot be kept alive, ``degraded`` tells whether no backend is there to answer."""

    def __init__(self, failing: Callable[[], Sequence[str]] = tuple, degraded: Callable[[], bool] = bool) -> None:
        self.draining = False
        self.failing = failing
        self.degraded = degraded


class Application:
    """Plain ASGI: hot paths by exact match, the rest to FastAPI."""

    def __init__(
        self,
        predictions_route: PredictionsRoute,
        inference_route: InferenceRoute,
        pages: FastAPI,
        authentication: Authentication,
    ) -> None:
        self._predictions = predictions_route
        self._inference = inference_route
        self._pages = pages
        self._authentication = authentication

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "http":
            path: str = scope["path"]
            hot = self._hot_route(path)
            if hot is not None and scope["method"] != "OPTIONS":
                return await hot(scope, receive, send)
            if hot is not None:
                return await _tell_methods(send)
            if path not in OPEN_PATHS:
                try:
                    self._authentication.caller(scope["headers"])
                except Unauthenticated as error:
                    return await refusal_page(path, error)(scope, receive, send)
            if scope["method"] == "HEAD":  # the server leaves the body out
                scope = {**scope, "method": "GET"}
        return await self._pages(scope, receive, send)

    def _hot_route(self, path: str) -> Route | None:
        if path == predictions.PATH:
            return self._predictions
        if path.startswith(PREFIX) and path.endswith(f"/{INFER}"):
            return self._inference
        return None


async def _tell_methods(send: Send) -> None:
    await send({"type": "http.response.start", "status": 204, "headers": [(b"allow", b"POST, OPTIONS")]})
    await send({"type": "http.response.body"})


def build_pages(
    service: PredictionService, readiness: Readiness, documented: PredictionsRoute, authentication: Authentication
) -> FastAPI:
    """FastAPI with health, model description and documentation."""
    # Its own pages of documentation show everybody the same.
    app = FastAPI(title="Churn Serving gateway", version="1", openapi_url=None, redirect_slashes=False)

    add_error_pages(app)

    @app.get(
        "/livez", summary="The process runs", tags=["health"], responses={503: {"description": "It needs a restart"}}
    )
    async def livez() -> Response:
        failing = readiness.failing()
        return _not_alive(failing) if failing else JSONResponse({"status": "alive"})

    @app.get(
        "/readyz",
        summary="Requests can be answered",
        description="`status` is `ready`, or `degraded` while no backend answers and the scorecard stands in.",
        tags=["health"],
        responses={503: {"description": "Not yet"}},
    )
    async def readyz(request: Request) -> Response:
        if readiness.draining:
            raise NotReady("draining")
        description = service.description
        known = {"model": description.name, "version": description.version}
        status = "degraded" if readiness.degraded() else "ready"
        return JSONResponse({"status": status, **(known if authentication.recognises(request.headers.raw) else {})})

    @app.get("/v1/model", summary="The model that is served", tags=["model"])
    async def model() -> dict[str, Any]:
        return describe_model(service.description)

    _add_protocol_pages(app, service, readiness)
    add_documentation(app, service, documented, authentication)
    return app


def _add_protocol_pages(app: FastAPI, service: PredictionService, readiness: Readiness) -> None:
    @app.get("/v2", summary="Server metadata", tags=["open inference protocol"])
    async def server() -> dict[str, Any]:
        return {"name": "churn-serving-gateway", "version": "1", "extensions": ["binary_tensor_data"]}

    @app.get("/v2/health/live", summary="The process runs", tags=["open inference protocol"])
    async def live() -> Response:
        alive = not readiness.failing()
        return JSONResponse({"live": alive}, 200 if alive else 503)

    @app.get("/v2/health/ready", summary="Requests can be answered", tags=["open inference protocol"])
    async def ready() -> Response:
        if readiness.draining:
            raise NotReady("draining")
        return JSONResponse({"ready": bool(service.description)})

    @app.get("/v2/models", summary="The names of models", tags=["open inference protocol"])
    async def models() -> dict[str, list[str]]:
        return list_models(service.description.name)

    @app.post(
        "/v2/repository/index",
        summary="The models and their versions",
        description="As Triton and MLServer show them; what a body asks for is one model at most.",
        tags=["open inference protocol"],
    )
    async def index() -> list[dict[str, str]]:
        description = service.description
        return repository_index(description.name, description.version, ready=not readiness.draining)

    @app.get("/v2/models/{name}/versions/{version}", summary="The same, by version", tags=["open inference protocol"])
    @app.get("/v2/models/{name}", summary="A model's tensors", tags=["open inference protocol"])
    async def model_metadata(name: str, version: str = "") -> Response:
        description = service.description
        require_served(description, name, version)
        schema, digest = description.schema, description.digest
        return JSONResponse(describe_tensors(name, description.version, "churn_serving", digest, schema))

    @app.get(
        "/v2/models/{name}/versions/{version}/ready", summary="The same, by version", tags=["open inference protocol"]
    )
    @app.get("/v2/models/{name}/ready", summary="A model can answer", tags=["open inference protocol"])
    async def model_ready(name: str, version: str = "") -> Response:
        require_served(service.description, name, version)
        if readiness.draining:
            raise NotReady("draining")
        return JSONResponse({"name": name, "ready": True})


def _not_alive(failing: Sequence[str]) -> Response:
    body = {"type": "urn:churn-serving:problem:background-task", "title": "A background task cannot be kept alive",
            "status": 503, "detail": f"Failing: {', '.join(failing)}. The log says why."}  # fmt: skip
    return JSONResponse(body, 503, media_type=CONTENT_TYPE.decode())
