"""What the documents tell people to type, block by block, and how each says that it was tried."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
# Executed, or said why not: a mark stands above every block that somebody could type.
TYPED = ("console", "python", "sh", "bash")
_FENCE = re.compile(r"^(?:<!-- (?P<mark>.*?) -->\n)?```(?P<language>\w+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
# Pages that stand elsewhere in the repository and are part of the site: nobody marks theirs, so the reason is here.
ELSEWHERE = {
    "docs/integrate/index.md": "runs the examples beside it, each of which a test runs as it stands",
    "docs/integrate/client.md": "parts of a program; tests/client has whole ones",
    "docs/integrate/grpc.md": "needs grpcurl, which Go builds",
    "docs/integrate/reliability.md": "parts of a program; tests/client has whole ones",
    "charts": "needs a cluster: tests/e2e installs, upgrades and removes by them",
    "manifests": "needs a cluster, a registry and a git server: tests/delivery and tests/slo try what they call",
}


@dataclass(frozen=True)
class Block:
    """A fenced block: where it is, in which language, what its mark says, what it holds."""

    page: Path
    line: int
    language: str
    mark: str
    text: str

    @property
    def place(self) -> str:
        """As a reader finds it."""
        return f"{self.page.relative_to(ROOT).as_posix()}:{self.line}"

    @property
    def commands(self) -> list[str]:
        """What a reader types, a command with its continued lines each; what is printed is left out."""
        found: list[str] = []
        for line in self.text.splitlines():
            if line.startswith("$ "):
                found.append(line.removeprefix("$ "))
            elif found and _goes_on(found[-1]):
                found[-1] += f"\n{line}"
        return found


def _goes_on(command: str) -> bool:
    """Whether a shell waits for more: behind a backslash, or inside of quotes."""
    if command.endswith("\\"):
        return True
    try:
        shlex.split(command, comments=True)
    except ValueError:
        return True
    return False


def pages() -> list[Path]:
    """Documents that are written for the site, and the README."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def other_pages() -> list[Path]:
    """Documents of the site that are kept beside what they are about."""
    return sorted({*(ROOT / "manifests").glob("README.md"), *(ROOT / "manifests/runbooks").rglob("*.md"),
                   *(ROOT / "charts").glob("*/README.md")})  # fmt: skip


def blocks(page: Path) -> Iterator[Block]:
    """All fenced blocks of a page."""
    text = page.read_text(encoding="utf-8")
    for found in _FENCE.finditer(text):
        line = text[: found.start()].count("\n") + 1
        yield Block(page, line, found["language"], found["mark"] or "", found["text"])


def churn_lines(block: Block) -> Iterator[str]:
    """Its calls of `churn`, as words of a shell, without what goes into a file or a pipe."""
    for command in block.commands:
        call = re.match(r"(?:\w+=\S+ +)*(?:\.venv/bin/)?churn (.*)", command.replace("\\\n", " "))
        if call:
            yield re.split(r" [>|&]", call[1])[0]
