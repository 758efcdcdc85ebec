"""Contributions are the Shapley values that they claim to be, for every kind, and add up to the answer."""

import itertools
import json
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import catboost
import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from churn_model import ExplanationUnavailable, Row, Scorer, open_package
from churn_model.catboost_estimator import CatBoostEstimator, NativeEstimator
from churn_model.encoding import MISSING_CATEGORY
from churn_model.estimators import ESTIMATOR_FILES, load_estimator
from churn_model.tree_shapley import LEAF, MANY, Tree, TreeShapley
from sample_estimators import (
    BLENDED,
    CATEGORIES,
    blend_document,
    fit_catboost,
    fit_native,
    linear_document,
    trees_document,
)
from sample_package import PackageMaker, sample_rows, sample_schema

SCHEMA = sample_schema()
KINDS = tuple(ESTIMATOR_FILES)
numbers = st.one_of(st.just(math.nan), st.floats(-1e6, 1e6))
texts = st.one_of(st.none(), st.sampled_from(["One year", "Month-to-month", "Card", "Forever"]), st.text(max_size=12))
any_rows = st.lists(st.tuples(numbers, texts, numbers, texts, numbers), min_size=1, max_size=8)


def brute_force(game: Callable[[frozenset[int]], float], players: int) -> list[float]:
    """Shapley values by their definition (Shapley 1953)."""
    values = []
    for player in range(players):
        others = [other for other in range(players) if other != player]
        total = 0.0
        for size in range(players):
            weight = math.factorial(size) * math.factorial(players - size - 1) / math.factorial(players)
            for chosen in itertools.combinations(others, size):
                known = frozenset(chosen)
                total += weight * (game(known | {player}) - game(known))
        values.append(total)
    return values


def expectation(tree: Tree, row: list[float], known: frozenset[int], node: int = 0) -> float:
    """A tree's answer when only some features are known: elsewhere both ways, weighted by the customers who went."""
    if tree.feature[node] == LEAF:
        return tree.value[node]
    assert tree.cover is not None
    left, right = tree.left[node], tree.right[node]
    if tree.feature[node] in known:
        towards = left if row[tree.feature[node]] <= tree.threshold[node] else right
        return expectation(tree, row, known, towards)
    parts = (tree.cover[child] * expectation(tree, row, known, child) for child in (left, right))
    return sum(parts) / tree.cover[node]


@st.composite
def small_trees(draw: st.DrawFn) -> Tree:
    """Trees of depth up to 4 over 4 features, which may be asked again on the way down."""
    nodes: list[list[float]] = []

    def grow(depth: int, cover: float) -> int:
        index = len(nodes)
        nodes.append([LEAF, 0.0, -1, -1, draw(st.floats(-2, 2)), cover])
        if depth < 4 and (depth == 0 or draw(st.booleans())):
            share = draw(st.floats(0.05, 0.95))
            nodes[index][:2] = [draw(st.integers(0, 3)), draw(st.integers(-3, 3))]
            nodes[index][2] = grow(depth + 1, cover * share)
            nodes[index][3] = grow(depth + 1, cover * (1 - share))
        return index

    grow(0, 100.0)
    feature, threshold, left, right, value, cover = zip(*nodes, strict=True)
    whole = [tuple(int(entry) for entry in column) for column in (feature, left, right)]
    return Tree(whole[0], threshold, whole[1], whole[2], value, cover)


@pytest.fixture(scope="module")
def scorers(make_package: PackageMaker, keys: Any) -> dict[str, Scorer]:
    return {kind: open_package(make_package(kind=kind), keys.trusted).scorer for kind in KINDS}


def assert_adds_up(scorer: Scorer, rows: list[Row]) -> None:
    contributions = scorer.contributions(rows)
    raw = scorer._estimator.raw(scorer._encoder.encode(rows), rows)
    assert [len(values) for values in contributions] == [len(SCHEMA.features) + 1] * len(rows)
    assert [math.fsum(values) for values in contributions] == pytest.approx(raw, abs=1e-6)


@settings(max_examples=25, deadline=None)
@given(rows=any_rows)
@pytest.mark.parametrize("kind", KINDS)
def test_they_add_up_to_the_log_odds(kind: str, rows: list[Row], scorers: dict[str, Scorer]) -> None:
    assert_adds_up(scorers[kind], rows)


@pytest.mark.parametrize("kind", KINDS)
def test_they_are_the_same_alone_and_together(kind: str, scorers: dict[str, Scorer]) -> None:
    rows = sample_rows(30, 6)
    together = scorers[kind].contributions(rows)
    alone = [scorers[kind].contributions([row])[0] for row in rows]
    assert numpy.array(alone) == pytest.approx(numpy.array(together), abs=1e-9)


@settings(max_examples=80, deadline=None)
@given(trees=st.lists(small_trees(), min_size=1, max_size=3), row=st.lists(st.floats(-4, 4), min_size=4, max_size=4))
def test_trees_against_the_definition(trees: list[Tree], row: list[float]) -> None:
    def game(known: frozenset[int]) -> float:
        return sum(expectation(tree, row, known) for tree in trees)

    (found,) = TreeShapley(trees, 4).values([row])
    assert found == pytest.approx([*brute_force(game, 4), game(frozenset())], abs=1e-9)


def _chain(length: int) -> Tree:
    """A tree that asks one feature after the other; missing values go left at every other."""
    inner = range(0, 2 * length, 2)
    end = 2 * length + 1
    feature, left, right = [LEAF] * end, [-1] * end, [-1] * end
    for place, node in enumerate(inner):
        feature[node], left[node], right[node] = place, node + 1, node + 2
    cover = [2.0 ** (length - (node + 1) // 2) for node in range(end)]
    cover[-1] = cover[-2]
    value = [float(node % 5) - 2.0 for node in range(end)]
    missing = tuple(node % 4 == 0 for node in range(end))
    return Tree(tuple(feature), (0.0,) * end, tuple(left), tuple(right), tuple(value), tuple(cover), missing)


def test_many_rows_are_explained_together_as_each_is_alone() -> None:
    generator = numpy.random.default_rng(5)
    rows = generator.normal(size=(MANY + 40, 18))
    rows[generator.random(rows.shape) < 0.15] = math.nan
    trees = [_chain(18), _chain(3), Tree((LEAF,), (0.0,), (-1,), (-1,), (0.7,), (1.0,))]
    shapley = TreeShapley(trees, 18)
    alone = [shapley.values([row])[0] for row in rows.tolist()]
    together = shapley.values(rows.tolist())
    assert numpy.array(together) == pytest.approx(numpy.array(alone), abs=1e-12)
    assert len({tuple(row) for row in together}) > MANY


def test_linear_against_the_definition() -> None:
    document = linear_document()
    linear = load_estimator("linear", json.dumps(document).encode(), SCHEMA)
    row = [12.0, 0.43, math.nan, 0.2, 1.0]

    def game(known: frozenset[int]) -> float:
        return linear.raw([[row[i] if i in known else document["center"][i] for i in range(5)]], [])[0]

    (found,) = linear.contributions([row], [])
    assert found == pytest.approx([*brute_force(game, 5), game(frozenset())], abs=1e-12)
    assert found[2] == pytest.approx(0.2 * (60 - 64.8) / 30.1)


def plain_trees(model: catboost.CatBoostClassifier, path: Path) -> Iterator[Tree]:
    """CatBoost's symmetric trees as plain ones; the bit of a level is set above its border."""
    model.save_model(str(path), format="json")
    for tree in json.loads(path.read_bytes())["oblivious_trees"]:
        levels, values, weights = tree["splits"][::-1], tree["leaf_values"], tree["leaf_weights"]
        inner, size = 2 ** len(levels) - 1, 2 ** (len(levels) + 1) - 1
        asked = [levels[(node + 1).bit_length() - 1] for node in range(inner)]
        cover = [0.0] * inner + weights
        for node in reversed(range(inner)):
            cover[node] = cover[2 * node + 1] + cover[2 * node + 2]
        yield Tree(
            feature=(*(split["float_feature_index"] for split in asked), *[LEAF] * len(values)),
            threshold=(*(split["border"] for split in asked), *[0.0] * len(values)),
            left=tuple(2 * node + 1 if node < inner else -1 for node in range(size)),
            right=tuple(2 * node + 2 if node < inner else -1 for node in range(size)),
            value=(*[0.0] * inner, *values),
            cover=tuple(max(weight, 1e-12) for weight in cover),
        )


def test_catboost_against_the_definition(tmp_path: Path) -> None:
    source = numpy.random.default_rng(4)
    encoded = source.normal(size=(400, 5)).astype(numpy.float32)
    labels = (encoded[:, 0] + encoded[:, 1] * encoded[:, 2] > 0).astype(int).tolist()
    model = fit_catboost(encoded.tolist(), labels, 4)
    trees, rows = list(plain_trees(model, tmp_path / "model.json")), encoded[:3].tolist()
    for row, found in zip(rows, CatBoostEstimator(model).contributions(rows, []), strict=True):

        def game(known: frozenset[int], row: list[float] = row) -> float:
            return sum(expectation(tree, row, known) for tree in trees)

        assert found[:-1] == pytest.approx(brute_force(game, 5), abs=1e-6)


def test_raw_categories_against_catboost_on_a_frame() -> None:
    import pandas

    rows = sample_rows(200, 2)
    model = fit_native(rows, [int(row[1] == "Month-to-month") for row in rows], 2)
    frame = pandas.DataFrame(rows, columns=list(SCHEMA.names))
    for index in CATEGORIES:
        name = SCHEMA.names[index]
        frame[name] = frame[name].astype(object).where(frame[name].notna(), MISSING_CATEGORY)
    pool = catboost.Pool(frame, cat_features=CATEGORIES)
    expected = model.get_feature_importance(pool, type="ShapValues")
    assert NativeEstimator(model).contributions([], rows) == expected.tolist()


def test_a_blend_explains_as_its_members_together(scorers: dict[str, Scorer]) -> None:
    rows = sample_rows(10, 8)
    parts = [numpy.array(scorers[kind].contributions(rows)) for kind in BLENDED]
    expected = 1.1 * (0.5 * parts[0] + 0.2 * parts[1] + 0.3 * parts[2])
    expected[:, -1] -= 0.05
    assert numpy.array(scorers["blend"].contributions(rows)) == pytest.approx(expected, abs=1e-9)


def test_trees_without_cover_cannot_be_explained() -> None:
    document = trees_document()
    del document["trees"][1]["cover"]
    content = json.dumps(document).encode()
    blend = json.dumps(blend_document({"trees": content})).encode()
    for kind, old in (("trees", content), ("blend", blend)):
        with pytest.raises(ExplanationUnavailable, match="`cover`"):
            load_estimator(kind, old, SCHEMA).contributions([[1.0, 0.3, 20.0, 0.1, 1.0]], [])
