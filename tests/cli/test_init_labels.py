"""`churn init` guesses who left only where the label's name and values agree; otherwise it asks and never guesses."""

from pathlib import Path

import pytest

from churn_cli.main import main
from churn_model.rules import Label
from churn_model.usecase import load_usecase

UNCLEAR = {
    "retained": ("retained", "1", "0"),
    "camel case": ("IsActive", "1", "0"),
    "words": ("customer_stayed", "yes", "no"),
    "renewed": ("Renewed", "True", "False"),
    "german": ("aktiv", "ja", "nein"),
    "french": ("renouvelé", "oui", "non"),
    "not leaving": ("not_churned", "yes", "no"),
    "both": ("active_or_churned", "1", "0"),
    "says nothing": ("subscription", "Y", "N"),
    "one and two": ("churn", "1", "2"),
    "two is rarer": ("churn", "2", "1"),
    "explained the other way": ("Churn (0=Yes; 1=No)", "0", "1"),
}
CLEAR = {
    "number": ("churn", "1", "0", "1"),
    "decimal": ("churn_flag", "1.0", "0.0", "1.0"),
    "minus one": ("Churn", "1", "-1", "1"),
    "concatenated": ("ischurned", "t", "f", "t"),
    "target": ("target", "1", "0", "1"),
    "explained": ("Churn (Yes = 1; No = 0)", "1", "0", "1"),
    "the value says it": ("retained", "lost", "kept", "lost"),
    "status": ("Customer Status", "Churned", "Stayed", "Churned"),
    "german": ("Gekündigt", "Ja", "Nein", "Ja"),
    "french": ("Résilié", "Oui", "Non", "Oui"),
    "turkish": ("Ayrıldı", "Evet", "Hayır", "Evet"),  # noqa: RUF001 - Turkish
    "chinese": ("流失", "是", "否", "是"),
    "insurer": ("lapsed", "1", "0", "1"),
    "spanish": ("Abandonó", "Sí", "No", "Sí"),
    "spanish, decomposed": ("Abandono\u0301", "Sí", "No", "Sí"),
    "polish": ("Odszedł", "Tak", "Nie", "Tak"),
    "russian": ("Ушёл", "да", "нет", "да"),
    "japanese": ("退会", "はい", "いいえ", "はい"),
    "portuguese": ("Cancelou", "Sim", "Não", "Sim"),
}
NAMED_CLEARLY = {"insurer", "spanish", "spanish, decomposed", "polish", "russian", "japanese", "portuguese"}
SAID_BY_VALUES = {
    "english": ("status", "churned", "active"),
    "insurer": ("policy_state", "Lapsed", "In force, renewed"),
    "german": ("Kundenstatus", "gekündigt", "aktiv"),
    "french": ("statut", "résilié", "actif"),
    "spanish": ("Estado", "Baja", "Activo"),
    "existing": ("flag", "Attrited Customer", "Existing Customer"),
}
NOT_SAID = {
    "one value alone": ("status", "churned", "x"),
    "a card": ("card_status", "lost", "active"),
    "an order": ("last order", "cancelled", "current"),
    "negated": ("status", "not lost", "active"),
}


def _table(folder: Path, label: str, first: str, second: str) -> Path:
    path = folder / "customers.csv"
    rows = (f"c{row},{row * 7 % 31},{second if row % 3 else first}" for row in range(60))
    path.write_text("\n".join([f"id,calls,{label}", *rows]) + "\n", encoding="utf-8")
    return path


NAMED: dict[str, tuple[tuple[str, ...], str]] = {
    "three values": (("yes", "no", "maybe"), "it may be one of: churn (maybe, no, yes), sex (f, m)"),
    "all alike": (("no",), 'column "churn": 60 rows have the label "no"; customers who left and who stayed are needed'),
    "leavers alone": (("x", ""), 'column "churn": 30 rows have the label "x", 30 have none; customers who left and'),
    "nothing": (("",), 'column "churn": no row has a label; customers who left and who stayed are needed'),
}


@pytest.mark.parametrize("kind", NAMED)
def test_a_column_called_after_leaving_is_named_though_it_has_no_two_values(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    values, said = NAMED[kind]
    path = tmp_path / "customers.csv"
    rows = (f"c{row},{row * 7 % 31},{'fm'[row % 2]},{values[row % len(values)]}" for row in range(60))
    path.write_text("\n".join(["id,calls,sex,churn", *rows]) + "\n", encoding="utf-8")
    assert main(["init", "--data", str(path)]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert ("--positive if who has none stayed" in error) == (kind == "leavers alone")


def test_a_holdout_without_labels_says_so_beside_names_that_may_be_labels(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "holdout.csv"
    rows = (f"c{row},NA,{row % 2},{row * row % 3 % 2}" for row in range(60))
    path.write_text("\n".join(["id,Churn,ActiveSubs,RetentionCalls", *rows]) + "\n", encoding="utf-8")
    assert main(["init", "--data", str(path)]) == 2
    assert 'column "Churn": no row has a label; customers who left and who stayed' in capsys.readouterr().err


@pytest.mark.parametrize(
    ("names", "found"), [("target", "target"), ("Y", "Y"), ("target,label", ""), ("target,retained", "")]
)
def test_the_one_target_is_taken_where_nothing_else_may_be_it(
    names: str, found: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, labels = tmp_path / "customers.csv", names.split(",")
    rows = (
        ",".join([f"c{row}", str(1 + row % 2), *(str(int((row + at) % 3 == 0)) for at, _ in enumerate(labels))])
        for row in range(60)
    )
    path.write_text("\n".join([f"id,sex,{names}", *rows]) + "\n", encoding="utf-8")
    assert main(["init", "--data", str(path)]) == (0 if found else 2)
    said = capsys.readouterr()
    guess = f'column: "{found}" # guessed by its name, that of what is to be predicted'
    assert guess in said.out if found else "which column says who left?" in said.err


@pytest.mark.parametrize("kind", UNCLEAR)
def test_who_left_is_not_guessed_against_the_name(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    label, first, second = UNCLEAR[kind]
    path = _table(tmp_path, label, first, second)
    assert main(["init", "--data", str(path), "--label", label]) == 2
    error = capsys.readouterr().err
    assert f'column "{label}": which value means that a customer left? Name it by --positive;' in error
    assert f'"{second}" (40 rows), "{first}" (20 rows) occur' in error
    assert main(["init", "--data", str(path), "--label", label, "--positive", second]) == 0


@pytest.mark.parametrize("kind", SAID_BY_VALUES)
def test_values_say_who_left_where_no_name_does(kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    label, left, stayed = SAID_BY_VALUES[kind]
    path = _table(tmp_path, label, left, f'"{stayed}"')
    assert main(["init", "--data", str(path)]) == 0
    text = capsys.readouterr().out
    assert f'# guessed by its values: "{left}" beside "{stayed}"' in text
    (tmp_path / "usecase.yaml").write_text(text, encoding="utf-8")
    assert load_usecase(tmp_path / "usecase.yaml").label == Label(label, left, stayed)


@pytest.mark.parametrize("kind", NOT_SAID)
def test_values_of_something_else_say_nothing_of_customers(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    label, left, stayed = NOT_SAID[kind]
    assert main(["init", "--data", str(_table(tmp_path, label, left, stayed))]) == 2
    assert "which column says who left? Name it by --label" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["target", "retained"])
def test_values_do_not_outdo_a_name_that_may_be_the_labels(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "customers.csv"
    rows = (f"c{row},{'lapsed' if row % 4 else 'active'},{int(row % 3 == 0)}" for row in range(60))
    path.write_text("\n".join([f"id,lifecycle,{name}", *rows]) + "\n", encoding="utf-8")
    assert main(["init", "--data", str(path)]) == 2
    assert "which column says who left?" in capsys.readouterr().err


@pytest.mark.parametrize("kind", CLEAR)
def test_who_left_is_guessed_where_name_and_values_agree(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    label, first, second, positive = CLEAR[kind]
    named = [] if kind in NAMED_CLEARLY else ["--label", label]
    assert main(["init", "--data", str(_table(tmp_path, label, first, second)), *named]) == 0
    written = tmp_path / "usecase.yaml"
    written.write_text(capsys.readouterr().out, encoding="utf-8")
    assert load_usecase(written).label.positive == positive
