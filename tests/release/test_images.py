"""Images pushed, signed, copied and promoted: a real registry, real signatures, a git server with users."""

import json
import os
from pathlib import Path

import pytest
import yaml

from ci.supply.layouts import digest
from ci.supply.programs import program, run
from git_server import git
from tests.delivery.commands import churn, refused
from tests.delivery.company import Company
from tests.delivery.conftest import company, host  # noqa: F401 - fixtures
from tests.release.conftest import NAMES, Keys, ci

CLOSED = "127.0.0.1:9"


def pushed(registry: str, layouts: Path) -> Path:
    record = layouts.parent / "images.json"
    done = ci("push", "--registry", f"{registry}/{layouts.parent.name}", "--layouts", layouts, "--record", record)
    assert done.returncode == 0, done.stderr
    return record


def signed(record: Path, keys: Keys) -> None:
    done = ci("sign", "--record", record, COSIGN_KEY=str(keys.private), COSIGN_PASSWORD="")
    assert done.returncode == 0, done.stderr


@pytest.fixture
def record(registry: str, layouts: Path) -> Path:
    return pushed(registry, layouts)


def references(record: Path) -> dict[str, str]:
    found = json.loads(record.read_text())
    return {name: f"{found['registry']}/{name}@{value}" for name, value in found["images"].items()}


def test_what_is_pushed_is_what_the_record_says(record: Path, layouts: Path) -> None:
    found = json.loads(record.read_text())
    assert found["images"] == {f"churn-serving/{name}": digest(layouts / name) for name in NAMES}
    for name, reference in references(record).items():
        tag = f"{found['registry']}/{name}:{found['version']}"
        assert run("crane", "digest", tag).stdout.strip() == reference.partition("@")[2]


def test_a_registry_that_is_away_leaves_the_former_record(record: Path, layouts: Path) -> None:
    before = record.read_text()
    done = ci("push", "--registry", CLOSED, "--layouts", layouts, "--record", record)
    assert (done.returncode, record.read_text()) == (1, before)
    assert "refused" in done.stderr.splitlines()[-1]


def test_signatures_are_proven_by_their_key_alone(record: Path, keys: Keys, other_keys: Keys) -> None:
    unsigned = ci("sign", "--record", record, "--check", keys.public)
    assert unsigned.returncode == 1
    assert "no signatures found" in unsigned.stderr
    signed(record, keys)
    assert ci("sign", "--record", record, "--check", keys.public).returncode == 0
    foreign = ci("sign", "--record", record, "--check", other_keys.public)
    assert foreign.returncode == 1
    assert "is not signed by" in foreign.stderr


def test_a_release_is_copied_by_digest_with_its_signatures(record: Path, keys: Keys, registry: str) -> None:
    signed(record, keys)
    copied = record.with_name("copied.json")
    done = ci("push", "--from", record, "--registry", f"{registry}/{record.parent.name}-prod", "--record", copied)
    assert done.returncode == 0, done.stderr
    assert json.loads(copied.read_text())["images"] == json.loads(record.read_text())["images"]
    checked = ci("sign", "--record", copied, "--check", keys.public)
    assert checked.returncode == 0, checked.stderr


@pytest.fixture
def tools(monkeypatch: pytest.MonkeyPatch) -> None:
    """The program is on the PATH, as on a machine that promotes."""
    monkeypatch.setenv("PATH", f"{program('cosign').parent}:{os.environ['PATH']}")


@pytest.fixture
def pulling(company: Company, record: Path) -> Company:  # noqa: F811 - the fixture
    """Staging and prod pull from the registry that the images were pushed to."""
    registry = json.loads(record.read_text())["registry"]
    for environment in ("staging", "prod"):
        path = company.checkout / f"manifests/envs/{environment}/env.yaml"
        path.write_text(f"{path.read_text()}image:\n  registry: {registry}\n")
    git("commit", "--all", "--quiet", "--message", "Pull from our registry", folder=company.checkout)
    git("push", "--quiet", str(company.server), "main", folder=company.checkout)
    return company


def words(record: Path, key: Path, environment: str = "staging") -> list[str]:
    return ["promote", "--images", str(record), "--image-key", str(key), "--environment", environment]


@pytest.mark.usefixtures("tools")
def test_images_go_from_staging_to_prod_by_digest(
    pulling: Company, record: Path, keys: Keys, capsys: pytest.CaptureFixture[str]
) -> None:
    signed(record, keys)
    before = pulling.state()
    assert "has not run these images" in refused(capsys, *words(record, keys.public, "prod"))
    assert pulling.state() == before
    told = churn(capsys, *words(record, keys.public))
    assert told["commit"] == pulling.main()
    text = git("show", "main:manifests/envs/staging/version.yaml", folder=pulling.server)
    values = yaml.safe_load(text)
    wanted = {name: value.partition("@")[2] for name, value in references(record).items()}
    assert values["primary"]["image"]["digest"] == wanted["churn-serving/predictor"]
    assert values["mlflow"]["image"] == values["training"]["image"] == {"digest": wanted["churn-serving/training"]}
    assert values["marketing"]["image"] == {"digest": wanted["churn-serving/marketing"]}
    assert churn(capsys, *words(record, keys.public))["commit"] is None
    assert churn(capsys, *words(record, keys.public, "prod"))["commit"] == pulling.main()


@pytest.mark.usefixtures("tools")
def test_what_is_not_signed_by_our_key_is_never_written(
    pulling: Company, record: Path, keys: Keys, other_keys: Keys, capsys: pytest.CaptureFixture[str]
) -> None:
    before = pulling.state()
    assert "no signatures found" in refused(capsys, *words(record, keys.public))
    signed(record, other_keys)
    assert "is not signed by" in refused(capsys, *words(record, keys.public))
    signed(record, keys)
    # One image is changed after the signature: it has another digest, which nobody signed.
    found = json.loads(record.read_text())
    one = f"{found['registry']}/churn-serving/gateway"
    run("crane", "mutate", f"{one}:{found['version']}", "--label", "tampered=yes", "--tag", f"{one}:changed")
    found["images"]["churn-serving/gateway"] = run("crane", "digest", f"{one}:changed").stdout.strip()
    record.write_text(json.dumps(found))
    assert "churn-serving/gateway" in refused(capsys, *words(record, keys.public))
    found["images"]["churn-serving/gateway"] = f"sha256:{'0' * 64}"
    record.write_text(json.dumps(found))
    refused(capsys, *words(record, keys.public))
    assert pulling.state() == before


@pytest.mark.usefixtures("tools")
@pytest.mark.parametrize("text", ["{", "[]", '{"registry": "r", "version": "1", "images": {"a": "sha256:1"}}'])
def test_a_record_that_says_nothing_is_refused(
    company: Company,  # noqa: F811 - the fixture
    tmp_path: Path,
    keys: Keys,
    text: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = company.state()
    file = tmp_path / "images.json"
    file.write_text(text)
    assert str(file) in refused(capsys, *words(file, keys.public))
    assert company.state() == before
