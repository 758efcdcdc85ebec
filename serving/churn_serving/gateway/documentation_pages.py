"""``/openapi.json`` and ``/docs``: open to everybody, and without a word about a model for callers who show no key."""

from typing import Any

import msgspec
from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse

from churn_serving.core.errors import NotReady
from churn_serving.gateway.authentication import Authentication
from churn_serving.gateway.documentation import add_security, extend_openapi
from churn_serving.gateway.documentation_html import POLICY, page
from churn_serving.gateway.predictions import PredictionsRoute
from churn_serving.gateway.service import PredictionService

_DOCUMENT = "/openapi.json"


def add_documentation(
    app: FastAPI, service: PredictionService, documented: PredictionsRoute, authentication: Authentication
) -> None:
    """Add both pages."""

    def body_type(request: Request) -> type[msgspec.Struct]:
        if not authentication.recognises(request.headers.raw):
            return documented.undescribed_body_type
        try:
            return documented.decoder(service.description.schema).body_type
        except NotReady:
            return documented.undescribed_body_type

    def document_for(request: Request) -> dict[str, Any]:
        document: dict[str, Any] = extend_openapi(app.openapi(), body_type(request))
        return add_security(document) if authentication.required else document

    @app.get(_DOCUMENT, include_in_schema=False)
    async def openapi(request: Request) -> JSONResponse:
        return JSONResponse(document_for(request))

    @app.get("/docs", include_in_schema=False)
    async def docs(request: Request) -> HTMLResponse:
        return HTMLResponse(page(document_for(request)), headers={"content-security-policy": POLICY})
