"""Segments that come back: stability, comparison of their number, and ids that survive retraining."""

from pathlib import Path

import numpy
import pytest

from churn_data.dataset import Dataset, rows_of, schema_of
from churn_model.segments import Segmenter
from churn_training.runs.pictures import draw_segment_study
from churn_training.segments.matching import match_segments, matching_warnings
from churn_training.segments.segmentation import build_segments
from churn_training.segments.study import study_segments


def test_four_segments_of_the_real_customers_are_stable(telco: Dataset, tmp_path: Path) -> None:
    study = study_segments(telco, seed=0, counts=(2, 4, 6), resamples=6)
    assert [count.segments for count in study.counts] == [2, 4, 6]
    four = study.counts[1]
    assert four.stability >= 0.8
    assert four.least_stability <= four.stability <= 1.0
    assert 0.0 < four.silhouette < 1.0
    assert min(four.shares) >= 0.05
    assert sum(four.shares) == pytest.approx(1.0)
    assert [row["chosen"] for row in study.to_json()] == [False, True, False]
    draw_segment_study(study, tmp_path / "study.png")
    assert (tmp_path / "study.png").read_bytes().startswith(b"\x89PNG")


def test_ids_survive_another_sample_of_customers(telco: Dataset) -> None:
    schema = schema_of(telco)
    former = Segmenter.from_json(build_segments(telco, schema, seed=0).document, schema)
    for seed in range(1, 4):
        drawn = numpy.random.default_rng(seed).integers(len(telco), size=len(telco))
        again = build_segments(telco.take(drawn), schema, seed, former)
        ids = Segmenter.from_json(again.document, schema).assign(rows_of(telco.frame))
        same = numpy.mean(numpy.array(ids) == numpy.array(former.assign(rows_of(telco.frame))))
        assert same > 0.85
        assert not any("no successor" in line for line in again.warnings)


def test_online_and_batch_agree_on_every_row(telco: Dataset) -> None:
    schema = schema_of(telco)
    segmenter = Segmenter.from_json(build_segments(telco, schema, seed=0).document, schema)
    rows = rows_of(telco.frame)
    assert [segmenter.assign([row])[0] for row in rows] == segmenter.assign(rows)


def test_groups_follow_their_customers_whatever_their_order() -> None:
    former = [1] * 5 + [2] * 4 + [3] * 3 + [4] * 3
    found = [2] * 5 + [0] * 4 + [3] * 3 + [1] * 3
    taken, jaccard = match_segments(former, found, 4)
    assert taken == [2, 4, 1, 3]
    assert jaccard == [1.0, 1.0, 1.0, 1.0]


def test_a_segment_without_a_successor_is_named() -> None:
    former = [1] * 6 + [2] * 4 + [3] * 4 + [4] * 4
    found = [0] * 3 + [3] * 3 + [1] * 4 + [2] * 8
    taken, jaccard = match_segments(former, found, 4)
    assert sorted(taken) == [1, 2, 3, 4]
    lines = matching_warnings(jaccard, ["a", "b", "c", "d"], ["a", "b", "new", "d"])
    assert any("has no successor" in line for line in lines)
    assert not any("(b)" in line for line in lines)
