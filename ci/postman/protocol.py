"""Open Inference Protocol V2 over HTTP, asked of the gateway and of both servers behind it: one protocol, one answer."""

from ci.postman.items import GATEWAY, Item, folder, request, status, test

_MODEL = "/v2/models/{{model}}"
_BY_VERSION = f"{_MODEL}/versions/{{{{version}}}}"
_SERVERS = (
    ("Gateway", GATEWAY, "gateway"),
    ("Primary (KServe)", "{{primary}}", "primary"),
    ("Fallback (BentoML)", "{{fallback}}", "fallback"),
)
_ERROR = test("as the protocol says it", "pm.expect(said.error).to.be.a('string').and.not.empty;")
_TENSORS = test(
    "inputs and outputs are tensors of any number of rows",
    "pm.expect(said).to.include.all.keys('name', 'versions', 'platform', 'inputs', 'outputs');",
    "const inputs = JSON.parse(pm.collectionVariables.get('tensors')).map((one) => one.name);",
    "pm.expect(said.inputs.map((one) => one.name)).to.eql(inputs);",
    "pm.expect(said.outputs.map((one) => one.name)).to.include.members(['churn_probability', 'segment']);",
)
_ANSWER = [
    *status(200),
    *test(
        "one probability and one segment a row",
        "const found = Object.fromEntries(said.outputs.map((one) => [one.name, one]));",
        "pm.expect(found.churn_probability.datatype).to.equal('FP64');",
        "pm.expect(found.churn_probability.data[0]).to.be.within(0, 1);",
        "pm.expect(found.segment.datatype).to.equal('INT64');",
        "pm.expect(said.model_name).to.equal(pm.collectionVariables.get('model'));",
    ),
    *test(
        "every way to a score gives the same bits, but a scorecard's",
        "const before = pm.collectionVariables.get('probability');",
        "const degraded = [pm.collectionVariables.get('served_by'), (said.parameters || {}).served_by].includes('degraded');",
        "const [probability] = said.outputs.find((one) => one.name === 'churn_probability').data;",
        "if (before !== undefined && !degraded) {",
        "  pm.expect(probability).to.equal(before);",
        "}",
    ),
]


def build() -> list[Item]:
    """A folder a server."""
    return [
        folder(
            f"Open Inference Protocol: {who}",
            "V2, as KServe, Triton and their clients speak it.",
            _asked(base),
            only_with=variable,
        )
        for who, base, variable in _SERVERS
    ]


def _asked(base: str) -> list[Item]:
    def get(name: str, path: str, tests: list[str]) -> Item:
        return request(name, "GET", path, tests, base=base)

    def post(name: str, path: str, tests: list[str], body: str) -> Item:
        return request(name, "POST", path, tests, base=base, body=body)

    ready = [*status(200), *test("it is ready", "pm.expect(said.ready).to.equal(true);")]
    body = '{"id": "postman-1", "inputs": {{tensors}}}'
    items = [
        get(
            "The server",
            "/v2",
            [*status(200), *test("is named", "pm.expect(said).to.include.all.keys('name', 'version', 'extensions');")],
        ),
        get("It is alive", "/v2/health/live", [*status(200), *test("it is", "pm.expect(said.live).to.equal(true);")]),
        get("It is ready", "/v2/health/ready", ready),
        get(
            "Its models",
            "/v2/models",
            [
                *status(200),
                *test(
                    "the model is among them", "pm.expect(said.models).to.include(pm.collectionVariables.get('model'));"
                ),
            ],
        ),
        post(
            "Its models and versions",
            "/v2/repository/index",
            [*status(200), *test("ready", "pm.expect(said[0].state).to.equal('READY');")],
            "{}",
        ),
        get("The model's tensors", _MODEL, [*status(200), *_TENSORS]),
        get("The same, by version", _BY_VERSION, [*status(200), *_TENSORS]),
        get("The model is ready", f"{_MODEL}/ready", ready),
        get("The same, by version", f"{_BY_VERSION}/ready", ready),
        post(
            "Infer",
            f"{_MODEL}/infer",
            [*_ANSWER, *test("under the same id", "pm.expect(said.id).to.equal('postman-1');")],
            body,
        ),
        post("Infer, by version", f"{_BY_VERSION}/infer", _ANSWER, body),
        post("Infer without tensors", f"{_MODEL}/infer", [*status(400), *_ERROR], '{"inputs": []}'),
        post("Infer what is not JSON", f"{_MODEL}/infer", [*status(400), *_ERROR], "{"),
        *(
            request(
                f"Infer from another content type{how}",
                "POST",
                f"{path}/infer",
                [*status(415), *_ERROR],
                base=base,
                body="a=b",
                content_type="application/x-www-form-urlencoded",
            )
            for how, path in (("", _MODEL), (", by version", _BY_VERSION))
        ),
        post("Infer without tensors, by version", f"{_BY_VERSION}/infer", [*status(400), *_ERROR], '{"inputs": []}'),
        post("Infer with no such version", f"{_MODEL}/versions/no-such-version/infer", [*status(404), *_ERROR], body),
        get("No such model", "/v2/models/no-such-model", [*status(404), *_ERROR]),
        get("No such model, by version", "/v2/models/no-such-model/versions/1", [*status(404), *_ERROR]),
        get("No such model is ready", "/v2/models/no-such-model/ready", [*status(404), *_ERROR]),
        get("No such version is ready", f"{_MODEL}/versions/no-such-version/ready", [*status(404), *_ERROR]),
        post("Infer with no such model", "/v2/models/no-such-model/infer", [*status(404), *_ERROR], body),
    ]
    # The servers behind it take more: the gateway alone is a door for strangers.
    return items if base != GATEWAY else [*items, *_too_much(), _never_seen()]


def _never_seen() -> Item:
    """Who is told of a level that training never saw is whoever asks the gateway."""
    before = [
        "const tensors = JSON.parse(pm.collectionVariables.get('tensors'));",
        "const text = tensors.find((one) => one.datatype === 'BYTES');",
        "if (text) {",
        "  text.data = ['Never seen before'];",
        "  pm.variables.set('odd', JSON.stringify(tensors));",
        "} else {",
        "  pm.execution.skipRequest(); // a model of numbers alone",
        "}",
    ]
    told = test(
        "the level is told of in the parameters",
        "const [told] = JSON.parse(said.parameters.warnings);",
        "const tensors = JSON.parse(pm.collectionVariables.get('tensors'));",
        "pm.expect(told.feature).to.equal(tensors.find((one) => one.datatype === 'BYTES').name);",
    )
    path, body = f"{_MODEL}/infer", '{"inputs": {{odd}}}'
    return request("Infer with a level never seen", "POST", path, [*status(200), *told], body=body, before=before)


def _too_much() -> list[Item]:
    body = '{"id": "{{padding}}", "inputs": {{tensors}}}'
    before = ["pm.variables.set('padding', 'x'.repeat(2200000));"]
    return [
        request(f"Infer with too much{how}", "POST", f"{path}/infer", [*status(413), *_ERROR], body=body, before=before)
        for how, path in (("", _MODEL), (", by version", _BY_VERSION))
    ]
