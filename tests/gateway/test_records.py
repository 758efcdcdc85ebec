"""Every sound record is read as it was sent; every unsound one is explained, field by field, without its values."""

import json
import math
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from churn_model import open_package
from churn_model.spelling import Levels
from churn_serving.gateway.records import MalformedRequest, RecordDecoder
from churn_serving.oip.faults import InvalidRequest

GOOD = {"tenure": 3, "Contract": "One year", "charges": 70.5, "Payment": "Card", "Senior Citizen": 0}
NUMBERS = ("charges", "Senior Citizen")
TEXTS = ("Contract", "Payment")


@pytest.fixture(scope="module")
def decoder(package_folder: Any, keys: Any) -> RecordDecoder:
    return RecordDecoder(open_package(package_folder, keys.trusted).manifest.schema, 1000)


def body(*features: Any, **more: Any) -> bytes:
    customers = [{"customer_id": f"c{index}", "features": one} for index, one in enumerate(features)]
    return json.dumps({"customers": customers, **more}).encode()


def faults(decoder: RecordDecoder, content: bytes) -> dict[str, str]:
    with pytest.raises(InvalidRequest) as refusal:
        decoder.decode(content)
    return dict(refusal.value.problems)


sound = st.fixed_dictionaries(
    {
        "tenure": st.none() | st.integers(0, 1200) | st.floats(0, 1200),
        **{name: st.none() | st.floats(-1e30, 1e30) for name in NUMBERS},
        **{name: st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=40) for name in TEXTS},
    }
)


@given(st.lists(sound, min_size=1, max_size=5))
def test_sound_records_are_read_as_sent(decoder: RecordDecoder, customers: list[dict[str, Any]]) -> None:
    request = decoder.decode(body(*customers))
    assert request.customer_ids == [f"c{index}" for index in range(len(customers))]
    for customer, row in zip(customers, request.rows, strict=True):
        for name, value in zip(decoder.schema.names, row, strict=True):
            sent = customer[name]
            if name in TEXTS:
                assert value == Levels((), decoder.schema.missing).find(sent)[0]
            else:
                assert (sent is None and math.isnan(value)) or value == sent  # type: ignore[arg-type]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=300)
@given(value=json_values, name=st.sampled_from([*GOOD, "unknown"]))
def test_any_value_is_read_or_its_field_is_named(decoder: RecordDecoder, value: Any, name: str) -> None:
    content = json.dumps({"customers": [{"customer_id": "c", "features": {**GOOD, name: value}}]}).encode()
    refused: list[str] = []
    try:
        decoder.decode(content)
    except InvalidRequest as refusal:
        refused = [fault.field for fault in refusal.problems]
    assert refused in ([], [f"customers[0].features.{name}"])


@given(st.binary(max_size=200) | json_values.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_are_refused_with_a_reason(decoder: RecordDecoder, content: bytes) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        decoder.decode(content)
    assert refusal.value.problems


def test_every_fault_is_named_at_once_and_no_value_is_shown(decoder: RecordDecoder) -> None:
    bad = {"tenure": -5, "Contract": [7], "charges": "secret", "Senior Citizen": True, "Shoe size": 44}
    found = faults(decoder, body(bad, surprise=1))
    place = "customers[0].features."
    assert found == {
        "surprise": "unknown field",
        place + "Shoe size": "unknown feature",
        place + "tenure": "must be at least 0",
        place + "Contract": "expected a text, a number, true, false or null",
        place + "charges": "expected a number or null",
        place + "Payment": "missing; send null if it is not known",
        place + "Senior Citizen": "expected a number or null",
    }
    assert "secret" not in str(found)


@pytest.mark.parametrize(
    ("number", "message"),
    [
        ("NaN", "NaN is not a number; send null if it is not known"),
        ("Infinity", "infinite or too large"),
        ("1e400", "infinite or too large"),
        ("1e39", "infinite or too large"),
        ("9" * 400, "too large"),
    ],
)
def test_numbers_that_are_none(decoder: RecordDecoder, number: str, message: str) -> None:
    content = body(GOOD).replace(b"70.5", number.encode())
    assert faults(decoder, content) == {"customers[0].features.charges": message}


def test_structure(decoder: RecordDecoder) -> None:
    assert faults(decoder, b"[]") == {"body": "expected an object with customers"}
    assert faults(decoder, b"{}") == {"customers": "expected a list of customers"}
    assert faults(decoder, b'{"customers": []}') == {"customers": "expected at least one customer"}
    assert faults(decoder, body(*[GOOD] * 1001)) == {"customers": "1001 customers; send at most 1000 in one request"}
    twice = {"customers": [{"customer_id": "same", "features": GOOD}] * 2}
    assert faults(decoder, json.dumps(twice).encode()) == {"customers[1].customer_id": "same id as customers[0]"}


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b'{"customers": [' + b"[" * 100_000, b"1" * 5000])
def test_what_is_not_json_is_malformed(decoder: RecordDecoder, content: bytes) -> None:
    with pytest.raises(MalformedRequest):
        decoder.decode(content)


@pytest.mark.parametrize(("length", "sound"), [(0, False), (1, True), (128, True), (129, False)])
def test_ids_have_1_to_128_characters(decoder: RecordDecoder, length: int, *, sound: bool) -> None:
    content = json.dumps({"customers": [{"customer_id": "i" * length, "features": GOOD}]}).encode()
    if sound:
        assert decoder.decode(content).customer_ids == ["i" * length]
    else:
        expected = {"customers[0].customer_id": "expected a text of 1 to 128 characters"}
        assert faults(decoder, content) == expected


@pytest.mark.parametrize(
    ("name", "value", "fault"),
    [
        ("tenure", 0, ""),
        ("tenure", 1200, ""),
        ("tenure", -0.001, "must be at least 0"),
        ("tenure", 1200.001, "must be at most 1200"),
        ("Contract", "c" * 256, ""),
        ("Contract", "c" * 257, "longer than 256 characters"),
        ("Contract", "", ""),
    ],
)
def test_bounds_are_part_of_what_is_allowed(decoder: RecordDecoder, name: str, value: Any, fault: str) -> None:
    content = body({**GOOD, name: value})
    if not fault:
        assert len(decoder.decode(content).rows) == 1
    else:
        assert faults(decoder, content) == {f"customers[0].features.{name}": fault}


@pytest.mark.parametrize(("customers", "sound"), [(1, True), (1000, True), (1001, False)])
def test_as_many_customers_as_are_allowed(decoder: RecordDecoder, customers: int, *, sound: bool) -> None:
    if sound:
        assert len(decoder.decode(body(*[GOOD] * customers)).rows) == customers
    else:
        assert list(faults(decoder, body(*[GOOD] * customers))) == ["customers"]


def test_a_hundred_faults_are_listed_and_the_others_counted(decoder: RecordDecoder) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        decoder.decode(body(*[{**GOOD, "charges": "x"}] * 250))
    problems = refusal.value.problems
    assert [problem.field for problem in problems[:3]] == [f"customers[{n}].features.charges" for n in range(3)]
    assert len(problems) <= 101
    listed = sum(problem.field.endswith("charges") for problem in problems)
    assert str(250 - listed) in problems[-1].message


AWKWARD = 'a "quoted" \\ name'


@pytest.fixture(scope="module")
def awkward(decoder: RecordDecoder) -> RecordDecoder:
    """The same fields, one of them by a name that JSON must escape."""
    features = tuple(
        msgspec.structs.replace(feature, name=AWKWARD) if feature.name == "Contract" else feature
        for feature in decoder.schema.features
    )
    return RecordDecoder(msgspec.structs.replace(decoder.schema, features=features), 1000)


def outcome(decoder: RecordDecoder, features: dict[str, Any]) -> Any:
    """Rows as text, since NaN is not equal to itself; or the faults."""
    try:
        return repr([list(map(_plain, row)) for row in decoder.decode(body(features)).rows])
    except InvalidRequest as refusal:
        return {field.replace(AWKWARD, "Contract"): message for field, message in refusal.problems}


def _plain(value: Any) -> Any:
    return float(value) if isinstance(value, int) else value


@settings(max_examples=150)
@given(
    changes=st.dictionaries(
        st.sampled_from([*GOOD, "unknown"]),
        json_values | st.sampled_from(["", "c" * 256, "c" * 257, 0, 1200, 1200.5, -0.5, 1e39, 10**400]),
        max_size=3,
    ),
    missing=st.sets(st.sampled_from(list(GOOD)), max_size=1),
)
def test_a_name_that_must_be_escaped_changes_nothing(
    decoder: RecordDecoder, awkward: RecordDecoder, changes: dict[str, Any], missing: set[str]
) -> None:
    plain = {name: value for name, value in {**GOOD, **changes}.items() if name not in missing}
    renamed = {AWKWARD if name == "Contract" else name: value for name, value in plain.items()}
    assert outcome(awkward, renamed) == outcome(decoder, plain)


SPELT = {
    "time": '"Payment": "10:30"',
    "quote": '"Payment": "a\\":b"',
    "blank": '"Payment" : "x"',
    "tab": '"Payment"\t:\n"a:"',
}


@pytest.mark.parametrize("spelt", SPELT.values(), ids=SPELT)
def test_colons_in_texts_and_blanks_before_them_are_no_names(decoder: RecordDecoder, spelt: str) -> None:
    text = json.dumps({"customers": [{"customer_id": "a:b", "features": GOOD}]})
    whole = text.replace('"Payment": "Card"', spelt)
    assert whole != text
    assert len(decoder.decode(whole.encode()).rows) == 1
    twice = whole.replace(spelt, f'{spelt}, "P\\u0061yment" : "Card"')
    assert faults(decoder, twice.encode()) == {"customers[0].features.Payment": "given more than once"}


def test_a_name_twice_is_named_beside_what_else_is_wrong(decoder: RecordDecoder) -> None:
    text = body({**GOOD, "tenure": -5}, x={"y": [0, 1]}).decode().replace('"y": [0', '"y": 3, "y": [0')
    assert faults(decoder, text.encode()) == {
        "x.y": "given more than once",
        "x": "unknown field",
        "customers[0].features.tenure": "must be at least 0",
    }


@pytest.mark.parametrize("name", ["tenure", 'tenure "in months"'])
def test_a_number_out_of_bounds_that_means_not_known_is_missing_and_no_other_one(
    decoder: RecordDecoder, name: str
) -> None:
    features = [
        msgspec.structs.replace(feature, name=name) if feature.name == "tenure" else feature
        for feature in decoder.schema.features
    ]
    missing = (*decoder.schema.missing, "-1", "9999")
    bounded = RecordDecoder(msgspec.structs.replace(decoder.schema, features=features, missing=missing), 1000)
    place = bounded.schema.names.index(name)
    others = {key: value for key, value in GOOD.items() if key != "tenure"}

    request = bounded.decode(body(*({**others, name: value} for value in (-1, 9999.0, 3))))
    assert [str(row[place]) for row in request.rows] == ["nan", "nan", "3.0"]
    assert request.notes is not None
    assert [note for note in request.notes if note[1] == place] == [(0, place, False), (1, place, False)]
    for wrong, bound in ((-0.5, "at least 0"), (-2, "at least 0"), (5000, "at most 1200")):
        assert list(faults(bounded, body({**others, name: wrong})).values()) == [f"must be {bound}"], wrong
