"""What MkDocs is told beyond its settings: pages that stand elsewhere in the repository, links between them, the API.

Nothing is written twice: architecture, runbooks and the charts' values stay where they are kept, and become pages while
the site is built. A link in a document leads where it leads in the repository; on the site it leads to that page, and
where the site has none, the path is named.
"""

import itertools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from api_reference import reference
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[2]
_ELSEWHERE = {
    "change/how-it-is-built.md": "ARCHITECTURE.md",
    "change/contributing.md": "CONTRIBUTING.md",
    "change/changelog.md": "CHANGELOG.md",
    "operate/objectives.md": "manifests/README.md",
}
_RUNBOOKS, _CHARTS, _PICTURES = "manifests/runbooks", "charts", "manifests/pictures"
_HERE = "docs/"
_LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s#]+)(#[^)\s]*)?\)")
_FENCE = re.compile(r"(^```.*?^```)", re.MULTILINE | re.DOTALL)
_MARK = re.compile(r"^<!-- (?:not )?executed.*?-->\n", re.MULTILINE)


def pages() -> dict[str, str]:
    """Pages of the site by their address, each with the file of the repository that it is made of."""
    found = dict(_ELSEWHERE)
    for path in sorted((ROOT / _RUNBOOKS).rglob("*.md")):
        found[f"operate/runbooks/{path.relative_to(ROOT / _RUNBOOKS).as_posix()}"] = _named(path)
    for path in sorted((ROOT / _CHARTS).glob("*/README.md")):
        found[f"operate/charts/{path.parent.name}.md"] = _named(path)
    return found


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Name in the navigation what no list names: runbooks, charts, and pages that a folder has gained."""
    gained = {path.relative_to(ROOT / _HERE).as_posix() for path in (ROOT / _HERE).rglob("*.md")} | set(pages())
    gained -= set(_named_in(config.nav))
    for section in config.nav or []:
        for name, listed in section.items():
            own = sorted(address for address in gained if address.startswith(f"{name.lower()}/"))
            if isinstance(listed, list):
                listed.extend(_grouped(own))
    return config


def _named_in(nav: Any) -> Iterator[str]:
    if isinstance(nav, str):
        yield nav
    for inner in nav.values() if isinstance(nav, dict) else nav if isinstance(nav, list) else ():
        yield from _named_in(inner)


def _grouped(addresses: list[str]) -> Iterator[Any]:
    """Those of a folder below a section under its name."""
    for name, found in itertools.groupby(addresses, lambda address: address.split("/")[1:-1]):
        if name:
            yield {" ".join(name).capitalize(): list(found)}
        else:
            yield from found


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add what stands elsewhere."""
    for address, source in pages().items():
        files.append(File.generated(config, address, content=(ROOT / source).read_text(encoding="utf-8")))
    for picture in sorted((ROOT / _PICTURES).glob("*.png")):
        files.append(File.generated(config, f"operate/pictures/{picture.name}", abs_src_path=str(picture)))
    return files


def on_page_markdown(markdown: str, page: Page, **_: object) -> str:
    """Links as the site has them; the API where its page asks for it."""
    source = pages().get(page.file.src_uri, _HERE + page.file.src_uri)
    text = "".join(
        part if part.startswith("```") else _LINK.sub(lambda link: _led(link, source, page.file.src_uri), part)
        for part in _FENCE.split(_MARK.sub("", markdown))
    )
    return text.replace("<!-- the API -->", reference(ROOT / "docs/integrate/openapi.json"))


def _led(link: re.Match[str], source: str, address: str) -> str:
    """A link of a file of the repository as the site has it."""
    picture, text, target, place = link[1], link[2], link[3], link[4] or ""
    if re.match(r"[a-z]+:", target):
        return link[0]
    there = (ROOT / source).parent.joinpath(target).resolve()
    wanted = there.relative_to(ROOT).as_posix()
    known = {file: page for page, file in pages().items()}
    if wanted in known:
        led = known[wanted]
    elif wanted.startswith(f"{_PICTURES}/"):
        led = f"operate/pictures/{there.name}"
    elif wanted.startswith(_HERE):
        led = wanted.removeprefix(_HERE)
    else:
        return text if wanted in text else f"{text} (`{wanted}`)"
    upwards = "../" * address.count("/")
    return f"{picture}[{text}]({upwards}{led}{place})"


def _named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()
