"""A study in words, tables and one picture for people, and as a document for programs.

Whatever it makes says that it is a simulation. It must not compute a measure itself.
"""

import csv
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from churn_campaigns.policy_simulation.assumptions import ASSUMPTIONS
from churn_campaigns.policy_simulation.needed import customers_to_confirm
from churn_campaigns.policy_simulation.study import OURS, POLICIES, RIVALS, Scenario, SeedMean, Study

TITLE = "SIMULATION: churn and money by policy, on simulated customers with known effects"
NAMES = {
    "nobody": "nobody is contacted",
    "random": "customers by chance",
    "highest risk": "highest risk first",
    "highest risk × value": "highest risk × value first",
    OURS: "ours: effect × value - cost",
    "oracle": "oracle: knows all probabilities",
    "clairvoyant": "clairvoyant: knows all outcomes",
}
COLUMNS = ("policy", "churn less by", "net value per customer", "spent per customer", "contacted")

Row = tuple[str, ...]


def as_text(study: Study, others: Sequence[Study]) -> str:
    """Title, tables and assumptions, for a terminal."""
    lines = [TITLE, _setting(study.scenario, len(study.seeds)), ""]
    lines += _aligned([COLUMNS, *_policy_rows(study)])
    lines += ["", "ours less another policy in the same world (95 % interval):"]
    lines += _aligned([("policy", "churn less by", "net value per customer"), *_advantage_rows(study)])
    lines += ["", *_findings(study), *(_other(other) for other in others), "", "Assumed, not measured:"]
    return "\n".join([*lines, *(f"- {sentence}" for sentence in ASSUMPTIONS)])


def as_document(study: Study, others: Sequence[Study]) -> dict[str, Any]:
    """Everything as JSON knows it."""
    return {
        "simulated": True,
        "title": TITLE,
        "assumptions": list(ASSUMPTIONS),
        **_document(study),
        "other_scenarios": [_document(other) for other in others],
        "customers_to_confirm": customers_to_confirm(study),
    }


def write_files(study: Study, others: Sequence[Study], folder: Path) -> None:
    """`simulated-policies.md`, `.csv` (a line for each world and policy) and `.png`; the folder is made if need be."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "simulated-policies.md").write_text(_markdown(study, others), encoding="utf-8")
    with (folder / "simulated-policies.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        measures = ("reduction", "net", "expected_net", "cost", "contacted")
        writer.writerow(("scenario", "simulated_world", "policy", "churn_rate_without_action", *measures))
        for each in (study, *others):
            for seed in each.seeds:
                for policy, result in seed.results.items():
                    figures = [getattr(result, measure) for measure in measures]
                    writer.writerow((each.scenario.name, seed.seed, policy, seed.churn_rate, *figures))
    _draw(study, folder / "simulated-policies.png")


def _setting(scenario: Scenario, seeds: int) -> str:
    return (
        f"{seeds} simulated worlds of {scenario.customers} customers; budget {scenario.budget:g} per customer; means "
        "with 95 % intervals over worlds; all churn counts, contacted or not"
    )


def _policy_rows(study: Study) -> list[Row]:
    return [
        (
            NAMES[policy],
            _percent(study.estimate(policy, "reduction")),
            _money(study.estimate(policy, "net")),
            f"{study.estimate(policy, 'cost').mean:.2f}",
            f"{study.estimate(policy, 'contacted').mean:.1%}",
        )
        for policy in POLICIES
    ]


def _advantage_rows(study: Study) -> list[Row]:
    return [
        (NAMES[policy], _percent(study.advantage(policy, "reduction")), _money(study.advantage(policy, "net")))
        for policy in POLICIES
        if policy != OURS
    ]


def _findings(study: Study) -> list[str]:
    share, waves = study.share_of_oracle(), study.scenario.waves
    sizes = " + ".join(str(size) for size in waves)
    of_waves = (
        f"Counted in ours: its randomised waves of {sizes} customers, which cost {study.waves('cost').mean:.2f} per "
        f"customer of the base out of the same budget and left a net value of {_money(study.waves('net'))}."
    )
    lines = [f"Ours earns {_percent(share)} of the oracle's net value." if share else "There is nothing to gain."]
    lines.append(of_waves)
    needed = customers_to_confirm(study)
    if needed is not None:
        lines.append(
            f"To confirm such a reduction ({needed['reduction']:.1%} of a churn of {needed['base_rate']:.1%}) a "
            f"company needs {needed['per_arm']} customers in each of two arms (two-sided 5 %, power 80 %)."
        )
    return lines


def _other(study: Study) -> str:
    share = study.share_of_oracle()
    return (
        f"{study.scenario.name} ({len(study.seeds)} worlds): ours lowers churn by "
        f"{_percent(study.estimate(OURS, 'reduction'))}, net value {_money(study.estimate(OURS, 'net'))}, contacts "
        f"{study.estimate(OURS, 'contacted').mean:.1%}, claims an effect in {study.claims()} worlds"
        + (f", {_percent(share)} of the oracle's net value." if share else ".")
    )


def _document(study: Study) -> dict[str, Any]:
    share = study.share_of_oracle()
    measures = ("reduction", "net", "expected_net", "cost", "contacted")
    return {
        "scenario": asdict(study.scenario),
        "worlds": len(study.seeds),
        "policies": {
            policy: {measure: asdict(study.estimate(policy, measure)) for measure in measures} for policy in POLICIES
        },
        "ours_less": {
            policy: {measure: asdict(study.advantage(policy, measure)) for measure in ("reduction", "net")}
            for policy in (*RIVALS, "oracle")
        },
        "share_of_oracle": asdict(share) if share else None,
        "waves": {measure: asdict(study.waves(measure)) for measure in ("cost", "net", "contacted")},
        "worlds_with_a_claim": study.claims(),
    }


def _markdown(study: Study, others: Sequence[Study]) -> str:
    lines = [f"# {TITLE}", "", _setting(study.scenario, len(study.seeds)), ""]
    lines += _table([COLUMNS, *_policy_rows(study)])
    lines += ["", "Ours less another policy in the same world:", ""]
    lines += _table([("policy", "churn less by", "net value per customer"), *_advantage_rows(study)])
    lines += ["", *(f"- {line}" for line in (*_findings(study), *map(_other, others)))]
    lines += ["", "## Assumed, not measured", "", *(f"- {sentence}" for sentence in ASSUMPTIONS), ""]
    return "\n".join(lines)


def _table(rows: Sequence[Row]) -> list[str]:
    head, *rest = ["| " + " | ".join(row) + " |" for row in rows]
    return [head, "|" + " --- |" * len(rows[0]), *rest]


def _aligned(rows: Sequence[Row]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _percent(value: SeedMean) -> str:
    return f"{value.mean:.1%} [{value.low:.1%}, {value.high:.1%}]"


def _money(value: SeedMean) -> str:
    return f"{value.mean:.2f} [{value.low:.2f}, {value.high:.2f}]"


def _draw(study: Study, path: Path) -> None:
    from matplotlib.figure import Figure

    # A bare Figure draws with Agg and needs neither a display nor pyplot's global state.
    figure = Figure(figsize=(11, 4), layout="constrained")
    figure.suptitle(TITLE, fontsize=10)
    panels = figure.subplots(1, 2, sharey=True)
    for axes, measure, label in zip(
        panels, ("reduction", "net"), ("churn avoided, share of all churn", "net value per customer"), strict=True
    ):
        found = [study.estimate(policy, measure) for policy in POLICIES]
        reach = [[value.mean - value.low for value in found], [value.high - value.mean for value in found]]
        axes.barh([NAMES[policy] for policy in POLICIES], [value.mean for value in found], xerr=reach, capsize=3)
        axes.set_xlabel(f"{label} (95 % intervals)")
        axes.axvline(0.0, color="grey", linewidth=0.8)
        axes.grid(alpha=0.3, axis="x")
    panels[0].invert_yaxis()
    figure.savefig(path, dpi=100)
