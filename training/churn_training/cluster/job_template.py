"""A training Job from the template of the chart's CronJob: only the arguments of `churn train` are the caller's.

JSON in, JSON out; the template is all that it asks a cluster for.
"""

import copy
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from churn_data.errors import DataError, Failure
from churn_data.locations import Location, location

if TYPE_CHECKING:
    from churn_training.cluster.kubernetes_api import KubernetesApi

Object = dict[str, Any]

CONTAINER = "training"
INSTANCE = "app.kubernetes.io/instance"
COMPONENT = "app.kubernetes.io/component"
MANUAL = {"cronjob.kubernetes.io/instantiate": "manual"}
_SWITCHES = ("--no-promote", "--force-promote", "--fresh", "--accept-leak", "--verbose")
ASKING = (
    "--every", "--labels", "--cool-down", "--false-alarms", "--tolerance", "--reports", "--window", "--memory",
)  # fmt: skip
"""Options that the chart gives to `churn retrain` and `churn train` does not have."""
_OPPOSITES = {"--no-promote": "--force-promote", "--force-promote": "--no-promote"}


def job_from(cronjob: Object, replaced: Mapping[str, str | bool]) -> Object:
    """A Job that the server names, owned by the CronJob and so deleted with it.

    Args:
        cronjob: as read from the API.
        replaced: options of `churn train` by name, such as {"--seed": "3", "--fresh": True}; all others stay as the
            chart has them.

    Raises:
        Failure: the template has no container called `training`, or nothing that could be trained on now.
    """
    return manual_job(cronjob, CONTAINER, lambda given: arguments(_to_train(given or ["train"], replaced), replaced))


def _to_train(given: list[str], replaced: Mapping[str, str | bool]) -> list[str]:
    """The words of a CronJob that asks first (`churn retrain`) without what it asks: whoever says so trains now."""
    if given[0] != "retrain":
        return given
    if "--window" in given and "--data" not in replaced:
        raise Failure("the release trains on windows of its prediction log: give --data s3://bucket/key", exit_code=2)
    return ["train", *without(given[1:], *ASKING)]


def without(words: list[str], *names: str) -> list[str]:
    """The words but for these options; all of them have a value, as words of their own or behind `=`."""
    kept, skip = [], False
    for word in words:
        if skip or word.partition("=")[0] in names:
            skip = not skip and "=" not in word
        else:
            kept.append(word)
    return kept


def manual_job(cronjob: Object, container_name: str, words: Callable[[list[str]], list[str]]) -> Object:
    """A Job of a CronJob's template, with other words for the container of this name: those that `words` makes of its
    own.

    Raises:
        Failure: the template has no such container.
    """
    template: Object = copy.deepcopy(cronjob["spec"]["jobTemplate"])
    owner = cronjob["metadata"]
    metadata = template.get("metadata") or {}
    containers: list[Object] = template["spec"]["template"]["spec"]["containers"]
    container = next((each for each in containers if each["name"] == container_name), None)
    if container is None:
        raise Failure(f"CronJob {owner['name']}: its template has no container {container_name!r}", exit_code=2)
    container["args"] = words(container.get("args") or [])
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "generateName": f"{owner['name']}-",
            "labels": metadata.get("labels") or {},
            "annotations": {**(metadata.get("annotations") or {}), **MANUAL},
            "ownerReferences": [
                {"apiVersion": "batch/v1", "kind": "CronJob", "name": owner["name"], "uid": owner["uid"]}
            ],
        },
        "spec": template["spec"],
    }


def template_of(api: "KubernetesApi", release: str, part: str) -> Object:
    """The CronJob of a part of a release: that of the chart's own name, else the one with the release's labels, as
    values may name objects otherwise.

    Raises:
        Failure: it is not there, or the API server refused.
    """
    name = f"{fullname(release)}-{part}"
    cronjob = api.find("batch/cronjobs", name)
    if cronjob is not None and _labels(cronjob).get(INSTANCE, release) == release:
        return cronjob
    found = api.list("batch/cronjobs", f"{INSTANCE}={release},{COMPONENT}={part}")
    if len(found) == 1:
        return found[0]
    place = f"in namespace {api.namespace}"
    if found:
        names = ", ".join(sorted(str(each["metadata"]["name"]) for each in found))
        problem = f"has more than one CronJob of {part} {place} ({names}); delete those that are not its own"
        raise Failure(f"release {release}: {problem}", exit_code=2)
    raise Failure(f"CronJob {name} {place}: not there; install the chart with {part}.enabled=true", exit_code=2)


def _labels(found: Object) -> Mapping[str, str]:
    return found["metadata"].get("labels") or {}


def fullname(release: str) -> str:
    """The prefix of the chart's names, by the rule of its templates."""
    return release if "churn" in release else f"{release}-churn"


def arguments(given: list[str], replaced: Mapping[str, str | bool]) -> list[str]:
    """The words of a command line with these options in place of what they were; `--json` is always among them."""
    wanted = {**replaced, "--json": True}
    words: list[str] = []
    skip = False
    for word in given:
        name = word.partition("=")[0]
        if skip or name in wanted:
            # `--seed 3` is two words, `--seed=3` and a switch are one.
            skip = not skip and "=" not in word and not isinstance(wanted[name], bool)
        else:
            words.append(word)
    for name, value in wanted.items():
        if isinstance(value, bool):
            words.extend([name] if value else [])
        else:
            words.extend([name, value])
    return words


def chosen(given: set[str], options: Mapping[str, Any]) -> dict[str, str | bool]:
    """What was said on the command line, as options for the Job.

    Raises:
        DataError: a file of this machine, which no pod can see.
    """
    switched = [switch for switch in _SWITCHES if options[switch[2:].replace("-", "_")]]
    # What the chart says to the contrary must go, as the two exclude each other.
    replaced: dict[str, str | bool] = {_OPPOSITES[switch]: False for switch in switched if switch in _OPPOSITES}
    replaced |= dict.fromkeys(switched, True)
    for name in ("usecase", "data", "rows", "seed", "delimiter", "decimal", "encoding", "sheet"):
        if name in given:
            replaced[f"--{name}"] = str(options[name])
    if "budget" in given:
        replaced["--budget"] = f"{options['budget']:.0f}s"
    if "data" in given:
        _require_visible(options["data"], "upload it to s3://bucket/key or mount a claim (value training.dataClaim)")
    if "usecase" in given and options["usecase"].endswith((".yaml", ".yml")):
        _require_visible(location(options["usecase"]), "put it into the value training.usecaseFile")
    return replaced


def _require_visible(place: Location, remedy: str) -> None:
    # An absolute path that is not there on this machine can only be meant as one in the pod.
    if isinstance(place, Path) and (not place.is_absolute() or place.exists()):
        raise DataError(str(place), f"the cluster does not see the files of this machine; {remedy}")
