"""Studies in words, one table and one picture for people, and as a document for programs.

Whatever it makes says that it is a simulation. It must not compute a measure itself.
"""

import csv
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from churn_campaigns.policy_simulation.assumptions import ASSUMPTIONS, assumption_table
from churn_campaigns.policy_simulation.needed import customers_to_confirm
from churn_campaigns.policy_simulation.study import ORACLE, OURS, POLICIES, RISK_VALUE, RIVALS, SeedMean, Study

TITLE = "SIMULATION: churn and money by policy, on simulated customers with known effects"
SETTING = (
    "All policies spend the same budget; means with 95 % intervals over worlds; all churn counts, contacted or not; "
    "money is net value per customer of the company."
)
COLUMNS = (
    "simulated", "customers", "worlds", "churn less by, ours", "net, ours", "net, risk × value", "ours less that",
    "ours of the oracle's", "effect shown",
)  # fmt: skip
MEASURES = ("reduction", "net", "expected_net", "cost", "contacted")

Row = tuple[str, ...]


def as_text(studies: Sequence[Study]) -> str:
    """Title, table and assumptions, for a terminal."""
    lines = [TITLE, SETTING, "", *_aligned([COLUMNS, *map(_row, studies)]), "", "Assumed, not measured:"]
    return "\n".join([*lines, *(f"- {what}: {assumed}" for what, assumed in ASSUMPTIONS)])


def as_document(studies: Sequence[Study]) -> dict[str, Any]:
    """Everything as JSON knows it."""
    return {
        "simulated": True,
        "title": TITLE,
        "assumptions": [{"what": what, "assumed": assumed} for what, assumed in ASSUMPTIONS],
        "scenarios": [_document(study) for study in studies],
    }


def write_files(studies: Sequence[Study], folder: Path) -> None:
    """`simulated-policies.md`, `.csv` (a line for each world and policy) and `.png`; the folder is made if need be."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "simulated-policies.md").write_text(_markdown(studies), encoding="utf-8")
    with (folder / "simulated-policies.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(("scenario", "customers", "simulated_world", "policy", "churn_rate_without_action", *MEASURES))
        for study in studies:
            for seed in study.seeds:
                for policy, result in seed.results.items():
                    figures = [getattr(result, measure) for measure in MEASURES]
                    scenario = study.scenario
                    world = (scenario.name, scenario.customers, seed.seed, policy, seed.churn_rate)
                    writer.writerow((*world, *figures))
    _draw(studies, folder / "simulated-policies.png")


def curve_table(studies: Sequence[Study]) -> str:
    """The table as Markdown."""
    head, *rest = ["| " + " | ".join(row) + " |" for row in (COLUMNS, *map(_row, studies))]
    return "\n".join([head, "|---|" + "--:|" * (len(COLUMNS) - 1), *rest])


def _row(study: Study) -> Row:
    share = study.share_of_oracle()
    return (
        study.scenario.name,
        f"{study.scenario.customers:,}",
        str(len(study.seeds)),
        _percent(study.estimate(OURS, "reduction")),
        _money(study.estimate(OURS, "net")),
        _money(study.estimate(RISK_VALUE, "net")),
        _money(study.advantage(RISK_VALUE, "net")),
        _percent(share) if share else "nothing to gain",
        f"{study.claims()} of {len(study.seeds)}",
    )


def _document(study: Study) -> dict[str, Any]:
    share = study.share_of_oracle()
    return {
        "scenario": asdict(study.scenario),
        "worlds": len(study.seeds),
        "policies": {
            policy: {measure: _figures(study.estimate(policy, measure)) for measure in MEASURES} for policy in POLICIES
        },
        "ours_less": {
            policy: {measure: _figures(study.advantage(policy, measure)) for measure in ("reduction", "net")}
            for policy in (*RIVALS, ORACLE)
        },
        "share_of_oracle": _figures(share) if share else None,
        "trial": {measure: _figures(study.trial(measure)) for measure in ("cost", "net", "contacted")},
        "worlds_with_a_claim": study.claims(),
        "customers_to_confirm": customers_to_confirm(study),
    }


def _figures(value: SeedMean) -> dict[str, float | None]:
    """JSON knows no infinity, which is what the interval of a single world would be."""
    return {"mean": value.mean, "low": value.low if value.known else None, "high": value.high if value.known else None}


def _markdown(studies: Sequence[Study]) -> str:
    lines = [
        f"# {TITLE}",
        "",
        SETTING,
        "",
        curve_table(studies),
        "",
        "## Assumed, not measured",
        "",
        assumption_table(),
    ]
    return "\n".join([*lines, ""])


def _aligned(rows: Sequence[Row]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _percent(value: SeedMean) -> str:
    return f"{value.mean:.1%}" + (f" [{value.low:.1%}, {value.high:.1%}]" if value.known else "")


def _money(value: SeedMean) -> str:
    return f"{value.mean:.2f}" + (f" [{value.low:.2f}, {value.high:.2f}]" if value.known else "")


def _draw(studies: Sequence[Study], path: Path) -> None:
    from matplotlib.figure import Figure

    # A bare Figure draws with Agg and needs neither a display nor pyplot's global state.
    figure = Figure(figsize=(9, 0.4 * len(studies) + 2), layout="constrained")
    figure.suptitle(TITLE, fontsize=10)
    axes = figure.subplots()
    names = [f"{study.scenario.name}, {study.scenario.customers:,}" for study in studies]
    for policy, marker in ((OURS, "o"), (RISK_VALUE, "x"), (ORACLE, "|")):
        axes.plot([study.estimate(policy, "net").mean for study in studies], names, marker, label=policy)
    axes.set_xlabel("net value per customer, mean over worlds")
    axes.invert_yaxis()
    axes.grid(alpha=0.3)
    axes.legend()
    figure.savefig(path, dpi=100)
