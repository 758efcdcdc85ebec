"""How often a holdout has been used to judge a model: each use is paid for out of one error for all of them.

The count is a tag of the registered model, raised before anything is judged; every version says which use it was too,
so that a lost tag starts nothing anew. It must not know what is judged or how.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlflow import MlflowClient

USES = "churn.contests."
"""Of a registered model, with the holdout's identity after it: how many contests there were."""
CONTEST = "churn.contest"
"""Of a version: `<identity>:<number>` of the contest that it was judged in."""
_PAGE = 200


def next_contest(client: "MlflowClient", name: str, identity: str) -> int:
    """Count one more contest of a model on a holdout, and say which it is, from 1.

    Two trainings at the very same moment may be given the same number; nothing else in MLflow could be asked instead.

    Args:
        client: of MLflow, whose errors pass.
        name: of the registered model, which need not exist yet.
        identity: of the holdout.
    """
    known = client.search_registered_models(f"name = '{name}'")
    if not known:
        return 1
    tag = f"{USES}{identity}"
    number = 1 + max(_number(known[0].tags.get(tag, "")), _of_versions(client, name, identity))
    client.set_registered_model_tag(name, tag, str(number))
    return number


def _of_versions(client: "MlflowClient", name: str, identity: str) -> int:
    numbers, token = [0], None
    while True:
        page = client.search_model_versions(f"name = '{name}'", max_results=_PAGE, page_token=token)
        for version in page:
            holdout, _, number = version.tags.get(CONTEST, "").partition(":")
            numbers.append(_number(number) if holdout == identity else 0)
        token = page.token
        if not token:
            return max(numbers)


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else 0
