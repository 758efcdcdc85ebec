"""Who may call: a gateway that listens beyond its own machine asks every caller for a key."""

from ci.postman.items import Item, folder, request, status, test
from ci.postman.predictions import ANSWERED, ONE, PATH

_DROP = "pm.request.headers.remove('Authorization');"
_PROBLEM = test("it says what to send", "pm.expect(said.detail).to.include('key');")


def build() -> list[Item]:
    """The folder; it is left out where no key is asked for."""
    stranger = [_DROP, "pm.request.headers.upsert({ key: 'X-API-Key', value: 'churn_' + 'x'.repeat(43) });"]
    other = [_DROP, "pm.request.headers.upsert({ key: 'X-API-Key', value: pm.variables.get('api_key') });"]
    two = ["pm.request.headers.upsert({ key: 'X-API-Key', value: 'another' });"]
    asked = [
        *status(401),
        *_PROBLEM,
        *test("and how", "pm.expect(pm.response.headers.get('www-authenticate')).to.include('Bearer');"),
    ]
    closed = [
        request(f"Closed without a key: {method} {path}", method, path, status(401), before=[_DROP], body=body)
        for method, path, body in (
            ("GET", "/v1/model", None),
            ("GET", "/v2/models", None),
            ("GET", "/v2/models/{{model}}", None),
            ("GET", "/v2/models/{{model}}/ready", None),
            ("GET", "/v2/models/{{model}}/versions/{{version}}", None),
            ("GET", "/v2/models/{{model}}/versions/{{version}}/ready", None),
            ("POST", "/v2/repository/index", "{}"),
            ("POST", "/v2/models/{{model}}/infer", '{"inputs": {{tensors}}}'),
            ("POST", "/v2/models/{{model}}/versions/{{version}}/infer", '{"inputs": {{tensors}}}'),
        )
    ]
    return [
        folder(
            "Keys",
            "`Authorization: Bearer churn_…` or `X-API-Key`. What is open without one: health, the protocol's word on the server, the documentation.",
            [
                request("Without a key", "POST", PATH, asked, body=ONE, before=[_DROP]),
                request("With a stranger's key", "POST", PATH, asked, body=ONE, before=stranger),
                request("In the other header", "POST", PATH, ANSWERED, body=ONE, before=other),
                request("With two keys", "POST", PATH, [*status(400), *_PROBLEM], body=ONE, before=two),
                request(
                    "Health is open",
                    "GET",
                    "/readyz",
                    [
                        *status(200),
                        *test("and says nothing of the model", "pm.expect(said).to.not.have.property('model');"),
                    ],
                    before=[_DROP],
                ),
                *closed,
            ],
            only_with="api_key",
        )
    ]
