"""SBOMs held against the bytes of images, small ones and the gateway's as it was built; pins, and what a scan says."""

import json
import shutil
from pathlib import Path

import pytest

from ci.supply.programs import ROOT
from tests.release.conftest import ci, write_layout

METADATA = "Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
FILES = {
    "usr/lib/python3/site-packages/Some_Thing-1.2.dist-info/METADATA": METADATA.format(
        name="Some_Thing", version="1.2"
    ),
    "usr/lib/python3/site-packages/other-3.0.dist-info/METADATA": METADATA.format(name="other", version="3.0"),
    "var/lib/dpkg/status": "Package: zlib1g\nStatus: install ok installed\nVersion: 1:1.2.13.dfsg-1\n",
    "etc/os-release": 'ID=debian\nVERSION_ID="12"\nNAME="Debian GNU/Linux"\n',
}


def sbom(layouts: Path, folder: Path, *words: str) -> "tuple[int, str]":
    done = ci("sbom", "--layouts", layouts, "--into", folder, *words)
    return done.returncode, done.stderr


def test_an_sbom_names_what_is_in_the_image_and_another_image_is_noticed(tmp_path: Path) -> None:
    layouts, folder = tmp_path / "layouts", tmp_path / "sbom"
    identity = write_layout(layouts / "one", FILES)
    assert sbom(layouts, folder) == (0, f"{folder}/one.cdx.json: 3 packages, proven against {identity}\n")
    found = json.loads((folder / "one.cdx.json").read_text())
    named = {(each["name"], each["version"]) for each in found["components"] if "purl" in each}
    assert named == {("some-thing", "1.2"), ("other", "3.0"), ("zlib1g", "1:1.2.13.dfsg-1")}
    assert sbom(layouts, folder, "--check")[0] == 0

    shutil.rmtree(layouts / "one")
    write_layout(layouts / "one", {path: text for path, text in FILES.items() if "other" not in path})
    code, said = sbom(layouts, folder, "--check")
    assert (code, "make sbom again" in said) == (1, True)


@pytest.mark.parametrize(
    ("old", "new", "says"), [("3.0", "3.1", "lacks pypi other 3.0"), ("other", "gone", "names pypi gone")]
)
def test_an_sbom_that_says_another_thing_is_refused(tmp_path: Path, old: str, new: str, says: str) -> None:
    layouts, folder = tmp_path / "layouts", tmp_path / "sbom"
    write_layout(layouts / "one", FILES)
    assert sbom(layouts, folder)[0] == 0
    file = folder / "one.cdx.json"
    found = json.loads(file.read_text())
    for each in found["components"]:
        if each["name"] == "other":
            each["version"], each["name"] = each["version"].replace(old, new), each["name"].replace(old, new)
    file.write_text(json.dumps(found))
    code, said = sbom(layouts, folder, "--check")
    assert (code, says in said) == (1, True), said


def test_the_sbom_of_the_gateway_matches_the_image_that_was_built(tmp_path: Path) -> None:
    done = ci("sbom", "gateway", "--into", tmp_path)
    assert done.returncode == 0, done.stderr
    named = {each["name"] for each in json.loads((tmp_path / "gateway.cdx.json").read_text())["components"]}
    assert {"churn-serving", "starlette", "libc6"} <= named


def test_a_scan_says_what_it_could_not_look_at(tmp_path: Path) -> None:
    done = ci("scan", "--sboms", tmp_path)
    assert (done.returncode, "NOT CHECKED" in done.stderr) == (0, True), done.stderr
    assert ci("scan", "--sboms", tmp_path, "--require-database").returncode == 3


def test_a_library_without_a_hash_fails_the_scan(tmp_path: Path) -> None:
    (tmp_path / "ci").mkdir()
    images = tmp_path / "serving" / "images"
    images.mkdir(parents=True)
    shutil.copy(ROOT / "requirements.lock", tmp_path)
    (images / "gateway.lock").write_text("thing==1.0\n")
    (images / "gateway.Dockerfile").write_text("RUN pip install thing\n")
    done = ci("scan", "--root", tmp_path)
    assert done.returncode == 1
    assert "gateway.lock: thing==1.0 has no version or no hash" in done.stderr
    assert "installs without --require-hashes" in done.stderr
    assert "requirements.lock" not in done.stderr
