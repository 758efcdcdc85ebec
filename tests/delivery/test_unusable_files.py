"""Files of environments that would keep whoever reads them busy, or say something else than they seem to."""

from datetime import UTC, datetime
from itertools import pairwise

import pytest

from churn_delivery.environment_check import check_environment
from churn_delivery.errors import EnvironmentProblem
from churn_delivery.layout import FILES, INDEX, read_layout
from churn_delivery.model_file import ServedModel
from churn_delivery.rollout.record import Rollout, RolloutFile, read_rollout, rollout_text
from churn_delivery.rollout.rules import Rules
from churn_delivery.yaml_files import read_yaml

FEW_LINES = [
    ("a", "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]"),
    *((one, f"[{', '.join(['*' + before] * 10)}]") for before, one in pairwise("abcde")),
]
"""Each line stands for ten of the line before, 100,000 in all."""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("".join(f"{name}: &{name} {value}\n" for name, value in FEW_LINES), "line 1: holds more than 20000 keys and"),
        ("a: &a\n  b: *a\n", "line 1: is nested more than 40 deep"),
        (f"a: {'[' * 200}{']' * 200}\n", "line 1: is nested more than 40 deep"),
        ("a: 1\nb: -.inf\n", "line 2: -.inf is no number that could be used"),
        ("a: 2026-13-41\n", "is not YAML (ValueError)"),
        ("a: !!python/name:os.system\n", "line 1: is not YAML (could not determine a constructor for the tag"),
        ("a: 1\n<<: {b: 2}\n", "line 2: a key must be plain text"),
    ],
    ids=["a few lines for many", "itself", "deep", "no number", "no date", "a program", "merged"],
)
def test_what_nobody_writes_into_an_environment_is_refused_at_once(text: str, said: str) -> None:
    with pytest.raises(EnvironmentProblem) as problem:
        read_yaml("env.yaml", text.encode())
    assert said in str(problem.value)


@pytest.mark.parametrize(
    ("after", "said"),
    [
        ({"a": "b", "b": "a"}, "line 3, environments.a.after: goes round in a circle (a after b after a)"),
        ({"a": "b", "b": "c", "c": "b"}, "line 3, environments.a.after: goes round in a circle (b after c after b)"),
    ],
    ids=["two", "and one before"],
)
def test_an_order_of_environments_without_a_beginning_is_named(after: dict[str, str], said: str) -> None:
    lines = [f"  {name}: {{after: {before}}}\n" for name, before in after.items()]
    text = f"chart: chart\nenvironments:\n{''.join(lines)}  first:\n"
    with pytest.raises(EnvironmentProblem) as problem:
        read_layout("envs", lambda _: text.encode())
    assert str(problem.value) == f"envs/{INDEX}, {said}"


@pytest.mark.parametrize(
    ("schema", "reason"),
    [
        ("{", "Expecting property name"),
        ("[]", "has no attribute"),
        ('{"type": "nonsense"}', "Unknown type 'nonsense'"),
        ('{"properties": {"image": {"$ref": "#/definitions/none"}}}', "does not exist within"),
        ('{"properties": {"image": {"$ref": "http://127.0.0.1:9/schema.json"}}}', "Unresolvable"),
        ('{"properties": {"nameOverride": {"pattern": "("}}}', "unterminated subpattern"),
    ],
    ids=["no JSON", "a list", "no type", "no place", "elsewhere", "no pattern"],
)
def test_a_chart_whose_schema_is_none_is_named(schema: str, reason: str) -> None:
    held = {
        f"envs/{INDEX}": "chart: chart\nenvironments: {dev: }\n",
        "chart/values.yaml": "image: {tag: ''}\nnameOverride: ''\n",
        "chart/values.schema.json": schema,
        **{f"envs/dev/{name}": "" for name in FILES},
    }

    def read(path: str) -> bytes | None:
        return held[path].encode() if path in held else None

    with pytest.raises(EnvironmentProblem) as problem:
        check_environment(read_layout("envs", read), "dev", read)
    assert str(problem.value).startswith("chart/values.schema.json: is no schema that values could be checked by (")
    assert reason in str(problem.value)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"digest": "sha256:1"', '"digest": null'),
        ('"uri": "s3://models/1/"', '"uri": 1'),
        ('"metrics": {}', '"metrics": 5'),
        ('"metrics": {}', f'"metrics": {"[" * 5000}{"]" * 5000}'),
        ('"state": "running"', '"state": ["running"]'),
    ],
    ids=["no digest", "no address", "no figures", "deep", "a list"],
)
def test_a_record_of_a_rollout_that_says_something_else_is_named(old: str, new: str) -> None:
    model = ServedModel("s3://models/1/", "sha256:1")
    begun = Rollout("running", model, "", Rules(), (datetime(2026, 1, 1, tzinfo=UTC),))
    text = rollout_text(begun, RolloutFile("rollout.yaml", None)).decode()
    assert read_rollout("rollout.yaml", text.encode()).rollout == begun
    assert text.count(old) == 1
    with pytest.raises(EnvironmentProblem, match=r"rollout\.yaml, line 3: is not a record of a rollout"):
        read_rollout("rollout.yaml", text.replace(old, new).encode())
