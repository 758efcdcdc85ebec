"""How often a champion has been contested: each contest is paid for out of one error for all of them, on whatever
holdout it is, for another salt would otherwise start anew.

A training first writes that it contests the champion, beside its own run, and counts then. Whoever wrote as the j-th
finds at least j, whatever the others do at the same moment, and levels fall with the number: so all contests together
never spend more than there is. Versions say which contest they were judged in, so that runs that are gone start nothing
anew. It must not know what is judged or how.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlflow import MlflowClient

CLAIM = "churn.contest.claim"
"""Of a run: `<identity of the holdout>:<version of the champion>` that it contests; all of a version are counted."""
CONTEST = "churn.contest"
"""Of a version: `<identity>:<number>` of the contest that it was judged in."""
AGAINST = "churn.gate.against"
"""Of a version: the version that was champion then; `none` if there was none."""
NOBODY = "none"
_PAGE = 200


def next_contest(client: "MlflowClient", name: str, run: str, identity: str, champion: str) -> int:
    """Count one more contest of a champion, and say which it is, from 1.

    Trainings at the very same moment may be given the same number, then a higher one than either would have had alone.

    Args:
        client: of MLflow, whose errors pass.
        name: of the registered model, which need not exist yet.
        run: of the training that contests; it is counted once.
        identity: of the holdout.
        champion: its version; empty if there is none.
    """
    client.set_tag(run, CLAIM, f"{identity}:{champion or NOBODY}")
    experiment = client.get_run(run).info.experiment_id
    return max(_claims(client, experiment, champion or NOBODY), 1 + _of_versions(client, name, champion or NOBODY))


def _claims(client: "MlflowClient", experiment: str, champion: str) -> int:
    """How many runs of the experiment have ever contested it, deleted ones too."""
    from mlflow.entities import ViewType

    found, token = 0, None
    while True:
        page = client.search_runs(
            [experiment], f"tags.`{CLAIM}` LIKE '%:{champion}'", ViewType.ALL, max_results=_PAGE, page_token=token
        )
        found, token = found + len(page), page.token
        if not token:
            return found


def _of_versions(client: "MlflowClient", name: str, champion: str) -> int:
    """The highest number under which a version of the model was judged against it."""
    numbers, token = [0], None
    while True:
        page = client.search_model_versions(f"name = '{name}'", max_results=_PAGE, page_token=token)
        for version in page:
            number = version.tags.get(CONTEST, "").rpartition(":")[2]
            numbers.append(_number(number) if version.tags.get(AGAINST, NOBODY) == champion else 0)
        token = page.token
        if not token:
            return max(numbers)


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else 0
