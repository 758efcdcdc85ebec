"""What a registry lacks of the packages that are stored, and what contradicts it: decided before anything is written.

A version gets the number back that it was signed for, since what the gate said of others names it by that. Numbers are
given one after the other, so one that nobody has is used up for nothing. It must not know who keeps versions.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from churn_training.runs.stored_packages import RefusedPackage, StoredPackage

MOST_GAPS = 1000
"""Numbers that are used up for nothing; more are rather a mistake than a history."""


@dataclass(frozen=True)
class KnownVersion:
    """A version that the registry has."""

    version: int
    digest: str
    run: str


@dataclass(frozen=True)
class KnownModel:
    """What the registry has of a model: `highest` is the last number that it is known to have given; `champion` 0 where
    there is none, and `settled` whether somebody has put it down whole."""

    versions: tuple[KnownVersion, ...] = ()
    highest: int = 0
    champion: int = 0
    settled: bool = False


@dataclass(frozen=True)
class Plan:
    """What is to be done for a model: `register` in this order, `gaps` are the numbers between that nobody gets,
    `champions` those that are to be champion, the present one last, none where nothing changes; `notes` for people,
    `problems` what could not be restored."""

    name: str
    register: tuple[StoredPackage, ...] = ()
    gaps: tuple[int, ...] = ()
    champions: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


@dataclass
class _Found:
    notes: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def plan_for(
    name: str,
    stored: Sequence[StoredPackage],
    refused: Iterable[RefusedPackage],
    known: KnownModel,
    served: Sequence[str] | None = None,
) -> Plan:
    """The plan for one model.

    Args:
        name: of the model.
        stored: its packages.
        refused: those that are damaged, of any model; what is known of their numbers is kept free.
        known: what the registry has.
        served: digests that an environment has served, the present one last; None: the trainings' own records say
            who was champion.
    """
    found = _Found()
    packages = _one_of_each_run(_one_of_each(stored, found), found)
    contradictions = [*_against_registry(packages, known), *_among_themselves(packages, known)]
    if contradictions:
        return Plan(
            name, problems=(*contradictions, f"{name}: nothing was registered, since who is who is not certain")
        )
    digests = {each.digest for each in known.versions}
    missing = [each for each in packages if each.digest not in digests]
    register = [each for each in missing if each.version > known.highest]
    found.problems += [
        f"{name} version {each.version} ({each.uri}): the registry has given number {known.highest} already and gives "
        "no lower one; it was not registered"
        for each in missing
        if each.version <= known.highest
    ]
    kept = [each.version for each in refused if each.name == name]
    last = max((each.version for each in register), default=known.highest)
    last = max([last, *kept])
    taken = {each.version for each in register}
    gaps = [number for number in range(known.highest + 1, last + 1) if number not in taken]
    if len(gaps) > MOST_GAPS:
        problem = f"{name}: {len(gaps)} numbers below version {last} have no package; nothing was registered"
        return Plan(name, notes=tuple(found.notes), problems=(problem,))
    if gaps:
        found.notes.append(f"{name}: no package is there for {_numbers(gaps)}; nobody gets the number")
    there = {each.digest: each.version for each in register} | {each.digest: each.version for each in known.versions}
    champions = _served_before(name, served, there, found) if served else _by_trainings(packages, there)
    champions = _unless_one_stays(name, champions, known, found)
    return Plan(name, tuple(register), tuple(gaps), tuple(champions), tuple(found.notes), tuple(found.problems))


def _unless_one_stays(name: str, champions: list[int], known: KnownModel, found: _Found) -> list[int]:
    """Nobody where the registry's own champion stays, who is named if it is another one."""
    if not champions or not known.champion or (not known.settled and known.champion == champions[-1]):
        return champions
    if known.champion != champions[-1]:
        found.notes.append(
            f"{name}: version {known.champion} is champion in the registry and stays so, and not {champions[-1]}"
        )
    return []


def _one_of_each(stored: Sequence[StoredPackage], found: _Found) -> list[StoredPackage]:
    """Of copies the one that lies where it was made, else the one with the shortest address."""
    ones: dict[str, StoredPackage] = {}
    for each in sorted(stored, key=lambda each: (each.uri != each.signed_uri, len(each.uri), each.uri)):
        one = ones.setdefault(each.digest, each)
        if one is not each:
            found.notes.append(f"{each.name} version {each.version}: {each.uri} is a copy of {one.uri}")
    return list(ones.values())


def _one_of_each_run(stored: Sequence[StoredPackage], found: _Found) -> list[StoredPackage]:
    """A training that lost its number to another one signs once more: what it has signed last counts."""
    runs: dict[str, list[StoredPackage]] = defaultdict(list)
    for each in stored:
        runs[each.run].append(each)
    packages = []
    for tries in runs.values():
        last = max(each.version for each in tries)
        packages += [each for each in tries if each.version == last]
        found.notes += [
            f"{each.name} version {each.version} ({each.uri}): run {each.run} gave it up for version {last}"
            for each in tries
            if each.version != last
        ]
    return sorted(packages, key=lambda each: (each.version, each.uri))


def _against_registry(packages: Iterable[StoredPackage], known: KnownModel) -> list[str]:
    by_run = {each.run: each for each in known.versions}
    by_number = {each.version: each for each in known.versions}
    digests = {each.digest for each in known.versions}
    found = []
    for each in packages:
        if each.digest in digests:
            continue
        if (other := by_run.get(each.run)) is not None:
            what = f"the registry has version {other.version} of the same run {each.run} with {other.digest}"
        elif (other := by_number.get(each.version)) is not None:
            what = f"the registry has version {other.version} of run {other.run} with {other.digest}"
        else:
            continue
        found.append(f"{each.name} version {each.version} ({each.uri}) has {each.digest}, but {what}")
    return found


def _among_themselves(packages: Sequence[StoredPackage], known: KnownModel) -> list[str]:
    """Two that claim one number, of which the registry knows neither."""
    digests = {each.digest for each in known.versions}
    unknown = [each for each in packages if each.digest not in digests]
    return [
        f"{one.name} version {one.version} is claimed twice: {one.uri} ({one.digest}) and {two.uri} ({two.digest})"
        for one, two in pairwise(unknown)
        if one.version == two.version
    ]


def _served_before(name: str, served: Sequence[str], there: Mapping[str, int], found: _Found) -> list[int]:
    """Champions by what an environment has served; without the present one nobody is."""
    if served[-1] not in there:
        found.problems.append(
            f"{name}: the environment serves {served[-1]}, of which there is no version; nobody is champion"
        )
        return []
    found.notes += [
        f"{name}: the environment served {digest} before, of which there is no version; it is no way back"
        for digest in served[:-1]
        if digest not in there
    ]
    return list(dict.fromkeys(there[digest] for digest in served if digest in there))


def _by_trainings(packages: Iterable[StoredPackage], there: Mapping[str, int]) -> list[int]:
    promoted = [each for each in packages if each.decision and each.decision.promoted and each.digest in there]
    return [there[each.digest] for each in promoted]


def _numbers(numbers: Sequence[int]) -> str:
    shown = ", ".join(str(number) for number in numbers[:20])
    more = f" and {len(numbers) - 20} more" if len(numbers) > 20 else ""  # noqa: PLR2004 - as above
    return f"version{'s' if len(numbers) > 1 else ''} {shown}{more}"
