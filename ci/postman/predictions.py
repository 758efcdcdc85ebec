"""What callers ask most: who will leave, and what to do about it."""

import json

from ci.postman.items import Item, explained, folder, request, status, test

PATH = "/v1/predictions"
ONE = '{"customers": [{"customer_id": "{{customer_id}}", "features": {{customer}}}]}'
ANSWERED = [
    *status(200),
    *test(
        "every customer has an answer with all of its parts",
        "pm.expect(said.request_id).to.be.a('string').and.not.empty;",
        "pm.expect(said.model).to.have.all.keys('name', 'version', 'digest', 'simulated');",
        "for (const one of said.predictions) {",
        "  pm.expect(one).to.have.all.keys('customer_id', 'churn_probability', 'risk', 'segment', 'action', 'reasons');",
        "  pm.expect(one.churn_probability).to.be.within(0, 1);",
        "  pm.expect(one.risk).to.be.oneOf(['low', 'medium', 'high']);",
        "  pm.expect(one.segment).to.have.all.keys('id', 'name');",
        "  pm.expect(one.action).to.have.all.keys('id', 'name', 'expected_value', 'cost', 'source');",
        "}",
    ),
    *test(
        "by a model, or by the scorecard and with a word about it",
        "pm.expect(said.served_by).to.be.oneOf(['primary', 'canary', 'fallback', 'degraded']);",
        "if (said.served_by === 'degraded') {",
        "  pm.expect(said.warnings.map((one) => one.message).join()).to.include('scorecard');",
        "}",
    ),
]
# A customer of whom one thing is changed: the first feature of a kind, whatever the use case. A model that has none of
# that kind is not asked.
_CHANGED = [
    "const customer = JSON.parse(pm.variables.replaceIn('{{customer}}'));",
    "const tensors = JSON.parse(pm.collectionVariables.get('tensors'));",
    "const feature = tensors.find((one) => one.datatype === 'KIND')?.name;",
    "if (feature) {",
    "  customer[feature] = VALUE;",
    "  pm.variables.set('changed_feature', feature);",
    "  pm.variables.set('changed', JSON.stringify(customer));",
    "} else {",
    "  pm.execution.skipRequest();",
    "}",
]


def changed(kind: str, value: object) -> list[str]:
    """Lines before a request: the variable ``changed`` is the customer with another value of one feature."""
    return _with(kind, json.dumps(value))


def misspelt() -> list[str]:
    """The same with the text that is there and a letter too many."""
    return _with("BYTES", "`${customer[feature]}x`")


def _with(kind: str, written: str) -> list[str]:
    return [line.replace("KIND", kind).replace("VALUE", written) for line in _CHANGED]


def build() -> list[Item]:
    """The folder."""
    many = ", ".join(f'{{"customer_id": "c-{number}", "features": {{{{customer}}}}}}' for number in range(20))
    other = ONE.replace("{{customer}}", "{{changed}}")
    return [
        folder(
            "Predictions",
            "`POST /v1/predictions`: probability, risk, segment, action and reasons of one or many customers.",
            [
                request(
                    "One customer",
                    "POST",
                    PATH,
                    [
                        *ANSWERED,
                        *test(
                            "in the order asked",
                            "pm.expect(said.predictions.map((one) => one.customer_id)).to.eql([pm.variables.get('customer_id')]);",
                        ),
                        *test(
                            "nothing was computed that was not asked for",
                            "pm.expect(said.predictions[0].reasons).to.eql([]);",
                        ),
                        "pm.collectionVariables.set('probability', said.predictions[0].churn_probability);",
                        "pm.collectionVariables.set('served_by', said.served_by);",
                    ],
                    body=ONE,
                ),
                explained(
                    request(
                        "With reasons",
                        "POST",
                        PATH,
                        [
                            *ANSWERED,
                            *test(
                                "reasons in words, or a word on why there are none",
                                "const [one] = said.predictions;",
                                "pm.expect(one.reasons.length).to.be.at.most(3);",
                                "if (!one.reasons.length && said.served_by === 'degraded') {",
                                "  pm.expect(said.warnings).to.not.be.empty;",
                                "}",
                            ),
                        ],
                        body=ONE.replace("]}", '], "explain": true}'),
                    ),
                    "Within a quarter of a second or not at all; then `warnings` says why.",
                ),
                explained(
                    request(
                        "Many customers",
                        "POST",
                        PATH,
                        [
                            *ANSWERED,
                            *test(
                                "twenty, in the order asked, and the same customer gets the same bits",
                                "pm.expect(said.predictions.map((one) => one.customer_id)).to.eql([...Array(20).keys()].map((n) => `c-${n}`));",
                                "pm.expect(new Set(said.predictions.map((one) => one.churn_probability)).size).to.equal(1);",
                            ),
                        ],
                        body=f'{{"customers": [{many}]}}',
                    ),
                    "Up to 10,000 customers and 2 MiB a request.",
                ),
                request("What is not known is null", "POST", PATH, ANSWERED, body=other, before=changed("FP64", None)),
                request(
                    "A level that is misspelt",
                    "POST",
                    PATH,
                    [
                        *ANSWERED,
                        *test(
                            "is answered, and the level that may have been meant is named",
                            "const told = said.warnings.find((one) => one.feature === pm.variables.get('changed_feature'));",
                            "const customer = JSON.parse(pm.variables.replaceIn('{{customer}}'));",
                            "pm.expect(told.nearest).to.equal(customer[told.feature]);",
                        ),
                    ],
                    body=other,
                    before=misspelt(),
                ),
                request(
                    "A level that training never saw",
                    "POST",
                    PATH,
                    [
                        *ANSWERED,
                        *test(
                            "is answered, and said",
                            "const told = said.warnings.find((one) => one.feature === pm.variables.get('changed_feature'));",
                            "pm.expect(told.customer_id).to.equal(pm.variables.get('customer_id'));",
                            "pm.expect(told.message).to.include('never saw');",
                        ),
                    ],
                    body=other,
                    before=changed("BYTES", "Never seen before"),
                ),
            ],
        )
    ]
