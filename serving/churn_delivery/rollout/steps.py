"""The steps of a rollout: look at what is committed and what was counted, and make at most one commit of it.

Whoever runs this twice, at once, or is killed in between finds what the server of git has and nothing else: a step
begins from the files and ends with a push that wins or changes nothing. It must not know where counts come from.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from churn_delivery.errors import EnvironmentProblem
from churn_delivery.history import history_of
from churn_delivery.layout import MODEL, ROLLOUT
from churn_delivery.model_file import ServedModel, model_text
from churn_delivery.promotion import Candidate, Place, gate_remark, require_not_withdrawn, require_ran_before
from churn_delivery.rollout import messages
from churn_delivery.rollout.counts import Gateways
from churn_delivery.rollout.errors import RolloutRefused
from churn_delivery.rollout.judgement import Judgement
from churn_delivery.rollout.record import UNDER_WAY, Rollout, RolloutFile, read_rollout, rollout_text
from churn_delivery.rollout.rules import RuleProblem, Rules, read_rules
from churn_delivery.rollout.site import Site, looked_at, opened
from churn_delivery.rollout.watching import watch


@dataclass(frozen=True)
class Stepped:
    """What became of a rollout: `said` in words; `rollout` as it stands now, None where there is none; `commit` None
    where nothing was to be written, or nothing should be (`dry_run`)."""

    environment: str
    said: str
    rollout: Rollout | None
    judgement: Judgement | None
    commit: str | None
    branch: str


def start(place: Place, environment: str, candidate: Candidate, *, force: bool = False) -> Stepped:
    """Put a model on trial: the first share of customers, by one commit.

    Raises:
        PromotionRefused: the gate, the environment before or a former rollback is against it.
        RolloutRefused: one is under way, or has taken this model back, and `force` is not given.
        DeliveryError: whatever else keeps it from being written; nothing is, then.
    """
    model, remark = candidate.model, gate_remark(candidate, force=force)
    with opened(place, environment) as site:
        rules = rules_of(site)
        former = site.file()
        trial = former.rollout
        if trial and trial.state in UNDER_WAY and trial.model.identity == model.identity and not former.differs():
            said = f"{environment} has {model.title} on trial already; nothing was written"
            return Stepped(environment, said, trial, None, None, site.server.branch)
        if former.serves_canary or (former.rollout and former.rollout.state in UNDER_WAY):
            what = former.rollout.model.title if former.rollout else "a canary that no rollout has begun"
            raise RolloutRefused(
                f"{former.name}: {environment} has {what} on trial; churn rollout step or churn rollout stop ends that"
            )
        require_ran_before(site.layout, environment, model, site.checkout)
        path = site.path(MODEL)
        require_not_withdrawn(history_of(path, site.checkout.states(path)), environment, model, force=force)
        if not force:
            _require_not_taken_back(site, former.name, model)
        beside = site.served()
        if beside == model.identity:
            raise RolloutRefused(f"{environment} serves {model.title} already; there is nothing to try")
        begun = Rollout("running", candidate.beside(site.model()), beside, rules, (_now(),))
        message = messages.begun(environment, begun, remark)
        return _commit(site, former, begun, message)


def step(place: Place, environment: str, gateways: Gateways, *, dry_run: bool = False) -> Stepped:
    """Look once, and go a step on, back, or not at all.

    Raises:
        RolloutRefused: a person has changed the files since the last step.
        MetricsAway, NothingCounted, ClockDiffers: there is nothing to decide by.
        DeliveryError: whatever else keeps it from being written; nothing is, then.
    """
    with opened(place, environment) as site:
        former = site.file()
        _require_undisturbed(site, former)
        rollout = former.rollout
        if rollout is None or rollout.state not in UNDER_WAY:
            said = f"{environment}: no model is on trial" + (f"; {messages.last(rollout)}" if rollout else "")
            return Stepped(environment, said, rollout, None, None, site.server.branch)
        now = _now()
        found = watch(environment, rollout, gateways, now)
        if found.then is None or dry_run:
            would = "" if found.then is None else "; that would be committed"
            return Stepped(environment, found.said + would, rollout, found.judgement, None, site.server.branch)
        compared = found.judgement.compared if found.judgement else None
        message = messages.stepped(environment, rollout, found.then, found.said, compared.worded() if compared else "")
        stepped = _commit(site, former, found.then, message)
        return replace(stepped, said=found.said, judgement=found.judgement)


def standing(place: Place, environment: str, model: ServedModel) -> Stepped:
    """How a model stands: on trial, served, or taken back, as its rollout says; nothing is written.

    Raises:
        RolloutRefused: it was never on trial there, or another one was since.
        DeliveryError: the files cannot be read as the server has them.
    """
    with looked_at(place, environment) as site:
        file = site.file()
        rollout, branch = file.rollout, site.server.branch
        if rollout is not None and rollout.model.identity == model.identity:
            percent = f"{environment} gives {model.title} {rollout.share}"
            said = percent if rollout.state in UNDER_WAY else f"{environment}: {messages.last(rollout)}"
            return Stepped(environment, said, rollout, None, None, branch)
        raise RolloutRefused(
            f"{model.title}: it is not on trial in {environment}"
            + (f"; {messages.last(rollout)}" if rollout else ", and nothing ever was")
        )


def stop(place: Place, environment: str) -> Stepped:
    """Take the canary back by one commit, whatever the files say of it.

    Raises:
        RolloutRefused: there is none.
        DeliveryError: whatever else keeps it from being written; nothing is, then.
    """
    with opened(place, environment) as site:
        former = site.file(lenient=True)
        rollout = former.rollout
        if not former.serves_canary and (rollout is None or rollout.state not in UNDER_WAY):
            raise RolloutRefused(f"{environment}: no model is on trial")
        if rollout is None:
            model = former.canary.get("model") or {}
            tried = ServedModel(str(model.get("uri", "")), str(model.get("digest", "")))
            rollout = Rollout("running", tried, site.served(), Rules(), (_now(),))
        ended = rollout.ended("stopped", "a person has stopped it")
        said = f"{environment}: {rollout.model.title} is not on trial any more"
        message = messages.stepped(environment, rollout, ended, said)
        return replace(_commit(site, former, ended, message), said=said)


def rules_of(site: Site) -> Rules:
    """The rules of an environment.

    Raises:
        EnvironmentProblem: one is not known or not usable.
    """
    index = site.layout.index
    try:
        return read_rules((index.values["environments"][site.environment] or {}).get("rollout"))
    except RuleProblem as error:
        key = ("environments", site.environment, "rollout", *error.key)
        raise EnvironmentProblem(index.name, error.problem, line=index.line_of(key), key=".".join(key)) from None


def _require_undisturbed(site: Site, file: RolloutFile) -> None:
    differs, path, rollout = file.differs(), file.name, file.rollout
    if not differs and rollout is not None and rollout.state in UNDER_WAY:
        expected = rollout.beside if rollout.state == "running" else rollout.model.identity
        if site.served() != expected:
            differs, path = "it names another model than the rollout goes by", site.path(MODEL)
    if differs:
        last = next(iter(site.checkout.states(path)), None)
        by = f" since commit {last.commit[:10]} of {last.day}" if last else ""
        raise RolloutRefused(
            f"{path}: {differs}{by}; nothing is decided beside a change by hand: take it back, or churn rollout stop "
            f"--environment {site.environment}"
        )


def _require_not_taken_back(site: Site, path: str, model: ServedModel) -> None:
    for state in site.checkout.states(path):
        try:
            rollout = read_rollout(path, state.text or b"").rollout
        except EnvironmentProblem:
            continue
        if rollout and rollout.state == "worse" and rollout.model.identity == model.identity:
            raise RolloutRefused(
                f"{model.title}: {site.environment} took it back on {state.day} (commit {state.commit[:10]}: "
                f"{rollout.reason}); --force tries it again"
            )


def _commit(site: Site, former: RolloutFile, rollout: Rollout, message: str) -> Stepped:
    texts = {ROLLOUT: rollout_text(rollout, former)}
    if rollout.state == "arriving":
        texts[MODEL] = model_text(rollout.model)
    commit, branch = site.write(texts, message)
    return Stepped(site.environment, "", rollout, None, commit, branch)


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)
