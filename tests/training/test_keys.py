"""Keys that come from outside: used as they are, checked before anything is trained, and never written beside."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from churn_cli.main import main
from churn_model import TrustedKeys, open_package
from churn_model.signing import SigningKey
from churn_training.packaging.home import Home
from tests.training.small_families import small_candidates

pytestmark = pytest.mark.usefixtures("pictures_unseen")


@pytest.fixture
def telco_path(telco_path: Path, tmp_path: Path) -> Path:
    """As many of the real customers as a training needs."""
    fewer = tmp_path / "telco.csv"
    fewer.write_text("".join(telco_path.read_text().splitlines(keepends=True)[:1501]))
    return fewer


@pytest.fixture
def given(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A read-only folder with a signing key and public keys, as a Secret and a ConfigMap are mounted."""
    folder = tmp_path / "mounted"
    key = SigningKey.generate(folder / "signing.pem")
    other = SigningKey.generate(tmp_path / "other.pem")
    (folder / "verify.pem").write_bytes(other.public_pem() + key.public_pem())
    monkeypatch.setenv("CHURN_SIGNING_KEY", str(folder / "signing.pem"))
    monkeypatch.setenv("CHURN_VERIFY_KEY", str(folder / "verify.pem"))
    monkeypatch.setattr("churn_training.pipeline.default_candidates", lambda: small_candidates()[1:2])
    assert home.path.is_dir()
    for path in (*folder.iterdir(), folder):
        path.chmod(0o500 if path.is_dir() else 0o400)
    yield folder
    folder.chmod(0o700)


def test_given_keys_sign_and_prove_and_are_not_written(given: Path, telco_path: Path) -> None:
    before = {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in given.iterdir()}
    assert main(["train", "--budget", "0", "--data", str(telco_path)]) == 0
    assert {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in given.iterdir()} == before
    home = Home.from_environment()
    assert not (home.path / "keys").exists()
    open_package(home.packages("churn-telecom") / "champion", TrustedKeys.load(given / "verify.pem"))
    assert main(["score", str(telco_path), str(home.path / "answers.csv")]) == 0


@pytest.mark.parametrize("name", ["CHURN_SIGNING_KEY", "CHURN_VERIFY_KEY"])
def test_a_missing_key_file_is_named_before_training(
    name: str, given: Path, telco_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = given / "none.pem"
    monkeypatch.setenv(name, str(missing))
    assert main(["train", "--budget", "0", "--data", str(telco_path)]) == 2
    assert capsys.readouterr().err.splitlines()[-1] == f"churn: {name}: {missing}: no such file"
    assert [path.name for path in Home.from_environment().path.iterdir()] == ["mlflow.db"]


def test_a_key_that_nobody_trusts_is_refused_before_training(
    given: Path, telco_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    SigningKey.generate(tmp_path / "strange.pem")
    monkeypatch.setenv("CHURN_SIGNING_KEY", str(tmp_path / "strange.pem"))
    assert main(["train", "--budget", "0", "--data", str(telco_path)]) == 2
    line = capsys.readouterr().err.splitlines()[-1]
    assert line.startswith(f"churn: CHURN_VERIFY_KEY: {given / 'verify.pem'}: does not hold the public half of")


def test_the_homes_own_key_may_be_named(home: Home, telco_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHURN_VERIFY_KEY", str(home.path / "keys" / "verify.pem"))
    monkeypatch.setattr("churn_training.pipeline.default_candidates", lambda: small_candidates()[1:2])
    assert main(["train", "--budget", "0", "--data", str(telco_path)]) == 0
    TrustedKeys.load(home.path / "keys" / "verify.pem")
