"""What commits of a rollout say, for people and, in their trailers, for programs. It must not decide anything."""

from churn_delivery.commit_message import message_of
from churn_delivery.rollout.record import Rollout

_NAMED = "Churn-Rollout"


def begun(environment: str, rollout: Rollout, remark: str) -> str:
    """`Try <model> in <environment> with 1 % of customers`."""
    rules = rollout.rules
    steps = ", ".join(f"{each:g}" for each in rules.steps)
    how = (
        f"It goes on by {steps} % of customers. That a model which is nowhere worse is taken back has a chance of at "
        f"most {rules.cut_error:g} over all of it, that one goes on which is worse by a margin one of at most "
        f"{rules.advance_error:g}."
    )
    subject = f"Try {rollout.model.title} in {environment} with {rollout.percent:g} % of customers"
    return message_of(subject, [remark, how], rollout.model, named=_NAMED)


def stepped(environment: str, former: Rollout, rollout: Rollout, said: str) -> str:
    """What a step, forth or back, does."""
    title = rollout.model.title
    subjects = {
        "running": f"Try {title} in {environment} with {rollout.percent:g} % of customers",
        "arriving": f"Promote {title} to {environment} after its rollout",
        "finished": f"End the canary of {environment}, whose model the primary serves",
        "worse": f"Take {title} back in {environment} at {former.percent:g} %: it is worse",
        "undecided": f"Take {title} back in {environment} at {former.percent:g} %: not shown to be no worse",
        "stopped": f"Stop the rollout of {title} in {environment} at {former.percent:g} %",
    }
    return message_of(subjects[rollout.state], [f"{said}."], rollout.model, named=_NAMED)


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
