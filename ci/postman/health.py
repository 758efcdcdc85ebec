"""Is it well: what load balancers, people and Prometheus ask."""

from ci.postman.items import Item, explained, folder, request, status, test

_OWN = (
    ("gateway_metrics", "gateway", "churn_requests_total"),
    ("primary_metrics", "primary", "churn_build_info"),
    ("fallback_metrics", "fallback", "churn_build_info"),
)


def build() -> list[Item]:
    """The folder, and one for metrics, whose ports are a cluster's own business."""
    health = [
        request(
            "The process runs",
            "GET",
            "/livez",
            [*status(200), *test("it is alive", 'pm.expect(said.status).to.equal("alive");')],
        ),
        explained(
            request(
                "Requests can be answered",
                "GET",
                "/readyz",
                [
                    *status(200),
                    *test(
                        "by a model or by the scorecard", 'pm.expect(said.status).to.be.oneOf(["ready", "degraded"]);'
                    ),
                ],
            ),
            "`degraded`: no backend answers at the moment, and the scorecard stands in.",
        ),
        request(
            "The model that is served",
            "GET",
            "/v1/model",
            [
                *status(200),
                *test(
                    "it is described",
                    'pm.expect(said).to.include.all.keys("name", "version", "digest", "usecase", "simulated");',
                    "pm.expect(said.digest).to.match(/^sha256:[0-9a-f]{64}$/);",
                    "pm.expect(said.features).to.not.be.empty;",
                    "pm.expect(said.segments).to.not.be.empty;",
                    "pm.expect(said.actions).to.not.be.empty;",
                ),
            ],
        ),
        request(
            "What callers may ask, for programs",
            "GET",
            "/openapi.json",
            [
                *status(200),
                *test("predictions are in it", 'pm.expect(said.paths).to.have.property("/v1/predictions");'),
            ],
        ),
        request(
            "What callers may ask, for people",
            "GET",
            "/docs",
            [
                *status(200),
                *test("it is a page", 'pm.expect(pm.response.headers.get("content-type")).to.include("text/html");'),
            ],
        ),
    ]
    return [
        folder("Health and the model", "Open to everybody but the model's description.", health),
        *(_metrics(base, who, name) for base, who, name in _OWN),
    ]


def _metrics(base: str, who: str, name: str) -> Item:
    lines = [
        *status(200),
        *test("Prometheus can read it", f"pm.expect(pm.response.text()).to.match(/^{name}\\{{/m);"),
        *test("no customer is in it", 'pm.expect(pm.response.text()).to.not.include(pm.variables.get("customer_id"));'),
    ]
    ask = request(f"Metrics of the {who}", "GET", "/metrics", lines, base=f"{{{{{base}}}}}")
    return folder(
        f"Metrics: {who}", "On a port of its own, which Prometheus alone should reach.", [ask], only_with=base
    )
