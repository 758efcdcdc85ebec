"""Trees of every grower answer from their file as they did when they were grown, missing values and all, row by row and
together, and are explained exactly."""

import itertools
import json
import math
from pathlib import Path

import numpy
import pandas
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from sklearn.pipeline import Pipeline

from churn_data.dataset import Dataset, rows_of, schema_of
from churn_model.encoding import Encoder
from churn_model.errors import SchemaMismatch
from churn_model.estimators import load_estimator
from churn_model.tree_estimator import TreesEstimator
from churn_training.families.candidates import Candidate, log_odds
from churn_training.families.stopping import fit_whole
from churn_training.packaging.compilation import TOLERANCE, compile_model
from churn_training.packaging.estimator_files import estimator_content

GROWERS = {
    "histogram": {"max_iter": 25, "learning_rate": 0.2, "max_leaf_nodes": 12, "min_samples_leaf": 5},
    "randomized": {"max_iter": 25, "learning_rate": 0.2, "max_depth": 4, "max_features": 0.6},
    "extra": {"n_estimators": 8, "max_depth": 6, "max_features": 0.6},
    "random": {"n_estimators": 8, "max_depth": 6, "max_features": 0.6},
}


def family(grower: str) -> Candidate:
    return Candidate(grower, grower, "trees", GROWERS[grower], grower=grower)


@pytest.fixture(scope="module")
def holes(telco: Dataset) -> Dataset:
    """Real customers of whom much is not known, of leavers more: so that trees split on what is missing."""
    part = telco.take(numpy.arange(1200))
    frame = part.frame.copy()
    generator = numpy.random.default_rng(3)
    for name in ("tenure", "MonthlyCharges", "Contract"):
        frame.loc[generator.random(1200) < 0.1 + 0.4 * part.churned, name] = numpy.nan
    return Dataset(part.usecase, frame, part.churned, part.groups, part.source)


@pytest.mark.parametrize("grower", GROWERS)
def test_missing_values_go_where_they_went(grower: str, holes: Dataset, tmp_path: Path) -> None:
    compiled = compile_model(family(grower), holes, tmp_path, seed=0)
    document = json.loads(compiled.estimator_file.read_text())
    directions = [
        down
        for tree in document["trees"]
        for down, feature in zip(tree["missing_left"], tree["feature"], strict=True)
        if feature >= 0
    ]
    assert {True, False} == set(directions), "both ways are taken"
    rows = rows_of(holes.frame)
    encoded = Encoder.from_json(compiled.encoder, compiled.schema).encode(rows)
    estimator = load_estimator("trees", compiled.estimator_file.read_bytes(), compiled.schema)
    expected = log_odds(fit_whole(family(grower).build(holes.categories, 0), holes), "trees", holes.frame)
    together = estimator.raw(encoded, rows)
    numpy.testing.assert_allclose(together, expected, rtol=0, atol=TOLERANCE)
    assert [estimator.raw([row], [()])[0] for row in encoded[:80]] == together[:80]
    contributions = numpy.array(estimator.contributions(encoded[:25], rows[:25]))
    numpy.testing.assert_allclose(contributions.sum(axis=1), together[:25], rtol=0, atol=1e-9)


def numbers(grower: str) -> tuple[TreesEstimator, Pipeline]:
    """Trees on three numbers with holes, and the pipeline."""
    generator = numpy.random.default_rng(8)
    frame = pandas.DataFrame(generator.normal(size=(500, 3)), columns=list("abc"))
    churned = (frame["a"] + frame["b"] * frame["c"] + generator.normal(size=500) > 0).to_numpy().astype(int)
    frame = frame.mask(generator.random((500, 3)) < 0.15)
    pipeline = family(grower).build([], 0).fit(frame, churned)
    content = estimator_content(pipeline, "trees", None, None)  # type: ignore[arg-type]
    return TreesEstimator.load(content, 3), pipeline


GROWN = {grower: numbers(grower) for grower in GROWERS}
cells = some.one_of(some.just(math.nan), some.floats(-5, 5), some.floats(-1e300, 1e300))


@settings(max_examples=60, deadline=None)
@given(rows=some.lists(some.tuples(cells, cells, cells), min_size=1, max_size=20))
@pytest.mark.parametrize("grower", GROWERS)
def test_whatever_numbers_come_they_answer_like_the_library(grower: str, rows: list[tuple[float, ...]]) -> None:
    estimator, pipeline = GROWN[grower]
    frame = pandas.DataFrame([list(row) for row in rows], columns=list("abc"))
    answered = estimator.raw(rows, [])
    numpy.testing.assert_allclose(answered, log_odds(pipeline, "trees", frame), rtol=0, atol=TOLERANCE)
    assert [estimator.raw([row], [])[0] for row in rows] == answered


@pytest.mark.parametrize("grower", GROWERS)
def test_a_file_of_many_rows_has_the_bits_of_few(grower: str) -> None:
    estimator, _ = GROWN[grower]
    generator = numpy.random.default_rng(9)
    drawn = generator.normal(size=(33_000, 3))
    drawn[generator.random(drawn.shape) < 0.15] = math.nan
    rows = drawn.tolist()
    many, parts = estimator.raw(rows, []), [slice(0, 100), slice(32_700, 32_800), slice(32_760, 33_000)]
    assert len(many) == len(rows)
    for part in parts:
        assert estimator.raw(rows[part], []) == many[part]


def expectation(tree: dict[str, list[float]], row: tuple[float, ...], known: frozenset[int], node: int = 0) -> float:
    """A tree's answer when only some features are known: elsewhere both ways, weighted by the customers who went."""
    feature = int(tree["feature"][node])
    if feature < 0:
        return tree["value"][node]
    left, right = int(tree["left"][node]), int(tree["right"][node])
    if feature in known:
        value = row[feature]
        down = bool(tree["missing_left"][node]) if math.isnan(value) else value <= tree["threshold"][node]
        return expectation(tree, row, known, left if down else right)
    parts = (tree["cover"][child] * expectation(tree, row, known, child) for child in (left, right))
    return sum(parts) / (tree["cover"][left] + tree["cover"][right])


@pytest.mark.parametrize("row", [(0.4, math.nan, -1.0), (math.nan, math.nan, 0.2), (1.5, 0.1, 0.3)], ids=str)
@pytest.mark.parametrize("grower", GROWERS)
def test_shapley_values_by_their_definition(grower: str, row: tuple[float, float, float]) -> None:
    estimator, pipeline = GROWN[grower]
    document = json.loads(estimator_content(pipeline, "trees", None, None))  # type: ignore[arg-type]

    def game(known: frozenset[int]) -> float:
        trees = sum(expectation(tree, row, known) for tree in document["trees"])
        return float(document["base"] + document["rate"] * trees)

    expected = []
    for player in range(3):
        others = [other for other in range(3) if other != player]
        total = 0.0
        for size in range(3):
            for chosen in itertools.combinations(others, size):
                weight = math.factorial(size) * math.factorial(2 - size) / 6
                total += weight * (game(frozenset({*chosen, player})) - game(frozenset(chosen)))
        expected.append(total)
    (found,) = estimator.contributions([row], [])
    single = 1e-6 if grower != "histogram" else 1e-9
    assert found == pytest.approx([*expected, game(frozenset())], abs=single)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"features": 4}, "takes 4 features"),
        ({"format": 3}, "format 3"),
        ({"format": 1}, "needs `fill`"),
        ({"trees": []}, "no trees"),
        ({"single": "yes"}, "single"),
    ],
    ids=["features", "format", "fill", "trees", "single"],
)
def test_a_file_that_is_none_is_refused(change: dict[str, object], problem: str, telco: Dataset) -> None:
    document = json.loads(estimator_content(GROWN["extra"][1], "trees", None, None))  # type: ignore[arg-type]
    schema = schema_of(telco)
    narrow = type(schema)(schema.usecase, schema.id, schema.features[:3])
    load_estimator("trees", json.dumps(document).encode(), narrow)
    with pytest.raises(SchemaMismatch, match=problem):
        load_estimator("trees", json.dumps({**document, **change}).encode(), narrow)


@pytest.mark.parametrize("column", ["threshold", "value", "missing_left", "right"])
def test_columns_of_a_tree_are_of_one_length(column: str) -> None:
    document = json.loads(estimator_content(GROWN["random"][1], "trees", None, None))  # type: ignore[arg-type]
    document["trees"][0][column].pop()
    with pytest.raises(ValueError, match=r"length|every node"):
        TreesEstimator.load(json.dumps(document).encode(), 3)


def test_a_node_has_one_parent() -> None:
    document = json.loads(estimator_content(GROWN["random"][1], "trees", None, None))  # type: ignore[arg-type]
    tree = document["trees"][0]
    tree["left"][0] = tree["right"][0]
    with pytest.raises(ValueError, match="two parents"):
        TreesEstimator.load(json.dumps(document).encode(), 3)
