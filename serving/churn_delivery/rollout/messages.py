"""What commits of a rollout say, for people and, in their trailers, for programs. It must not decide anything."""

from churn_delivery.commit_message import message_of
from churn_delivery.rollout.record import Rollout

_NAMED = "Churn-Rollout"


def begun(environment: str, rollout: Rollout, remark: str) -> str:
    """`Try <model> in <environment> with 1 % of customers`, or with copies of 20 % of requests."""
    rules = rollout.rules
    steps = ", ".join(f"{each:g}" for each in rules.steps if each)
    first = (
        ""
        if rules.steps[0]
        else f"Before anybody is answered by it, it gets copies of {rules.shadow_percent:g} % of requests. "
    )
    how = (
        f"{first}It goes on by {steps} % of customers. That a model which is nowhere worse is taken back has a chance "
        f"of at most {rules.cut_error:g} over all of it, that one goes on which is worse by a margin one of at most "
        f"{rules.advance_error:g}."
    )
    subject = f"Try {rollout.model.title} in {environment} with {rollout.share}"
    return message_of(subject, [remark, how], rollout.model, named=_NAMED)


def stepped(environment: str, former: Rollout, rollout: Rollout, said: str, compared: str = "") -> str:
    """What a step, forth or back, does; `compared`: how the two models differ, where copies were scored by both."""
    title = rollout.model.title
    subjects = {
        "running": f"Try {title} in {environment} with {rollout.share}",
        "arriving": f"Promote {title} to {environment} after its rollout",
        "finished": f"End the canary of {environment}, whose model the primary serves",
        "worse": f"Take {title} back in {environment} {former.place}: it is worse",
        "undecided": f"Take {title} back in {environment} {former.place}: not shown to be no worse",
        "stopped": f"Stop the rollout of {title} in {environment} {former.place}",
    }
    parts = [f"{said}.", f"{compared[:1].upper()}{compared[1:]}." if compared else ""]
    return message_of(subjects[rollout.state], [each for each in parts if each], rollout.model, named=_NAMED)


def last(rollout: Rollout) -> str:
    """How a rollout ended."""
    words = {
        "finished": "became the primary's model",
        "worse": "was taken back, for it was worse",
        "undecided": "was taken back, for it was not shown to be no worse",
        "stopped": "was stopped",
    }
    reason = f" ({rollout.reason})" if rollout.reason else ""
    return f"the last, {rollout.model.title}, {words.get(rollout.state, rollout.state)}{reason}"
