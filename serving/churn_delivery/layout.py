"""What a folder of environments looks like: which there are, in which order a model goes, which file holds what.

`environments.yaml` names the environments and the chart; each is a folder of values files that hold what differs from
the chart's own. It must not know git.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from churn_delivery.errors import EnvironmentProblem
from churn_delivery.yaml_files import YamlFile, read_yaml

INDEX = "environments.yaml"
MODEL = "model.yaml"
ROLLOUT = "rollout.yaml"
TRAVELS = ("version.yaml", MODEL, "settings.yaml", ROLLOUT)
"""What goes from one environment to the next."""
STAYS = ("env.yaml", "capacity.yaml")
"""What is of one environment alone."""
FILES = (*TRAVELS, *STAYS)
"""In the order in which helm is given them; no key stands in two, so the order decides nothing."""
PARTS = ("gateway", "primary", "fallback", "mlflow", "training", "marketing")
"""The chart's values that run an image of this project, of which `version.yaml` names one each; a chart of before may
lack some."""

Read = Callable[[str], bytes | None]
"""The text of a file at a path of the repository, None where there is none."""


@dataclass(frozen=True)
class Layout:
    """`folder` of the environments and `chart`, both as paths of the repository; `before`: of every environment the one
    that must have run a model first, None where any model may come; `index`: `environments.yaml` as it was read."""

    folder: str
    chart: str
    before: Mapping[str, str | None]
    index: YamlFile

    def path(self, environment: str, file: str) -> str:
        """Where a file of an environment stands."""
        return f"{self.folder}/{environment}/{file}"

    def require(self, environment: str) -> None:
        """That there is such an environment.

        Raises:
            EnvironmentProblem: there is not; names those that there are.
        """
        if environment not in self.before:
            known = ", ".join(self.before)
            raise EnvironmentProblem(f"{self.folder}/{INDEX}", f"there is no environment {environment!r} ({known})")


def read_layout(folder: str, read: Read) -> Layout:
    """Read `environments.yaml`.

    Raises:
        EnvironmentProblem: it is not there or not usable.
    """
    path = f"{folder}/{INDEX}"
    text = read(path)
    if text is None:
        raise EnvironmentProblem(path, "is not in the repository; --environments names another folder")
    file = read_yaml(path, text)
    _require_keys(file, file.values, (), {"chart", "environments"})
    chart, environments = file.values.get("chart"), file.values.get("environments")
    if not isinstance(chart, str):
        raise _problem(file, ("chart",), "must be the chart's folder in the repository")
    if not isinstance(environments, dict) or not environments:
        raise _problem(file, ("environments",), "must name at least one environment")
    before = {name: _before(file, name, environments) for name in environments}
    _require_an_end(file, before)
    return Layout(folder, chart.strip("/"), before, file)


def _require_an_end(file: YamlFile, before: Mapping[str, str | None]) -> None:
    """That every environment leads back to one where any model may come; else none ever gets one."""
    for name in before:
        way, place = [name], before[name]
        while place is not None and place not in way:
            way.append(place)
            place = before[place]
        if place is not None:
            told = " after ".join([*way[way.index(place) :], place])
            raise _problem(file, ("environments", name, "after"), f"goes round in a circle ({told})")


def _before(file: YamlFile, name: str, environments: dict[str, object]) -> str | None:
    place, words = ("environments", name), environments[name]
    if words is None:
        return None
    if not isinstance(words, dict):
        raise _problem(file, place, "must be empty or say `after: ENVIRONMENT` or `rollout:`")
    _require_keys(file, words, place, {"after", "rollout"})
    before = words.get("after")
    if before is None:
        return None
    if not isinstance(before, str) or before == name or before not in environments:
        known = ", ".join(each for each in environments if each != name)
        raise _problem(file, (*place, "after"), f"is not another environment ({known})")
    return before


def _require_keys(file: YamlFile, found: dict[str, object], above: tuple[str, ...], known: set[str]) -> None:
    for key in found:
        if key not in known:
            raise _problem(file, (*above, key), f"is not known ({', '.join(sorted(known))})")


def _problem(file: YamlFile, path: tuple[str, ...], problem: str) -> EnvironmentProblem:
    return EnvironmentProblem(file.name, problem, line=file.line_of(path), key=".".join(path))
