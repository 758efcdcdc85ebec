"""Every command of the documents: tried here, or by the test that its mark names, or marked why not; and none that does
not exist."""

import csv
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from churn_cli.main import build_parser, main
from tests.contract.conftest import Trained
from tests.documents.answers import answer
from tests.documents.blocks import ELSEWHERE, ROOT, TYPED, Block, blocks, churn_lines, other_pages, pages

ALL = [block for page in pages() for block in blocks(page)]
SITE = [*ALL, *(block for page in other_pages() for block in blocks(page))]
A_TARGET = re.compile(r"(?:`|\$\(|\$ |^)make ([a-z][a-z0-9-]*)", re.MULTILINE)
HERE = sorted({block.page for block in ALL if block.mark == "executed here"})


def test_the_documents_have_blocks_of_every_kind() -> None:
    kinds = {block.mark.partition(" ")[0] for block in ALL if block.language in TYPED}
    assert {"executed", "not"} <= kinds
    assert HERE


@pytest.mark.parametrize("block", [block for block in ALL if block.language in TYPED], ids=lambda block: block.place)
def test_every_block_says_how_it_was_tried(block: Block) -> None:
    if not block.mark:
        assert block.page.relative_to(ROOT).as_posix() in ELSEWHERE, f"{block.place}: say how it was tried, or why not"
    elif block.mark == "executed here":
        assert block.language == "console"
        assert block.commands
    elif by := re.match(r"executed by ([\w/.-]+)", block.mark):
        text = (ROOT / by[1]).read_text(encoding="utf-8")
        words = {word for line in block.commands for word in line.split() if re.fullmatch(r"[a-z][\w.-]{3,}", word)}
        assert block.page.name in text or any(word in text for word in words), f"{by[1]} does not look at {block.place}"
    else:
        assert re.match(r"not executed: \w.{10,}", block.mark), f"{block.place}: say how it was tried, or why not"


def test_commands_of_pages_kept_elsewhere_have_their_reason() -> None:
    there = {block.page.relative_to(ROOT).as_posix() for block in SITE[len(ALL) :] if block.language in TYPED}
    assert [name for name in there if not name.startswith(tuple(ELSEWHERE))] == []


@pytest.mark.parametrize("page", [*pages(), *other_pages()], ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_call_of_churn_is_understood_by_its_parser(page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for block in blocks(page):
        for line in churn_lines(block):
            words = [word for word in shlex.split(line, comments=True) if word != "..."]
            refused = _refusal(words)
            assert not refused, f"{block.place}: churn {line}: {refused} {capsys.readouterr().err}"


def _refusal(words: list[str]) -> str:
    """Why the command's own parser does not take these words, empty if it does; `--help` ends it, too."""
    try:
        _, rest = build_parser().parse_known_args(words)
    except SystemExit as ended:
        return f"ends with {ended.code}" if ended.code else ""
    return "" if words[0] == "up" else " ".join(rest)


def test_every_make_target_that_is_named_is_there() -> None:
    (declared,) = re.findall(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    named = {
        (page.name, target)
        for page in [*pages(), *other_pages(), ROOT / "CONTRIBUTING.md", ROOT / "ARCHITECTURE.md"]
        for target in A_TARGET.findall(page.read_text(encoding="utf-8"))
    }
    assert len(named) > 20
    assert {each for each in named if each[1] not in declared.split()} == set()


@pytest.mark.usefixtures("mlflow_is_loaded")
@pytest.mark.parametrize("page", HERE, ids=lambda page: page.stem)
def test_a_page_from_top_to_bottom(
    page: Path, trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a folder as the checkout is, with the model of `churn train`, real customers, what they were answered and what
    became of them."""
    home = tmp_path / ".churn"
    shutil.copytree(trained.home, home)
    (tmp_path / ".venv").symlink_to(Path(sys.executable).parents[1])
    customers(trained.data, tmp_path)
    answer(trained.package, tmp_path / "customers.csv", home)
    monkeypatch.setenv("CHURN_HOME", str(home))
    monkeypatch.chdir(tmp_path)
    before = _files(tmp_path)
    for block in blocks(page):
        if block.mark != "executed here":
            continue
        for command in block.commands:
            plain = re.fullmatch(r"\.venv/bin/churn ([^|>&;$]*)", command)
            if plain:  # as the command does, without starting a process for it
                assert main(shlex.split(plain[1], comments=True)) == 0, f"{block.place}: {command}"
            else:
                subprocess.run(["bash", "-euo", "pipefail", "-c", command], check=True, timeout=200)
    made = _files(tmp_path) - before
    assert made
    assert all(path.stat().st_size for path in made)


def _files(folder: Path) -> set[Path]:
    """What lies there and in the app's folders; what programs keep for themselves is their business."""
    home = folder / ".churn"
    below = [path for name in ("customers", "batches", "reports") for path in (home / name).rglob("*")]
    return {path for path in (*folder.iterdir(), *below) if path.is_file()}


def customers(data: Path, into: Path) -> None:
    """`my.csv`, who has left and who has not; `customers.csv`, some of them; `outcomes.csv`, who left in the summer."""
    with data.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    _write(into / "my.csv", rows[:2000])
    _write(into / "customers.csv", rows[:600])
    outcomes = [
        {
            "customerID": row["customerID"],
            "Churn": row["Churn"],
            "outcome_on": "2026-06-20" if row["Churn"] == "Yes" else "2026-08-01",
        }
        for row in rows[:600]
    ]
    _write(into / "outcomes.csv", outcomes)


def _write(path: Path, rows: list[dict[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
