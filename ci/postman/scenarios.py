"""What happens over time: parts of the system are away, and a campaign's customers are asked about one by one."""

from ci.postman.items import Item, folder, request, status, test
from ci.postman.predictions import ANSWERED, ONE, PATH

UNREADY = "{{unready_gateway}}"
_BY = "pm.variables.get('expect_served_by')"
_DEGRADED = [
    *ANSWERED,
    *test("by whom it should be", f"pm.expect(said.served_by).to.equal({_BY});"),
]
_PLANNED = [
    *ANSWERED,
    *test(
        "online and in the plan the customer has one probability, to the last bit",
        "if (said.served_by !== 'degraded') {",
        "  const planned = Number(pm.iterationData.get('churn_probability'));",
        "  pm.expect(said.predictions[0].churn_probability).to.equal(planned);",
        "}",
    ),
    *test(
        "whoever is called is told why",
        "const [one] = said.predictions;",
        "pm.expect(one.reasons.length + (said.warnings || []).length).to.be.above(0);",
    ),
]


def build() -> list[Item]:
    """Folders that need something to happen beside them, and are left out where it does not."""
    ready = [
        *status(200),
        *test(
            "and says whether a model answers",
            f"pm.expect(said.status).to.equal({_BY} === 'degraded' ? 'degraded' : 'ready');",
        ),
    ]
    waits = [
        *status(503),
        *test(
            "and says when to come back", "pm.expect(Number(pm.response.headers.get('retry-after'))).to.be.above(0);"
        ),
    ]
    called = [
        "const customer = JSON.parse(pm.iterationData.get('features'));",
        "pm.variables.set('planned', JSON.stringify(customer));",
    ]
    return [
        folder(
            "Degraded service",
            "Stop the primary and run it with `expect_served_by` = `fallback`; stop the fallback, too, and run it with `degraded`; start "
            "both again and run it with `primary`. Nobody is left without an answer.",
            [
                request("Requests are still answered", "GET", "/readyz", ready),
                request("One customer", "POST", PATH, _DEGRADED, body=ONE),
                request("With reasons", "POST", PATH, _DEGRADED, body=ONE.replace("]}", '], "explain": true}')),
            ],
            only_with="expect_served_by",
        ),
        folder(
            "No model is known yet",
            "A gateway that never met a backend (`unready_gateway` is its address) answers 503 and says when to come back.",
            [
                request("It runs", "GET", "/livez", status(200), base=UNREADY),
                request("It is not ready", "GET", "/readyz", waits, base=UNREADY),
                request(
                    "It cannot answer",
                    "POST",
                    PATH,
                    waits,
                    body='{"customers": [{"customer_id": "c", "features": {}}]}',
                    base=UNREADY,
                ),
                request("It cannot say what is served", "GET", "/v1/model", waits, base=UNREADY),
                request("Nor over V2", "GET", "/v2/health/ready", waits, base=UNREADY),
                *(
                    request(f"Nor here: {path}", "GET", path, waits, base=UNREADY)
                    for path in (
                        "/v2/models",
                        "/v2/models/any",
                        "/v2/models/any/ready",
                        "/v2/models/any/versions/1",
                        "/v2/models/any/versions/1/ready",
                    )
                ),
                request("Nor its versions", "POST", "/v2/repository/index", waits, body="{}", base=UNREADY),
                request("Nor infer", "POST", "/v2/models/any/infer", waits, body='{"inputs": []}', base=UNREADY),
                request(
                    "Nor infer, by version",
                    "POST",
                    "/v2/models/any/versions/1/infer",
                    waits,
                    body='{"inputs": []}',
                    base=UNREADY,
                ),
            ],
            only_with="unready_gateway",
        ),
        folder(
            "A campaign",
            "For each row of a data file (`customer_id`, `features` as JSON, `churn_probability` of the plan that `churn campaign` wrote): "
            "what the caller sees is what was planned.",
            [
                request(
                    "A customer of the plan",
                    "POST",
                    PATH,
                    _PLANNED,
                    body='{"customers": [{"customer_id": "{{customer_id}}", "features": {{planned}}}], "explain": true}',
                    before=called,
                )
            ],
            only_with="features",
        ),
    ]
