"""Remembers on this machine which proofs succeeded, and with what: a stamp is a digest of all that a result depends on.

A digest covers the command, the files, tools and variables of a stage and of all stages that it needs, and the machine.
Only a success leaves a stamp, and only if its files are still what they were when it began.
"""

import hashlib
import os
import platform
import re
import subprocess
from functools import cache
from pathlib import Path

from ci.stages import environment
from ci.stages.plan import Plan, Stage


class Stamps:
    """The stamps of one working tree's stages, kept in a folder of this machine."""

    def __init__(self, plan: Plan, root: Path, folder: Path) -> None:
        self._plan = plan
        self._root = root
        self._folder = folder

    def holds(self, stage: Stage, digest: str) -> bool:
        """Whether the stage succeeded here with the very same."""
        path = self._path(stage)
        return stage.proves and path.is_file() and path.read_text(encoding="utf-8").strip() == digest

    def forget(self, stage: Stage) -> None:
        """Take the stamp away: what begins now may fail."""
        self._path(stage).unlink(missing_ok=True)

    def keep(self, stage: Stage, digest: str) -> bool:
        """Stamp a success, unless the files changed meanwhile; whether it is stamped."""
        if not stage.proves or self.digest(stage) != digest:
            return False
        self._folder.mkdir(parents=True, exist_ok=True)
        self._path(stage).write_text(digest + "\n", encoding="utf-8")
        return True

    def digest(self, stage: Stage) -> str:
        """Digest of all that the stage's result depends on."""
        wanted = [_machine(), _variables(self._plan.environment)]
        for each in (stage, *self._plan.behind(stage)):
            wanted += [each.name, each.command, each.afterwards, *(_answer(tool, self._root) for tool in each.tools)]
            wanted += [f"{path} {_content(self._root / path)}" for path in matching(self._root, each.inputs)]
        return hashlib.sha256("\n".join(wanted).encode()).hexdigest()

    def _path(self, stage: Stage) -> Path:
        return self._folder / stage.name


def matching(root: Path, globs: tuple[str, ...]) -> list[str]:
    """Files that the globs name, without those that git ignores; sorted, relative to the root."""
    wanted = [_pattern(each) for each in globs if not each.startswith("!")]
    unwanted = [_pattern(each[1:]) for each in globs if each.startswith("!")]
    files = [*_tree(root), *(path for each in globs if each.startswith("../") for path in _beside(root, each))]
    return sorted(
        {
            path
            for path in files
            if any(one.fullmatch(path) for one in wanted) and not any(one.fullmatch(path) for one in unwanted)
        }
    )


def _beside(root: Path, glob: str) -> list[str]:
    """Files outside of the root, below the last folder that a glob names in full."""
    top = root / glob.partition("*")[0].rpartition("/")[0]
    return [os.path.relpath(path, root) for path in top.rglob("*") if path.is_file()]


def _tree(root: Path) -> list[str]:
    """All files of the working tree, known to git or new."""
    words = ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(words, check=False, capture_output=True)  # noqa: S603 - our own words
    if listed.returncode == 0:
        names = listed.stdout.decode(errors="surrogateescape").split("\0")
        return [name for name in names if name and os.path.lexists(root / name)]
    files = (Path(folder, name) for folder, _, names in os.walk(root) for name in names)
    nobodys = {".git", "__pycache__"}
    return [path.relative_to(root).as_posix() for path in files if nobodys.isdisjoint(path.relative_to(root).parts)]


_WORDS = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}


def _pattern(glob: str) -> re.Pattern[str]:
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", glob)
    return re.compile("".join(_WORDS.get(part, re.escape(part)) for part in parts), re.DOTALL)


def _content(path: Path) -> str:
    """What a file holds and whether it can be executed; a link is where it leads."""
    if path.is_symlink() and not path.is_file():
        return str(path.readlink())
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    return f"{found} {os.access(path, os.X_OK)}"


@cache
def _answer(tool: str, root: Path) -> str:
    """What a command says about itself; that it is missing is an answer too."""
    said = subprocess.run(  # noqa: S602 - the words of ci/stages.toml
        tool,
        shell=True,
        check=False,
        cwd=root,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    return f"{tool}: {said.returncode} {said.stdout.decode(errors='replace')}"


@cache
def _machine() -> str:
    """What makes another machine another one."""
    try:
        identity = Path("/etc/machine-id").read_text(encoding="utf-8").strip()
    except OSError:
        identity = "unknown"
    return " ".join((identity, platform.node(), platform.platform(), platform.python_version(), str(os.cpu_count())))


def _variables(beginnings: tuple[str, ...]) -> str:
    """Variables that change what a stage does."""
    seen = environment.taken_over().items()
    return repr(sorted((name, value) for name, value in seen if name.startswith(beginnings)))
