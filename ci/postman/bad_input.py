"""What is refused, and that a refusal says what to do."""

from ci.postman.items import Item, folder, request, status, test
from ci.postman.predictions import ONE, PATH, changed

_PROBLEM = test(
    "it is a problem document (RFC 9457) that says what to do",
    "pm.expect(pm.response.headers.get('content-type')).to.include('application/problem+json');",
    "pm.expect(said).to.include.all.keys('type', 'title', 'status', 'detail');",
    "pm.expect(said.status).to.equal(pm.response.code);",
    "pm.expect(said.detail).to.not.be.empty;",
)
_NAMES_FIELDS = test(
    "every fault is named",
    "pm.expect(said.errors).to.not.be.empty;",
    "for (const one of said.errors) {",
    "  pm.expect(one).to.have.all.keys('field', 'message');",
    "}",
)


def _refused(code: int, *more: str) -> list[str]:
    return [*status(code), *_PROBLEM, *more]


def build() -> list[Item]:
    """The folder."""
    too_long = ["pm.variables.set('padding', 'x'.repeat(2200000));"]
    listed = [
        "const customers = [...Array(10001).keys()].map((n) => ({ customer_id: `c-${n}`, features: {} }));",
        "pm.variables.set('customers', JSON.stringify(customers));",
    ]
    other = ONE.replace("{{customer}}", "{{changed}}")
    invalid = _refused(422, *_NAMES_FIELDS)
    return [
        folder(
            "Bad input",
            "Nothing of it reaches a model; each refusal is a problem document that names every fault at once.",
            [
                request("Not JSON", "POST", PATH, _refused(400), body='{"customers": ['),
                request("No customers", "POST", PATH, invalid, body='{"customers": []}'),
                request(
                    "A feature is missing",
                    "POST",
                    PATH,
                    invalid,
                    body='{"customers": [{"customer_id": "c", "features": {}}]}',
                ),
                request(
                    "A text where a number belongs",
                    "POST",
                    PATH,
                    [
                        *invalid,
                        *test(
                            "and the field it is in",
                            "pm.expect(said.errors.map((one) => one.field).join()).to.include(pm.variables.get('changed_feature'));",
                        ),
                        *test("and not what was sent", "pm.expect(pm.response.text()).to.not.include('a lot');"),
                    ],
                    body=other,
                    before=changed("FP64", "a lot"),
                ),
                request(
                    "More than 10,000 customers",
                    "POST",
                    PATH,
                    invalid,
                    body='{"customers": {{customers}}}',
                    before=listed,
                ),
                request(
                    "More than 2 MiB",
                    "POST",
                    PATH,
                    _refused(413),
                    body='{"customers": [], "padding": "{{padding}}"}',
                    before=too_long,
                ),
                request("Another content type", "POST", PATH, _refused(415), body=ONE, content_type="text/plain"),
                request(
                    "Another method",
                    "GET",
                    PATH,
                    _refused(
                        405,
                        *test("and the one to use", "pm.expect(pm.response.headers.get('allow')).to.include('POST');"),
                    ),
                ),
                request("No such page", "GET", "/v1/nothing", _refused(404)),
                request(
                    "A path that is too long",
                    "GET",
                    "/livez?{{padding}}",
                    status(414),
                    before=["pm.variables.set('padding', 'x'.repeat(20000));"],
                ),
                request(
                    "Headers that are too large",
                    "GET",
                    "/livez",
                    status(431),
                    before=[
                        f"pm.request.headers.upsert({{ key: 'X-{n}', value: 'x'.repeat(9000) }});" for n in range(8)
                    ],
                ),
            ],
        )
    ]
