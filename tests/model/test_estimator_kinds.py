"""Every kind of estimator survives its package; what a file may not hold is refused in one line that names it."""

import base64
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import catboost
import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from churn_model import GoldenMismatch, Row, SchemaMismatch, Scorer, open_package
from churn_model.encoding import MISSING_CATEGORY
from churn_model.estimators import ESTIMATOR_FILES, load_estimator
from sample_estimators import blend_document, linear_document, trees_document
from sample_package import PackageMaker, sample_contents, sample_rows, sample_schema
from tests.model.test_package import replace_file

KINDS = tuple(ESTIMATOR_FILES)
PRECISIONS = (numpy.float32, numpy.float64)
SCHEMA = sample_schema()
UNKNOWN: Row = [math.nan, None, math.nan, None, math.nan]

numbers = st.one_of(st.just(math.nan), st.floats(-1e6, 1e6))
texts = st.one_of(st.none(), st.sampled_from(["One year", "Card", MISSING_CATEGORY, ""]), st.text(max_size=90))
any_rows = st.lists(st.tuples(numbers, texts, numbers, texts, numbers), min_size=1, max_size=40)


@pytest.fixture(scope="module")
def scorers(make_package: PackageMaker, keys: Any) -> dict[str, Scorer]:
    return {kind: open_package(make_package(kind=kind), keys.trusted).scorer for kind in KINDS}


@pytest.mark.parametrize("kind", KINDS)
def test_a_package_of_every_kind_opens_and_answers(kind: str, make_package: PackageMaker, keys: Any) -> None:
    package = open_package(make_package(kind=kind), keys.trusted)
    assert package.manifest.estimator == kind
    assert ESTIMATOR_FILES[kind] in package.manifest.files
    assert package.scorer.score(package.description.golden.rows) == package.description.golden.scores
    assert len(set(package.scorer.score(sample_rows(50, 7)).probabilities)) > 4


@pytest.mark.parametrize("kind", KINDS)
def test_a_row_has_the_same_bits_alone_and_among_others(kind: str, scorers: dict[str, Scorer]) -> None:
    rows = [*sample_rows(300, 5), UNKNOWN]
    together = scorers[kind].score(rows).probabilities
    assert [scorers[kind].score([row]).probabilities[0] for row in rows] == together
    assert scorers[kind].score(rows[::-1]).probabilities == together[::-1]


@settings(max_examples=60, deadline=None)
@given(rows=any_rows)
def test_whatever_texts_come_raw_categories_answer_alike(rows: list[Row], scorers: dict[str, Scorer]) -> None:
    together = scorers["native"].score(rows).probabilities
    assert [scorers["native"].score([row]).probabilities[0] for row in rows] == together
    assert all(0 < probability < 1 for probability in together)


def test_raw_categories_that_are_missing_or_new(scorers: dict[str, Scorer]) -> None:
    def score(contract: str | None) -> float:
        return scorers["native"].score([[1.0, contract, 60.0, "Check", 0.0]]).probabilities[0]

    assert score(None) == score(MISSING_CATEGORY)
    assert score("never seen") == score("never seen either")
    assert score("Month-to-month") > score("Two year")


@pytest.mark.parametrize("kind", KINDS)
def test_a_model_that_answers_differently_is_refused(
    kind: str, make_package: PackageMaker, keys: Any, tmp_path: Path
) -> None:
    folder, name = make_package(kind=kind), ESTIMATOR_FILES[kind]
    content = (folder / name).read_bytes()
    if name.endswith(".json"):
        document = json.loads(content)
        key = "base" if kind == "trees" else "intercept"
        document[key] += 1e-9
        changed = json.dumps(document).encode()
    else:
        changed = sample_contents(tmp_path, 5, kind).estimator_file.read_bytes()
    replace_file(folder, keys, name, changed)
    with pytest.raises(GoldenMismatch, match="row 1"):
        open_package(folder, keys.trusted)


def test_a_blend_is_the_weighted_sum_of_its_members(tmp_path: Path) -> None:
    members = {
        kind: sample_contents(tmp_path / kind, kind=kind).estimator_file.read_bytes()
        for kind in KINDS
        if kind != "blend"
    }
    loaded = {kind: load_estimator(kind, content, SCHEMA) for kind, content in members.items()}
    document = blend_document(members)
    blend = load_estimator("blend", json.dumps(document).encode(), SCHEMA)
    rows = sample_rows(40, 3)
    encoded = [[0.5 if isinstance(value, str | None) else value for value in row] for row in rows]
    parts = [(part["weight"], loaded[part["kind"]].raw(encoded, rows)) for part in document["members"]]
    expected = [1.1 * sum(weight * raw[index] for weight, raw in parts) - 0.05 for index in range(len(rows))]
    assert blend.raw(encoded, rows) == pytest.approx(expected, rel=1e-12)


def without_members(document: dict[str, Any]) -> None:
    document["members"] = []


def with_too_many(document: dict[str, Any]) -> None:
    document["members"] *= 17


def nested(document: dict[str, Any]) -> None:
    document["members"][0] = {
        "kind": "blend",
        "weight": 1.0,
        "content": base64.b64encode(json.dumps(document).encode()).decode(),
    }


def of_member(**changes: Any) -> Callable[[dict[str, Any]], None]:
    return lambda document: document["members"][0].update(changes)


@pytest.mark.parametrize(
    ("harm", "problem"),
    [
        (without_members, "0 members"),
        (with_too_many, "17 members"),
        (nested, "a blend itself"),
        (of_member(weight=-0.1), "must not be negative"),
        (of_member(kind="forest"), "kind 'forest' is not known"),
        (of_member(kind="trees"), r"member 1: trees\.json"),
        (of_member(content="no base64!"), "base64"),
        (of_member(content="gASVCg=="), r"member 1: linear\.json"),
        (of_member(code="print()"), "unknown field"),
        (lambda document: document.update(slope=0.0), "`slope`"),
        (lambda document: document.update(slope=-1.0), "`slope`"),
        (lambda document: document.update(format=2), "format"),
    ],
)  # fmt: skip
def test_a_blend_that_is_none_is_refused(harm: Callable[[dict[str, Any]], None], problem: str) -> None:
    document = blend_document({"linear": json.dumps(linear_document()).encode()})
    load_estimator("blend", json.dumps(document).encode(), SCHEMA)
    harm(document)
    with pytest.raises(SchemaMismatch, match=problem) as refusal:
        load_estimator("blend", json.dumps(document).encode(), SCHEMA)
    assert str(refusal.value).startswith("blend.json: ")
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999"])
def test_a_blend_holds_real_numbers_only(number: str) -> None:
    content = json.dumps(blend_document({"linear": json.dumps(linear_document()).encode()}))
    with pytest.raises(SchemaMismatch, match=r"blend\.json"):
        load_estimator("blend", content.replace("1.1", number, 1).encode(), SCHEMA)


def test_trees_without_cover_still_answer() -> None:
    document = trees_document()
    rows = [[5.0, 0.3, 20.0, 0.1, 1.0], [50.0, math.nan, 99.0, 0.1, 0.0]]
    full = load_estimator("trees", json.dumps(document).encode(), SCHEMA)
    for tree in document["trees"]:
        del tree["cover"]
    old = load_estimator("trees", json.dumps(document).encode(), SCHEMA)
    assert old.raw(rows, []) == full.raw(rows, []) == [-1 + 0.5 * 1.4 + 0.5 * 1.1, -1 + 0.5 * -0.6 + 0.5 * 0.6]


def test_numbers_too_large_for_trees_count_as_the_largest() -> None:
    trees = load_estimator("trees", json.dumps(trees_document()).encode(), SCHEMA)
    assert trees.raw([[1e300, 0.1, -1e300, 0.1, 0.0]], []) == trees.raw([[1e9, 0.1, -1e9, 0.1, 0.0]], [])


@pytest.mark.parametrize("single", [True, False])
def test_trees_answer_many_thousands_together_as_each_alone(single: bool) -> None:
    """On every side of a border and as near to it as numbers lie, beyond what single precision holds, and missing; a
    file's rows go tree by tree, a request's all trees at once."""
    document = trees_document()
    borders = sorted({border for tree in document["trees"] for border in tree["threshold"]})
    sides = [(border, way, number) for border in borders for way in (-1e9, 1e9) for number in PRECISIONS]
    near = [float(numpy.nextafter(number(border), number(way))) for border, way, number in sides]
    rounded = [float(numpy.float32(border)) for border in borders]
    cells = [*borders, *near, *rounded, math.nan, 1e300, -1e300, 60.0]
    drawn = numpy.random.default_rng(3).choice(cells, (9000, 5)).tolist()
    del document["fill"]
    for place, tree in enumerate(document["trees"]):
        tree["missing_left"] = [(node + place) % 2 == 0 for node in range(len(tree["feature"]))]
    document |= {"format": 2, "features": 5, "single": single}
    trees = load_estimator("trees", json.dumps(document).encode(), SCHEMA)
    together = trees.raw(drawn, [])
    assert len(set(together)) > 6
    assert together == [trees.raw(drawn[place : place + 1], [])[0] for place in range(len(drawn))]


def test_a_file_for_other_features_is_refused(tmp_path: Path) -> None:
    wide = sample_schema()
    narrow = type(wide)(wide.usecase, wide.id, wide.features[:4])
    for kind in KINDS:
        content = sample_contents(tmp_path / kind, kind=kind).estimator_file.read_bytes()
        with pytest.raises(SchemaMismatch, match=rf"{ESTIMATOR_FILES[kind]}: .*takes 5 features, the schema has 4"):
            load_estimator(kind, content, narrow)


def test_categories_must_be_the_schemas(tmp_path: Path) -> None:
    native = sample_contents(tmp_path, kind="native").estimator_file.read_bytes()
    features = SCHEMA.features
    turned = type(SCHEMA)(SCHEMA.usecase, SCHEMA.id, (features[1], features[0], *features[2:]))
    with pytest.raises(SchemaMismatch, match=r"native\.cbm: .*not the schema's"):
        load_estimator("native", native, turned)
    with pytest.raises(SchemaMismatch, match=r"model\.cbm: .*raw categories"):
        load_estimator("catboost", native, SCHEMA)


def test_a_model_of_three_classes_is_refused(tmp_path: Path) -> None:
    rows = [[float(index % 7), index % 3, float(index % 5), 0.0, 1.0] for index in range(60)]
    model = catboost.CatBoostClassifier(iterations=3, verbose=0, allow_writing_files=False, thread_count=1)
    model.fit(rows, [index % 3 for index in range(60)]).save_model(str(tmp_path / "model.cbm"))
    with pytest.raises(SchemaMismatch, match="two classes"):
        load_estimator("catboost", (tmp_path / "model.cbm").read_bytes(), SCHEMA)
