"""Why customers are not contacted, in words for people who plan, with what changes it. It must not count anybody."""

from churn_campaigns.campaign import eligibility, not_contacted

WHY = {
    eligibility.DO_NOT_CONTACT: "They have said that they want no contact, so no plan may have them.",
    eligibility.IN_ANOTHER_PLAN: "Another open campaign has them, or you spare whom an earlier one had.",
    eligibility.SEGMENT: "Their best action is for other segments.",
    eligibility.RISK: "Their best action is for customers of another risk.",
    eligibility.WORTH: "Keeping them is worth less than their best action is meant for.",
    eligibility.CONSENT: "They have not agreed to the action that would suit them best.",
    eligibility.LATELY: "They were contacted too short a time ago.",
    eligibility.OFTEN: "They were contacted as often this year as the rules allow.",
    eligibility.NOT_MOVED: "Experiments have shown that no action keeps them.",
    eligibility.NOT_PROVEN: "You ask for proven effects, and that of their best action was never measured.",
    eligibility.NOT_REACHED: "You ask for proven effects, and no experiment has reached customers like them.",
    eligibility.DOES_NOT_PAY: "Every action costs more than it is expected to bring.",
    not_contacted.HELD_OUT: "Chance holds them out, to compare with: only so can be told what the campaign brought.",
    not_contacted.BUDGET: "An action would pay, but the budget is spent on those with whom it pays more.",
    not_contacted.CAPACITY: "An action would pay, but as many as can be served have it already.",
}


def why(reason: str) -> str:
    """A reason in a sentence; the reason itself where nobody has put it in words."""
    return WHY.get(reason, reason)
