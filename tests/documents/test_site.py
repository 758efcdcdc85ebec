"""The documents as one site: built strictly, whole, and readable where there is no other host."""

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
READERS = ("try", "operate", "integrate", "model", "change")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    built = subprocess.run(
        [ROOT / "ci/documents/build", folder], capture_output=True, text=True, timeout=280, check=False
    )
    assert built.returncode == 0, built.stderr
    assert Path(built.stdout.strip()) == folder / "index.html"
    return folder


class Loaded(HTMLParser):
    """What a browser fetches by itself for a page, and where the page leads."""

    def __init__(self) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.led: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        if tag == "a":
            self.led.append(told.get("href") or "")
        elif tag == "link" and told.get("rel") not in ("canonical", "next", "prev"):
            self.fetched.append(told.get("href") or "")
        elif tag in ("script", "img", "iframe", "source", "video", "audio", "embed", "object"):
            self.fetched.append(told.get("src") or told.get("data") or "")


def _pages(site: Path) -> dict[Path, Loaded]:
    found = {}
    for path in sorted(site.rglob("*.html")):
        found[path] = Loaded()
        found[path].feed(path.read_text(encoding="utf-8"))
    return found


def test_it_asks_no_other_host(site: Path) -> None:
    outside = re.compile(r"(?:https?:)?//")
    for path, loaded in _pages(site).items():
        assert [one for one in loaded.fetched if outside.match(one)] == [], path
    styles = list(site.rglob("*.css"))
    assert styles
    for path in styles:
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"url\(['\"]?(?:https?:)?//|@import", text), path


def test_everything_that_a_page_fetches_and_every_page_that_it_leads_to_is_there(site: Path) -> None:
    broken = []
    for path, loaded in _pages(site).items():
        if path.name == "404.html":  # its links begin at the root of a server
            continue
        for target in [*loaded.fetched, *loaded.led]:
            place = re.sub(r"[?#].*", "", target)
            if place and not re.match(r"[a-z]+:|//", target) and not (path.parent / place).exists():
                broken.append((path.relative_to(site).as_posix(), target))
    assert broken == []


@pytest.mark.parametrize("reader", READERS)
def test_there_is_a_way_for_every_reader(site: Path, reader: str) -> None:
    start = (site / "index.html").read_text(encoding="utf-8")
    assert re.search(rf'href="{reader}/[\w-]+\.html"', start)
    assert len(list((site / reader).glob("*.html"))) >= 2


def test_runbooks_charts_architecture_and_the_api_are_pages(site: Path) -> None:
    runbooks = {path.stem for path in (ROOT / "manifests/runbooks").rglob("*.md")}
    assert {path.stem for path in (site / "operate/runbooks").rglob("*.html")} == runbooks
    charts = {path.parent.name for path in (ROOT / "charts").glob("*/README.md")}
    assert {path.stem for path in (site / "operate/charts").glob("*.html")} == charts
    assert "POST /v1/predictions" in (site / "integrate/api-reference.html").read_text(encoding="utf-8")
    assert "One request" in (site / "change/how-it-is-built.html").read_text(encoding="utf-8")


def test_the_picture_is_current_and_its_packages_are_there(tmp_path: Path) -> None:
    drawn = tmp_path / "architecture.svg"
    subprocess.run([sys.executable, ROOT / "ci/documents/picture.py", drawn], check=True, timeout=60)
    picture = drawn.read_text(encoding="utf-8")
    assert picture == (ROOT / "docs/pictures/architecture.svg").read_text(encoding="utf-8")
    tops = ("model_repo", "training", "serving")
    packages = {path.parent.name for top in tops for path in (ROOT / top).glob("*/__init__.py")}
    named = set(re.findall(r"churn_\w+", picture))
    assert named <= packages
    assert packages - named <= {"churn_cli", "churn_client", "churn_marketing"}
