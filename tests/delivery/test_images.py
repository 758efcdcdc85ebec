"""Which images an environment is promoted to: every part's, by digest, from where it pulls them, or none at all.

Signatures are asked of a registry in tests/release; here it is said which ones are asked for.
"""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from churn_delivery.errors import EnvironmentProblem, PromotionRefused
from churn_delivery.image_promotion import promote_images
from churn_delivery.layout import PARTS
from churn_delivery.promotion import Place
from churn_delivery.released_images import ReleasedImages, read_images
from churn_delivery.settings import credentials_from
from ci.supply.layouts import IMAGES, PREFIX
from git_server import git
from tests.delivery.commands import refused
from tests.delivery.company import Company

ROOT = Path(__file__).resolve().parents[2]
ENVS = "manifests/envs"
CHART = yaml.safe_load((ROOT / "charts/churn/values.yaml").read_text())
DIGESTS = {f"{PREFIX}/{name}": f"sha256:{number:064x}" for number, name in enumerate(IMAGES)}


def released(**digests: str | None) -> ReleasedImages:
    """A release, but for these of its images; None: it has not got that one."""
    changed = {**DIGESTS, **{f"{PREFIX}/{name}": digest for name, digest in digests.items()}}
    return ReleasedImages("registry.example.com/team", "1.2.3", {name: each for name, each in changed.items() if each})


def promoted(
    company: Company, images: ReleasedImages, environment: str = "staging"
) -> tuple[dict[str, Any], list[str]]:
    """What a promotion came to, and which images it asked signatures of."""
    asked: list[str] = []
    place = Place(company.checkout, ENVS, credentials_from())
    return promote_images(place, environment, images, asked.append), asked


def version_of(company: Company, environment: str = "staging") -> dict[str, Any]:
    text = git("show", f"main:{ENVS}/{environment}/version.yaml", folder=company.server)
    return dict(yaml.safe_load(text))


def test_what_is_released_and_promoted_is_all_that_the_chart_runs() -> None:
    runs = {
        name: values["image"]["repository"]
        for name, values in CHART.items()
        if isinstance(values, dict) and str(values.get("image", {}).get("repository", "")).startswith(f"{PREFIX}/")
    }
    assert set(runs) == set(PARTS)
    assert set(runs.values()) == {f"{PREFIX}/{name}" for name in IMAGES}


def test_every_part_gets_its_image_by_digest(company: Company) -> None:
    told, asked = promoted(company, released())
    version = version_of(company)
    assert told["commit"] == company.main()
    assert version["image"] == {"tag": "1.2.3"}
    for part in PARTS:
        repository = CHART[part]["image"]["repository"]
        assert version[part] == {"image": {"digest": DIGESTS[repository]}}
        assert f"docker.io/{repository}@{DIGESTS[repository]}" in asked
    # Prod runs what staging ran, the app for people too: another one is another release.
    with pytest.raises(PromotionRefused, match="prod takes only what staging ran"):
        promoted(company, released(marketing=f"sha256:{'9' * 64}"), "prod")
    promoted(company, released(), "prod")
    assert version_of(company, "prod") == version


def test_a_signature_is_asked_of_the_image_that_is_pulled(company: Company) -> None:
    company.commit(f"{ENVS}/staging/settings.yaml", "image:\n  registry: mirror.example.com\n")
    company.commit(f"{ENVS}/staging/env.yaml", "marketing:\n  image:\n    repository: apps/people\n")
    company.push()
    _, asked = promoted(company, released())
    assert f"mirror.example.com/apps/people@{DIGESTS[f'{PREFIX}/marketing']}" in asked
    assert f"mirror.example.com/{PREFIX}/gateway@{DIGESTS[f'{PREFIX}/gateway']}" in asked
    assert all(reference.startswith("mirror.example.com/") for reference in asked)


def test_a_chart_of_before_has_no_image_for_a_part_that_came_since(company: Company) -> None:
    path = company.checkout / "charts/churn/values.yaml"
    values, schema = (yaml.safe_load(path.with_name(name).read_text()) for name in (path.name, "values.schema.json"))
    del values["marketing"], schema["properties"]["marketing"]
    schema["required"] = [name for name in schema.get("required", []) if name != "marketing"]
    company.commit("charts/churn/values.schema.json", json.dumps(schema))
    company.commit("charts/churn/values.yaml", yaml.safe_dump(values))
    company.push()
    promoted(company, released(marketing=None))
    assert "marketing" not in version_of(company)


@pytest.mark.parametrize(
    ("images", "said"),
    [
        (released(marketing=None), "the release has no image churn-serving/marketing, which marketing needs"),
        (
            ReleasedImages("registry.example.com", "1.2.3", {f"{PREFIX}/marketing": f"sha256:{'1' * 64}"}),
            r"the release has no image churn-serving/gateway, which gateway needs \(churn-serving/marketing\)",
        ),
    ],
    ids=["without the app", "the app alone"],
)
def test_half_a_release_is_promoted_nowhere(images: ReleasedImages, said: str, company: Company) -> None:
    before = company.state()
    with pytest.raises(PromotionRefused, match=said):
        promoted(company, images)
    assert company.state() == before


def test_an_image_that_somebody_named_elsewhere_is_found(
    company: Company, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """By any promotion, since two files that name one image are read as helm likes."""
    (tmp_path / "images.json").write_text(released().text())
    company.commit(f"{ENVS}/staging/env.yaml", "marketing:\n  image:\n    digest: ''\n")
    company.push()
    before = company.state()
    words = ("promote", "--images", str(tmp_path / "images.json"), "--image-key", "cosign.pub")
    said = f"churn: {ENVS}/staging/env.yaml, line 3, marketing.image.digest: belongs into version.yaml"
    assert refused(capsys, *words, "--environment", "staging") == said
    assert company.state() == before


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"version": "1.0\n\nChurn-Image: another"}, "version: is not a version that could be a tag of images"),
        ({"images": {f"{PREFIX}/gateway": "latest"}}, "images.churn-serving/gateway: is not a digest"),
        ({"images": {f"{PREFIX}/gateway": f"sha256:{'0' * 63}G"}}, "images.churn-serving/gateway: is not a digest"),
        ({"images": {}}, "must hold registry, version and images, as make push writes them"),
    ],
    ids=["a version of two lines", "a tag", "not of hexadecimal digits", "no image"],
)
def test_a_record_of_a_release_that_is_none(change: dict[str, object], said: str, tmp_path: Path) -> None:
    file = tmp_path / "images.json"
    file.write_text(json.dumps({**json.loads(released().text()), **change}))
    with pytest.raises(EnvironmentProblem) as problem:
        read_images(file)
    assert said in str(problem.value)
    assert "\n" not in str(problem.value)
