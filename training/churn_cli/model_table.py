"""How `churn models` shows versions and environments, and what it says where registry and environments differ.

It must not ask anybody anything.
"""

from collections.abc import Sequence

from churn_delivery.model_file import ServedModel
from churn_delivery.overview import EnvironmentState
from churn_training.runs.version_records import VersionRecord

_FIGURES = ("log_loss", "roc_auc", "empc")
_DIGEST = len("sha256:") + 12


def table(
    name: str, records: Sequence[VersionRecord], champion: str | None, environments: Sequence[EnvironmentState]
) -> list[str]:
    """A line a version, newest first, then a line an environment."""
    if not records:
        return [f"{name}: there is no version yet; run `churn train`", *map(_environment, environments)]
    head = ["version", "made", *(figure.replace("_", " ") for figure in _FIGURES), "gate", "digest", "served by"]
    rows = [head, *(_row(record, champion, environments) for record in records)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return [name, *lines, *map(_environment, environments)]


def agreement(
    name: str,
    records: Sequence[VersionRecord],
    champion: str | None,
    astray: str | None,
    environments: Sequence[EnvironmentState],
) -> list[str]:
    """A sentence for everything in which MLflow's alias, the champion and what is served do not agree."""
    versions = {record.registered.digest: record.registered.version for record in records}
    found = []
    if astray is not None:
        record = next((each for each in records if each.registered.version == astray), None)
        gate = (record.objection if record else "") or "the gate passed it once"
        found.append(
            f"{name}: MLflow's alias champion was moved to version {astray} in MLflow itself; it is not followed, "
            f"version {champion} stays champion ({gate}): `churn promote {astray}` asks the gate, `churn rollback` "
            "puts the alias back"
        )
    for state in environments:
        if state.serves is None:
            continue
        served = versions.get(state.serves.identity)
        if served is None:
            found.append(f"{state.name} serves {_named(state.serves)}, which the registry does not know")
        elif served != champion:
            found.append(f"{state.name} serves version {served}, the champion is version {champion or 'none'}")
    return found


def _row(record: VersionRecord, champion: str | None, environments: Sequence[EnvironmentState]) -> list[str]:
    found = record.registered
    serving = [state.name for state in environments if state.serves and state.serves.identity == found.digest]
    taken_back = [f"not {state.name} (taken back)" for state in environments if found.digest in state.withdrawn]
    figures = [f"{record.figures[name]:.4f}" if name in record.figures else "" for name in _FIGURES]
    gate = "passed" if not record.objection else "overruled" if record.override else "not passed"
    mark = f"{found.version} champion" if found.version == champion else found.version
    return [mark, record.made, *figures, gate, found.digest[:_DIGEST], ", ".join([*serving, *taken_back])]


def _environment(state: EnvironmentState) -> str:
    if state.serves is None:
        return f"{state.name}: the starter model of the images"
    back = f"; a rollback brings {_named(state.back)}" if state.back else ""
    return f"{state.name}: {_named(state.serves)} since {state.since} (commit {state.commit[:10]}){back}"


def _named(model: ServedModel) -> str:
    digest = model.digest[:_DIGEST]
    return f"{model.title} ({digest})" if model.version and digest else model.title
