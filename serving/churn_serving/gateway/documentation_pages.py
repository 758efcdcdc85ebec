"""``/openapi.json`` and ``/docs``: open to everybody, and without a word about a model for callers who show no key.

Each is made once for those who may know the model and once for the others, and again when another model is served: they
are open, so being asked for them must cost next to nothing.
"""

from typing import NamedTuple

import msgspec
from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, Response

from churn_model import Description
from churn_serving.core.errors import NotReady
from churn_serving.gateway.authentication import Authentication
from churn_serving.gateway.documentation import add_security, extend_openapi
from churn_serving.gateway.documentation_html import POLICY, page
from churn_serving.gateway.predictions import PredictionsRoute
from churn_serving.gateway.service import PredictionService

_DOCUMENT = "/openapi.json"
_HEADERS = {"x-content-type-options": "nosniff", "referrer-policy": "no-referrer", "vary": "authorization, x-api-key"}
_PAGE_HEADERS = {**_HEADERS, "content-security-policy": POLICY}


class _Documentation(NamedTuple):
    description: Description | None
    document: bytes
    page: bytes


def add_documentation(
    app: FastAPI, service: PredictionService, documented: PredictionsRoute, authentication: Authentication
) -> None:
    """Add both pages."""
    made: dict[bool, _Documentation] = {}

    def known_model(request: Request) -> Description | None:
        if not authentication.recognises(request.headers.raw):
            return None
        try:
            return service.description
        except NotReady:
            return None

    def for_caller(request: Request) -> _Documentation:
        description = known_model(request)
        kept = made.get(description is not None)
        if kept is None or kept.description is not description:
            kept = made[description is not None] = make(description)
        return kept

    def make(description: Description | None) -> _Documentation:
        undescribed = documented.undescribed_body_type
        body_type = documented.decoder(description.schema).body_type if description else undescribed
        document = extend_openapi(app.openapi(), body_type, description, key=authentication.required)
        document = add_security(document) if authentication.required else document
        return _Documentation(description, msgspec.json.encode(document), page(document).encode())

    @app.get(_DOCUMENT, include_in_schema=False)
    async def openapi(request: Request) -> Response:
        return Response(for_caller(request).document, headers=_HEADERS, media_type="application/json")

    @app.get("/docs", include_in_schema=False)
    async def docs(request: Request) -> HTMLResponse:
        return HTMLResponse(for_caller(request).page, headers=_PAGE_HEADERS)
