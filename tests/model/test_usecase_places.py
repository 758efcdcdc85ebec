"""Whoever misspelt something in a use case is shown the line, the key and the nearest word that may stand there."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from churn_model.errors import UseCaseError
from churn_model.rules import ActionRule
from churn_model.usecase import UseCase, load_usecase
from tests.model.test_usecase_keys import RULES, keys_of

BASE = "name: x\nlabel: {column: Churn, positive: 'Yes'}\n"
ACTIONS = "actions:\n  - id: call\n    name: Call\n    cost: 5\n"
FEATURES = "features:\n  - name: spend\n    type: number\n"

NO_KEY = "there is no such key"
MISSPELT = {
    "a section": ("\nlable: {column: a}\n", "line 4: `lable`: there is no such key; did you mean `label`?"),
    "in a section": ("segments:\n  # n\n  cuont: 3\n", f"line 5: `segments.cuont`: {NO_KEY}; did you mean `count`?"),
    "in capitals": ("risk: {MEDIUM: 0.2}\n", "line 3: `risk.MEDIUM`: there is no such key; did you mean `medium`?"),
    "in a list": (f"{ACTIONS}    efect: 0.1\n", f"line 7: `actions[0].efect`: {NO_KEY}; did you mean `effect`?"),
    "like none": ("holdout: {xyz: 1}\n", "line 3: `holdout.xyz`: there is no such key; there are salt and share"),
    "a key that is missing": (ACTIONS, "line 4: `actions[0]`: the key `effect` is missing"),
    "a word": (f"{ACTIONS}    effect: 0.1\n    source: mesured\n",
               "line 8: `actions[0].source`: 'mesured' is none of assumed and measured; did you mean measured?"),
    "a word in a list": (f"{ACTIONS}    effect: 0.1\n    risk:\n    - low\n    - hihg\n",
                         "line 10: `actions[0].risk[1]`: 'hihg' is none of low, medium and high; did you mean high?"),
    "a word like none": (
        f"{FEATURES}  - name: a\n    type: xyz\n",
        "line 7: `features[1].type`: 'xyz' is none of number, category and date"),
    "another kind": ("segments:\n  count: many\n", "line 4: `segments.count`: a whole number was expected, not a text"),
    "nothing": ("actions:\n", "line 3: `actions`: a list was expected, not nothing"),
    "a list for a mapping": ("profit: [1]\n", "line 3: `profit`: a mapping of keys was expected, not a list"),
    "a number out of bounds": (f"{ACTIONS}    effect: 2\n", "line 7: `actions[0]` (call): `effect` is a probability"),
    "a share out of bounds": ("holdout:\n  share: 2\n", "line 4: `holdout.share` must be above 0"),
    "a name that is none": (
        f"{FEATURES}groups: [spent]\n",
        "line 6: `groups` names 'spent', which is not a feature; did you mean 'spend'?"),
    "a feature of segments": (f"{FEATURES}segments:\n  features: [Spend]\n",
        "line 7: `segments.features` names 'Spend', which is not a feature; did you mean 'spend'?"),
    "an action of the profit": (f"{ACTIONS}    effect: 0.1\nprofit: {{action: cal}}\n",
                                "line 8: `profit.action` 'cal' is none of the actions; did you mean 'call'?"),
    "after an alias": ("simulation: &a {intercept: 1}\ntitle: a\nprofit: *a\n",
                       "line 3: `profit.intercept`: there is no such key; there are customer_value"),
    "no YAML": ("title: [\n", "line 4: not valid YAML ("),
}  # fmt: skip


def refused(path: str | Path) -> str:
    with pytest.raises(UseCaseError) as caught:
        load_usecase(path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("name", MISSPELT)
def test_what_is_misspelt_is_shown_by_its_line(name: str, tmp_path: Path) -> None:
    written, problem = MISSPELT[name]
    path = tmp_path / "my.yaml"
    path.write_text(BASE + written, encoding="utf-8")
    assert refused(path).startswith(f"{path}: {problem}")


def test_the_file_is_called_as_it_was_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "some").mkdir()
    (tmp_path / "some" / "my.yaml").write_text(f"{BASE}risks: 1\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert refused("some/my.yaml").startswith("some/my.yaml: line 3: `risks`: there is no such key; did you mean")
    assert refused("./none.yaml") == "./none.yaml: cannot be read (No such file or directory)"


def plain(kind: Any) -> Any:
    """The least that a rule may hold."""
    return {
        field.encode_name: "x" if field.type is str else 0.1 for field in msgspec.structs.fields(kind) if field.required
    }


EVERY_KEY = [("", key) for key in sorted(keys_of(UseCase))]
EVERY_KEY += [(rule, key) for rule, kind in RULES.items() for key in sorted(keys_of(kind))]


@pytest.mark.parametrize(("rule", "key"), EVERY_KEY, ids=lambda value: value or "use case")
def test_every_key_with_a_letter_too_many_is_known_again(rule: str, key: str, tmp_path: Path) -> None:
    wrong = f"{key}q"
    kind = RULES.get(rule, ActionRule)
    inner = ", ".join(f"{name}: {value}" for name, value in ({**plain(kind), wrong: 1}).items())
    listed = f"[{{{inner}}}]" if rule in ("actions", "features") else f"{{{inner}}}"
    listed = listed.replace("type: 0.1", "type: number")
    base = "name: x\n" if rule == "label" else BASE
    path = tmp_path / "my.yaml"
    path.write_text(f"{base}{rule}:\n  {listed}\n" if rule else f"{BASE}\n{wrong}: 1\n", encoding="utf-8")
    line = 3 if rule == "label" else 4
    place = f"{rule}[0].{wrong}" if rule in ("actions", "features") else f"{rule}.{wrong}".lstrip(".")
    assert refused(path) == f"{path}: line {line}: `{place}`: there is no such key; did you mean `{key}`?"
