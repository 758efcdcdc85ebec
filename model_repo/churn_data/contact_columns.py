"""Which columns say whether a customer may be contacted: they bind a campaign and are nothing to learn from.

A model that had learnt from them would answer otherwise when somebody withdraws a consent, and would need in every
request what only campaigns need. It must not read files.
"""

from itertools import pairwise

from churn_data.column_facts import ColumnFacts
from churn_model.usecase import UseCase

OF_CAMPAIGNS = "the use case names it among `contacts` or as a `consent`: it says whom a campaign may contact"
BY_NAME = (
    "by its name it says whether a customer may be contacted; name it in `contacts.do_not_contact_column` or as an "
    "action's `consent`"
)
_WORDS = {
    "consent", "consents", "consented", "optin", "optout", "unsubscribed", "unsubscribe", "donotcontact", "donotcall",
    "dnc", "gdpr", "dsgvo", "einwilligung", "werbeeinwilligung", "werbesperre", "kontaktsperre",
}  # fmt: skip
_PAIRS = {
    ("opt", "in"), ("opt", "out"), ("opted", "in"), ("opted", "out"), ("not", "contact"), ("not", "call"),
    ("not", "mail"), ("not", "email"), ("not", "disturb"), ("no", "contact"), ("no", "call"), ("no", "calls"),
    ("no", "contacts"), ("contact", "allowed"), ("contact", "permission"), ("marketing", "permission"),
}  # fmt: skip
_YES_AND_NO = 2


def bound_columns(usecase: UseCase) -> frozenset[str]:
    """Columns that a use case names for its campaigns alone; what it also names as something else stays what it is."""
    contacts = usecase.contacts
    named = {contacts.days_since_column, contacts.last_year_column, contacts.do_not_contact_column}
    named |= {action.consent for action in usecase.actions}
    wanted = {*usecase.groups, *usecase.segments.features, *usecase.prediction_log.features}
    if usecase.value is not None:
        wanted.add(usecase.value.column)
    if usecase.time is not None:
        wanted.add(usecase.time.column)
    return frozenset(named - wanted - {""})


def why_bound(facts: ColumnFacts, usecase: UseCase) -> str:
    """Why a column is left to campaigns; empty where it is not. By name only what answers yes or no is taken for it."""
    if facts.name in bound_columns(usecase):
        return OF_CAMPAIGNS
    if facts.distinct > _YES_AND_NO or facts.name in (*usecase.groups, *usecase.segments.features):
        return ""
    words = facts.words
    return BY_NAME if _WORDS & set(words) or any(pair in _PAIRS for pair in pairwise(words)) else ""
