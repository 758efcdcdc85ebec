"""Every number of a use case is taken up to its bound and refused beyond it, in one line that names its key."""

import math
from typing import Any

import pytest

from churn_model.errors import UseCaseError
from churn_model.usecase import parse_usecase

SOUND: dict[str, Any] = {
    "name": "x",
    "id": "id",
    "label": {"column": "Churn", "positive": "Yes"},
    "time": {"column": "tenure"},
    "value": {"column": "spend"},
    "features": [{"name": "tenure", "type": "number"}, {"name": "spend", "type": "number"}],
    "actions": [{"id": "call", "name": "Call", "cost": 5.0, "effect": 0.1}],
}
ABOVE_NOTHING, BELOW_NOTHING = math.nextafter(0.0, 1.0), math.nextafter(0.0, -1.0)
BELOW_ONE, ABOVE_ONE = math.nextafter(1.0, 0.0), math.nextafter(1.0, 2.0)
BOUNDS: list[tuple[str, list[Any], list[Any]]] = [
    ("risk.medium", [ABOVE_NOTHING, 0.3], [0.0, -0.1, 0.6, 0.7]),
    ("risk.high", [BELOW_ONE, 0.31], [1.0, 1.1, 0.3, 0.2]),
    ("profit.customer_value", [ABOVE_NOTHING], [0.0, -1.0]),
    ("profit.acceptance_alpha", [ABOVE_NOTHING], [0.0, -1.0]),
    ("profit.acceptance_beta", [ABOVE_NOTHING], [0.0, -1.0]),
    ("profit.offer_cost", [0.0], [BELOW_NOTHING]),
    ("profit.contact_cost", [0.0], [BELOW_NOTHING]),
    ("profit.budget_share", [ABOVE_NOTHING, 1.0], [0.0, -0.1, ABOVE_ONE]),
    ("time.months", [0.05], [0.0, -1.0]),
    ("holdout.share", [ABOVE_NOTHING, 0.5], [0.0, -0.1, math.nextafter(0.5, 1.0)]),
    ("refresh.after_days", [0.0], [BELOW_NOTHING]),
    ("refresh.margin", [ABOVE_NOTHING, BELOW_ONE], [0.0, -0.1, 1.0]),
    ("segments.count", [2, 12], [1, 13, 0, -2]),
    ("label.window", [0.01, "ever"], [0.0, -1.0, math.nextafter(0.01, 0.0)]),
    ("value.months", [ABOVE_NOTHING], [0.0, -1.0]),
    ("value.margin", [ABOVE_NOTHING, 1.0], [0.0, -1.0, ABOVE_ONE]),
    ("value.discount_rate", [0.0, BELOW_ONE], [BELOW_NOTHING, 1.0]),
    ("value.retention", [[], [1.0, 1.0, 0.0, 0.0]], [[ABOVE_ONE], [0.5, 0.6], [BELOW_NOTHING], [0.5, 0.4, 0.41]]),
    ("actions.cost", [0.0], [BELOW_NOTHING]),
    ("actions.contact_cost", [0.0, 5.0], [BELOW_NOTHING, math.nextafter(5.0, 6.0)]),
    ("actions.effect", [0.0, 1.0], [BELOW_NOTHING, ABOVE_ONE]),
    (
        "actions.effect_interval",
        [[0.0, 1.0], [0.1, 0.1]],
        [[BELOW_NOTHING, 0.2], [0.0, ABOVE_ONE], [math.nextafter(0.1, 1.0), 0.2], [0.0, math.nextafter(0.1, 0.0)]],
    ),
    ("actions.segments", [[1, 4]], [[0], [5], [1, 5]]),
    ("actions.capacity", [0], [-1]),
    ("actions.rest_days", [0], [-1]),
    ("actions.yearly_limit", [0], [-1]),
]
TAKEN = [(path, value) for path, values, _ in BOUNDS for value in values]
REFUSED = [(path, value) for path, _, values in BOUNDS for value in values]


def with_value(path: str, value: Any) -> dict[str, Any]:
    """A sound document with one other number."""
    section, key = path.split(".")
    usual = {"refresh": {"after_days": 30.0, "margin": 0.1}}.get(section, SOUND.get(section, {}))
    changed = [{**usual[0], key: value}] if isinstance(usual, list) else {**usual, key: value}
    return {**SOUND, section: changed}


@pytest.mark.parametrize(("path", "value"), TAKEN)
def test_up_to_its_bound_a_number_is_taken(path: str, value: Any) -> None:
    parse_usecase(with_value(path, value), "x.yaml")


@pytest.mark.parametrize(("path", "value"), REFUSED)
def test_beyond_its_bound_it_is_refused_by_name(path: str, value: Any) -> None:
    section, key = path.split(".")
    named = {
        "actions.segments": "unknown segment",
        "risk.medium": "` needs 0 < medium < high < 1",
        "risk.high": "` needs 0 < medium < high < 1",
    }.get(path, key)
    with pytest.raises(UseCaseError, match=rf"^x\.yaml: `{section}.*{named}") as refused:
        parse_usecase(with_value(path, value), "x.yaml")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"actions": [*SOUND["actions"], *SOUND["actions"]]}, r"`actions\[1\]` \(call\): `id` must be unique"),
        ({"actions": [{**SOUND["actions"][0], "id": "none"}]}, r"`actions\[0\]` \(none\): `id` must be unique"),
        ({"actions": [{**SOUND["actions"][0], "id": ""}]}, r"`actions\[0\]` \(\): `id` must be unique"),
        ({"features": [*SOUND["features"], SOUND["features"][1]]}, "feature 'spend' is listed twice"),
        ({"id": "spend"}, "`id` 'spend' must not be a feature"),
        ({"label": {"column": "spend", "positive": "Yes"}}, "`label.column` 'spend' must not be a feature"),
        ({"segments": {"features": ["spent"]}}, "`segments.features` names 'spent', .*; did you mean 'spend'"),
        ({"groups": ["spend", "age"]}, "`groups` names 'age', which is not a feature$"),
        ({"prediction_log": {"features": ["Spend "]}}, "`prediction_log.features` names 'Spend ', which is not"),
        ({"time": {"column": "tenur"}}, "`time.column` 'tenur' is not a number feature; did you mean 'tenure'"),
        ({"time": {"observed_since": "tenure"}}, "`time.observed_since` 'tenure' must not be a feature"),
        ({"value": {"column": "worth"}}, "`value.column` 'worth' is not a number feature$"),
        ({"label": {"column": "Churn", "positive": []}}, "`label.positive` and `label.negative` need a value each"),
        ({"label": {"column": "C", "positive": "Y", "negative": []}}, "`label.negative` need a value each"),
        ({"label": {"column": "C", "positive": "Y", "negative": ["N", "Y"]}}, '"Y" is both `label.positive` and'),
        ({"label": {"column": "C", "positive": "any date", "negative": "N"}}, "has no meaning beside `positive: any"),
        ({"time": {"column": "tenure", "snapshot": "2023-02-29"}}, "`time.snapshot` '2023-02-29' is not a date"),
    ],
)
def test_parts_that_contradict_each_other_are_named(changes: dict[str, Any], problem: str) -> None:
    with pytest.raises(UseCaseError, match=rf"^x\.yaml: .*{problem}"):
        parse_usecase({**SOUND, **changes}, "x.yaml")


@pytest.mark.parametrize(("window", "months", "taken"), [(0.001, 12.0, True), (0.09, 0.1, False), (0.11, 0.1, True)])
def test_the_shortest_window_is_counted_in_months(window: float, months: float, taken: bool) -> None:
    """Of years a thousandth is enough; of tenths of a month nearly a whole one is not."""
    document = with_value("label.window", window) | {"time": {"column": "tenure", "months": months}}
    if taken:
        assert parse_usecase(document, "x.yaml").window_months == pytest.approx(window * months)
    else:
        with pytest.raises(UseCaseError, match=r"`label.window` is 0\.09, 0\.009 months; at least 0\.01 months"):
            parse_usecase(document, "x.yaml")


def test_what_may_stand_beside_each_other_does() -> None:
    parse_usecase({**SOUND, "time": {"column": "tenure", "snapshot": "2024-02-29"}}, "x.yaml")
    parse_usecase({**SOUND, "groups": ["spend"], "prediction_log": {"features": ["spend", "tenure"]}}, "x.yaml")
    parse_usecase({**SOUND, "label": {"column": "Churn", "positive": "any date"}}, "x.yaml")
