"""What became of mutants: counts, a line for people, the differences that nobody noticed. It runs nothing."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Score:
    """What became of a package's mutants; `failed` are those that the tool could not make."""

    mutants: int
    tried: int
    killed: int
    survived: int
    failed: int
    seed: int
    revision: str

    @property
    def share(self) -> float:
        """Share of the tried mutants that the tests noticed, 0 to 1."""
        return self.killed / max(1, self.killed + self.survived)


def outcome(result: Mapping[str, Any] | None) -> str:
    """killed, survived, skipped or failed."""
    if result is None:
        return "failed"
    if result["worker_outcome"] == "skipped":
        return "skipped"
    return str(result["test_outcome"]) if result["test_outcome"] in ("killed", "survived") else "failed"


def survivors(results: Sequence[Any]) -> str:
    """What nobody noticed, by place, each with its difference."""
    unnoticed = [(item["mutations"][0], result) for item, result in results if outcome(result) == "survived"]
    unnoticed.sort(key=lambda found: (found[0]["module_path"], found[0]["start_pos"]))
    parts = [f"{place['module_path']}:{place['start_pos'][0]} {place['operator_name']}\n{changed(result['diff'])}"
             for place, result in unnoticed]  # fmt: skip
    return "\n".join(parts)


def changed(difference: str) -> str:
    """The lines of a difference that differ."""
    lines = (difference or "").splitlines()
    return "".join(f"  {each}\n" for each in lines if each[:1] in "+-" and each[:3] not in ("+++", "---"))


def record(path: Path, name: str, score: Score) -> None:
    """Keep the score beside those of other packages."""
    results = json.loads(path.read_text()) if path.is_file() else {}
    results[name] = {**dataclasses.asdict(score), "share": round(score.share, 4)}
    path.write_text(json.dumps(results, indent=1) + "\n")


def line(name: str, score: Score) -> str:
    """What a person reads."""
    scope = "all" if score.tried == score.mutants else f"{score.tried} of {score.mutants} (seed {score.seed})"
    return (
        f"{name}: {score.share:.1%} killed, {score.survived} of {score.tried} survived; tried {scope}, {score.revision}"
    )
