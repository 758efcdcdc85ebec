"""Promotion and rollback of an environment: rules first, then one commit, then a push that wins or changes nothing.

Whether the gate passed a model is handed in, as what a registry keeps of it. It must not know registries.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from churn_delivery.commit_message import promotion_message, rollback_message
from churn_delivery.environment_check import check_environment
from churn_delivery.errors import PromotionRefused
from churn_delivery.git_server import GitServer
from churn_delivery.history import History, history_of
from churn_delivery.layout import MODEL, Layout, read_layout
from churn_delivery.model_file import ServedModel, model_text
from churn_delivery.repository import Checkout
from churn_delivery.settings import Credentials


@dataclass(frozen=True)
class Place:
    """Where to deliver: a folder of a checkout, the folder of environments in it, and the `branch` to open at the
    server; None: the checkout's own branch."""

    repository: Path
    environments: str
    credentials: Credentials
    branch: str | None = None


@dataclass(frozen=True)
class Candidate:
    """A version of the registry; `objection`: why the gate does not have it promoted, empty if it does; `override`: the
    order that overruled the gate, empty if there was none; `describe`: its signed description, asked for where an
    environment keeps that of the model it serves."""

    model: ServedModel
    objection: str = ""
    override: str = ""
    describe: Callable[[], str] | None = None

    def beside(self, former: ServedModel | None) -> ServedModel:
        """The model as it follows another one: new gateways that had a description to answer from get its own."""
        keeps = former is not None and former.description and not self.model.description
        return replace(self.model, description=self.describe()) if keeps and self.describe else self.model


@dataclass(frozen=True)
class Delivered:
    """What an environment serves once this is deployed; `commit` None: it did already, and nothing was written."""

    environment: str
    model: ServedModel
    former: ServedModel | None
    commit: str | None
    branch: str


def promote(place: Place, environment: str, candidate: Candidate, *, force: bool = False) -> Delivered:
    """Make a model the one that an environment serves, by one commit.

    Raises:
        PromotionRefused: the gate, the environment before or a former rollback is against it, and `force` is not given;
            `force` never overrules the environment before.
        DeliveryError: whatever else keeps it from being written; nothing is, then.
    """
    model, remark = candidate.model, gate_remark(candidate, force=force)
    with Checkout(place.repository) as checkout:
        server, layout = ready(checkout, place, environment)
        path = layout.path(environment, MODEL)
        history = history_of(path, checkout.states(path))
        former = history.present.model if history.present else None
        if former is not None and _says_the_same(former, model):
            return Delivered(environment, model, former, None, server.branch)
        require_ran_before(layout, environment, model, checkout)
        require_not_withdrawn(history, environment, model, force=force)
        model = candidate.beside(former)
        text = model_text(model)
        check_environment(layout, environment, checkout.read, {MODEL: text})
        commit = checkout.commit({path: text}, promotion_message(environment, model, former, remark))
        return Delivered(environment, model, former, *written(checkout, server, commit, place.branch))


def _says_the_same(former: ServedModel, model: ServedModel) -> bool:
    """Whether a promotion would change nothing; a description that is there already is none to write again."""
    same = (former.identity, former.uri) == (model.identity, model.uri)
    return same and model.description in ("", former.description)


def rollback(place: Place, environment: str) -> Delivered:
    """Make an environment serve what it served before the present model, by one commit. Twice goes back twice: what was
    taken back is no way back.

    Raises:
        PromotionRefused: there is nothing before it in the history.
        DeliveryError: whatever else keeps it from being written; nothing is, then.
    """
    with Checkout(place.repository) as checkout:
        server, layout = ready(checkout, place, environment)
        path = layout.path(environment, MODEL)
        stack = history_of(path, checkout.states(path)).stack
        if len(stack) <= 1:
            what = f"{stack[-1].model.title} was the first that it served" if stack else "it has served no model yet"
            raise PromotionRefused(
                f"{environment}: there is no former model in the history of {path}, {what}; promote a version instead"
            )
        target, left = stack[-2], stack[-1].model
        check_environment(layout, environment, checkout.read, {MODEL: target.text})
        commit = checkout.commit({path: target.text}, rollback_message(environment, target.model, left))
        return Delivered(environment, target.model, left, *written(checkout, server, commit, place.branch))


def gate_remark(candidate: Candidate, *, force: bool) -> str:
    """What a commit says of the gate.

    Raises:
        PromotionRefused: the gate is against it, and nobody overrules it; or nobody could tell what it becomes.
    """
    model, against = candidate.model, candidate.objection
    if against and not (force or candidate.override):
        raise PromotionRefused(f"{model.title}: {against}; --force promotes it all the same, and the commit says so")
    if not model.digest:
        raise PromotionRefused(
            f"{model.title}: the registry keeps no digest of it, so nobody could tell what it becomes"
        )
    return f"The gate was overruled: {candidate.override or against}." if against else "The gate passed it."


def ready(checkout: Checkout, place: Place, environment: str) -> tuple[GitServer, Layout]:
    """The server and the environments of a checkout at which a commit can be made.

    Raises:
        TreeNotReady: the checkout is not what its server has, or something is changed.
        EnvironmentProblem: the files of the environment cannot be used as they are.
        GitServerAway: the server does not answer.
    """
    layout = read_layout(place.environments, checkout.read)
    layout.require(environment)
    checkout.require_clean()
    server = GitServer(checkout, place.credentials)
    server.require_same()
    check_environment(layout, environment, checkout.read)
    return server, layout


def require_ran_before(layout: Layout, environment: str, model: ServedModel, checkout: Checkout) -> None:
    """That the environment before has served a model.

    Raises:
        PromotionRefused: it has not, or has taken it back.
    """
    before = layout.before[environment]
    if before is None:
        return
    path = layout.path(before, MODEL)
    history = history_of(path, checkout.states(path))
    if history.holds(model.identity):
        return
    back = history.withdrawn.get(model.identity)
    why = f"{before} took it back on {back.day} (commit {back.commit[:10]})" if back else f"{before} has not served it"
    raise PromotionRefused(
        f"{model.title}: {environment} takes only what {before} ran, and {why}; promote it there first"
    )


def require_not_withdrawn(history: History, environment: str, model: ServedModel, *, force: bool) -> None:
    """That the environment itself has not taken a model back.

    Raises:
        PromotionRefused: it has, and `force` is not given.
    """
    back = history.withdrawn.get(model.identity)
    if back is not None and not force:
        raise PromotionRefused(
            f"{model.title}: {environment} took it back on {back.day} (commit {back.commit[:10]}); --force promotes it "
            "again"
        )


def written(checkout: Checkout, server: GitServer, commit: bytes, branch: str | None) -> tuple[str, str]:
    """Push, and only then move what is here; the commit and the branch that it is on."""
    if branch is not None:
        server.open_branch(branch, commit)
        return commit.decode(), branch
    server.push(commit)
    checkout.adopt(commit)
    return commit.decode(), server.branch
