"""Continuous training as an Airflow DAG: ingest, validate, train, compare, gate, promote, deliver, watch.

Each task is a pod of the release's own training CronJob with other words: the same image, account, secrets, limits and
labels. A run of the DAG is one Job by name, so a task that is tried again goes on where the killed one was, and a run
that is repeated trains nothing twice. It imports Airflow alone: no code of ours runs in Airflow's processes.
"""

import copy
import hashlib
import os
import posixpath
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml
from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG
from airflow.sdk import task as decorated
from airflow.sdk.exceptions import AirflowException, AirflowFailException

PARAMETERS = Path(os.environ.get("CHURN_DAG_PARAMETERS", Path(__file__).parents[1] / "parameters.yaml"))
KEYS: dict[str, Any] = {
    "namespace": str, "cronjob": str, "schedule": str, "start": str, "data": str, "snapshots": str, "triggers": list,
    "accept": list, "retries": int, "retry_minutes": int, "timeout_minutes": int, "delivery": dict,
}  # fmt: skip
DELIVERY: dict[str, Any] = {
    "environment": str, "url": str, "branch": str, "environments": str, "username": str, "secret": str, "key": str,
    "name": str, "email": str, "looks": int, "look_minutes": int,
}  # fmt: skip
CONTAINER = "training"
NOT_DUE = REFUSED = 4
"""Exit codes of `churn retrain --require` and `churn compare --require`: the rest of the run is skipped."""
BAD_INPUT = 2
"""The exit code of everything of ours that trying again cannot mend, as the chart's Jobs go by it."""
ASKED = ("--every", "--labels", "--cool-down", "--false-alarms", "--tolerance", "--reports")
"""Options of `churn retrain` that the chart gives its CronJob; here `triggers` say them."""
WINDOW = ("--window", "--memory", "--horizon", "--arms")
"""Those that say what it trains on, if that is a window of the prediction log."""
CHECKOUT = "/tmp/checkout"  # noqa: S108 - of a pod, whose /tmp is its own
GIT = "/etc/churn/git"


def required(given: Any, keys: dict[str, Any], place: str) -> dict[str, Any]:
    """A mapping with exactly these keys; what is wrong breaks the DAG's import, which names file and key."""
    if not isinstance(given, dict):
        raise ValueError(f"{place}: a mapping was expected")  # noqa: TRY004 - it is what a file says
    for name in [*given, *keys]:
        if name not in keys:
            raise ValueError(f"{place}: {name}: is not known; there are {', '.join(keys)}")
        if type(given.get(name)) is not keys[name]:
            raise ValueError(f"{place}: {name}: {keys[name].__name__} was expected")
    return given


def read_parameters(path: Path) -> dict[str, Any]:
    """The parameters of a file, those of delivery only where there is any."""
    found = required(yaml.safe_load(path.read_text()), KEYS, str(path))
    if found["delivery"]:
        required(found["delivery"], DELIVERY, f"{path}: delivery")
    return found


def template_of(path: Path) -> tuple[dict[str, Any], list[str]]:
    """The pod of a CronJob, and the words of its container after `churn train` or, of one that asks first, `churn
    retrain`, without what it asks."""
    try:
        template = yaml.safe_load(path.read_text())["spec"]["jobTemplate"]["spec"]["template"]
        (container,) = [each for each in template["spec"]["containers"] if each["name"] == CONTAINER]
        words = [str(word) for word in container["args"]]
    except (KeyError, TypeError, ValueError):
        raise ValueError(f"{path}: is no CronJob with a container {CONTAINER!r} and its args") from None
    if words[:1] not in (["train"], ["retrain"]):
        raise ValueError(f"{path}: the words of container {CONTAINER!r} begin neither with train nor with retrain")
    return {"apiVersion": "v1", "kind": "Pod", **template}, without(words[1:], *ASKED)


def without(words: list[str], *names: str) -> list[str]:
    """The words but for these options; all of them have a value, as words of their own or behind `=`."""
    kept, skip = [], False
    for word in words:
        if skip or word.partition("=")[0] in names:
            skip = not skip and "=" not in word
        else:
            kept.append(word)
    return kept


def value_of(words: list[str], name: str) -> str:
    """What an option was given; empty if it is not there."""
    for place, word in enumerate(words):
        if word.partition("=")[0] == name:
            return word.partition("=")[2] if "=" in word else words[place + 1]
    return ""


def each_of(words: list[str], name: str) -> list[str]:
    """An option that may be given several times, with what each was given."""
    given = [value_of(words[place:], name) for place, word in enumerate(words) if word.partition("=")[0] == name]
    return [word for value in given for word in (name, value)]


def job_name(run_id: str) -> str:
    """The name under which MLflow keeps what a DAG run has trained, as short as a label has to be."""
    return f"airflow-{hashlib.sha256(run_id.encode()).hexdigest()[:16]}"


def with_checkout(pod: dict[str, Any], delivery: dict[str, Any]) -> dict[str, Any]:
    """The same pod, with a checkout that it may push from: credentials from a Secret, as the rollout CronJob has it."""
    made = copy.deepcopy(pod)
    (container,) = [each for each in made["spec"]["containers"] if each["name"] == CONTAINER]
    who = {"CHURN_GIT_USERNAME": delivery["username"], "CHURN_GIT_PASSWORD_FILE": f"{GIT}/password"}
    for role in ("AUTHOR", "COMMITTER"):
        who |= {f"GIT_{role}_NAME": delivery["name"], f"GIT_{role}_EMAIL": delivery["email"]}
    container["env"] += [{"name": name, "value": value} for name, value in who.items() if value]
    container["volumeMounts"].append({"name": "git", "mountPath": GIT, "readOnly": True})
    item = {"key": delivery["key"], "path": "password"}
    secret = {"secretName": delivery["secret"], "defaultMode": 0o440, "items": [item]}
    made["spec"]["volumes"].append({"name": "git", "secret": secret})
    first = copy.deepcopy(container)
    del first["args"]
    where = {"URL": delivery["url"], "BRANCH": delivery["branch"], "FOLDER": CHECKOUT}
    first["env"] += [{"name": f"CHURN_GIT_{name}", "value": value} for name, value in where.items()]
    first |= {"name": "checkout", "command": ["python", "-m", "churn_cli.programs.checkout"]}
    made["spec"].setdefault("initContainers", []).append(first)
    return made


class TrainingPod(KubernetesPodOperator):
    """A pod that is not tried again once one of its containers has ended as bad input does, whatever `retries` says."""

    def cleanup(self, pod: Any, remote_pod: Any, *args: Any, **kwargs: Any) -> None:
        """After the pod's end: deletes it, or fails the task."""
        try:
            super().cleanup(pod, remote_pod, *args, **kwargs)
        except AirflowException as failure:
            if BAD_INPUT in exit_codes(remote_pod):
                raise AirflowFailException(f"{failure} Trying again cannot mend what its log names.") from failure
            raise


def exit_codes(pod: Any) -> set[int]:
    """With which the containers of a pod have ended, those that prepare it too; none of a pod that is gone."""
    status = getattr(pod, "status", None)
    lists = [getattr(status, name, None) or () for name in ("init_container_statuses", "container_statuses")]
    ended = [each.state.terminated for found in lists for each in found if each.state]
    return {each.exit_code for each in ended if each}


def task(name: str, words: list[str], pod: dict[str, Any] | None = None, **more: Any) -> TrainingPod:
    """A pod of the release's training with these words."""
    return TrainingPod(
        task_id=name,
        name=f"churn-{name}",
        namespace=parameters["namespace"],
        pod_template_dict=pod or template,
        base_container_name=CONTAINER,
        arguments=words,
        # As a Job of the chart would set it: the pod reads its job's name from this label.
        labels={"batch.kubernetes.io/job-name": "{{ job_name(run_id) }}"},
        deferrable=True,
        on_finish_action="delete_succeeded_pod",
        log_pod_spec_on_failure=False,
        **more,
    )


@decorated.branch
def asked(**context: Any) -> str:
    """Whether the triggers are asked: by the schedule they are, whoever starts a run or fills in days trains."""
    run = context["dag_run"]
    by_hand = str(getattr(run.run_type, "value", run.run_type)) in ("manual", "backfill")
    return "due" if (run.conf or {}).get("ask", not by_hand) else "ordered"


parameters = read_parameters(PARAMETERS)
template, trained_on = template_of(Path(parameters["cronjob"]))
months = "" if parameters["data"] else value_of(trained_on, "--window")
data = parameters["data"] or value_of(trained_on, "--data") or (months and "window.parquet")
if not data:
    raise ValueError(f"{PARAMETERS}: data: the CronJob names no --data and no --window, so an address was expected")
others = without(
    [word for word in trained_on if word not in ("--json", "--no-promote", "--force-promote")], "--data", *WINDOW
)
usecase = ["--usecase", value_of(others, "--usecase")]
forms = {name: value_of(others, name) for name in ("--delimiter", "--decimal", "--encoding")}
form = [word for name, value in forms.items() if value for word in (name, value)]
snapshots = posixpath.join(parameters["snapshots"], "{{ job_name(run_id) }}")
snapshot = ["--data", posixpath.join(snapshots, posixpath.basename(data))]
version = "job:{{ job_name(run_id) }}"

with DAG(
    "churn_training",
    description="Train again where age, drift, new outcomes or lost profit ask for it; let the gate judge; deliver",
    schedule=parameters["schedule"],
    start_date=datetime.fromisoformat(parameters["start"]).replace(tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    user_defined_macros={"job_name": job_name},
    default_args={
        "retries": parameters["retries"],
        "retry_delay": timedelta(minutes=parameters["retry_minutes"]),
        "retry_exponential_backoff": True,
        "execution_timeout": timedelta(minutes=parameters["timeout_minutes"]),
    },
    tags=["churn"],
):
    trained = ["--window", months] if months else ["--data", data]
    signs = ["retrain", "--require", *parameters["triggers"], *trained, *others]
    due = task("due", signs, skip_on_exit_code=NOT_DUE)
    ordered = EmptyOperator(task_id="ordered")
    made = ["window", "--months", months, "--memory", value_of(trained_on, "--memory") or "2GB", *usecase]
    horizon = value_of(trained_on, "--horizon")
    made += ["--horizon", horizon] if horizon else []
    made += each_of(trained_on, "--arms")
    keeping = [*made, "--into", snapshot[1]] if months else ["ingest", "--data", data, "--into", snapshots]
    ingest = task("ingest", keeping, trigger_rule="none_failed_min_one_success")
    accepted = [word for name in parameters["accept"] for word in ("--accept", str(name))]
    validate = task("validate", ["validate", *usecase, *form, *snapshot, *accepted, "--json"])
    train = task("train", ["train", *others, *snapshot, "--no-promote", "--json"])
    compare = task("compare", ["compare", version, *usecase, "--json"])
    gate = task("gate", ["compare", version, *usecase, "--require"], skip_on_exit_code=REFUSED)
    promote = task("promote", ["promote", version, *usecase, "--json"])
    asked() >> [due, ordered] >> ingest >> validate >> train >> compare >> gate >> promote
    if parameters["delivery"]:
        delivery = parameters["delivery"]
        where = ["--environment", delivery["environment"], "--repository", CHECKOUT]
        where += ["--environments", delivery["environments"], "--json"]
        pod = with_checkout(template, delivery)
        deliver = task("deliver", ["rollout", "start", version, *usecase, *where], pod)
        # Each look is a pod of its own with a fresh checkout: one that is killed costs nothing.
        every = timedelta(minutes=delivery["look_minutes"])
        looks = {"retries": delivery["looks"], "retry_delay": every, "retry_exponential_backoff": False}
        watch = task("watch", ["rollout", "status", version, "--over", *usecase, *where], pod, **looks)
        kept = task("kept", ["rollout", "status", version, *usecase, *where], pod, retries=0)
        promote >> deliver >> watch >> kept
