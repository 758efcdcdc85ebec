"""`churn init` guesses who left only where the label's name and values agree; otherwise it asks and never guesses."""

from pathlib import Path

import pytest

from churn_cli.main import main
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
}
CLEAR = {
    "number": ("churn", "1", "0", "1"),
    "decimal": ("churn_flag", "1.0", "0.0", "1.0"),
    "minus one": ("Churn", "1", "-1", "1"),
    "concatenated": ("ischurned", "t", "f", "t"),
    "target": ("target", "1", "0", "1"),
    "the value says it": ("retained", "lost", "kept", "lost"),
    "status": ("Customer Status", "Churned", "Stayed", "Churned"),
    "german": ("Gekündigt", "Ja", "Nein", "Ja"),
    "french": ("Résilié", "Oui", "Non", "Oui"),
    "turkish": ("Ayrıldı", "Evet", "Hayır", "Evet"),  # noqa: RUF001 - Turkish
    "chinese": ("流失", "是", "否", "是"),
}


def _table(folder: Path, label: str, first: str, second: str) -> Path:
    path = folder / "customers.csv"
    rows = (f"c{row},{row * 7 % 31},{second if row % 3 else first}" for row in range(60))
    path.write_text("\n".join([f"id,calls,{label}", *rows]) + "\n", encoding="utf-8")
    return path


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


@pytest.mark.parametrize("kind", CLEAR)
def test_who_left_is_guessed_where_name_and_values_agree(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    label, first, second, positive = CLEAR[kind]
    assert main(["init", "--data", str(_table(tmp_path, label, first, second)), "--label", label]) == 0
    written = tmp_path / "usecase.yaml"
    written.write_text(capsys.readouterr().out, encoding="utf-8")
    assert load_usecase(written).label.positive == positive
