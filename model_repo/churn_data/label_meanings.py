"""What the name of a label's column and its values say about who left, in the words that people use for it.

`yes` and `1` answer the question that the column's name puts: under «churn» they are leavers, under «retained» they are
not, and under a name that says neither nobody can know. It must not know files or ask anybody.
"""

from collections.abc import Sequence
from itertools import pairwise

from churn_data.cells import is_number, parse_number
from churn_data.column_names import words_of
from churn_data.leaks import LEAVING

LEFT = {
    "churned", "churn", "left", "attrited", "lost", "cancelled", "canceled", "exited", "leaver", "gone", "lapsed",
    "terminated", "closed", "quit", "departed", "withdrawn", "surrendered", "unsubscribed", "former",
    "deactivated", "discontinued", "dropout", "resigned",
    "ausgetreten", "verloren", "ehemalig", "perdu", "parti", "perdido", "perso", "iptal", "utracony",
    "ушёл", "ушел", "ayrıldı", "ayrildi", "流失", "已流失", "解約", "退会", "이탈", "해지",  # noqa: RUF001 - Turkish
}  # fmt: skip
"""Values that say by themselves that a customer left, beside those that begin as names for it do."""
AFFIRMED = {
    "yes",
    "true",
    "y",
    "t",
    "ja",
    "ya",
    "có",
    "oui",
    "si",
    "sí",
    "sì",
    "sim",
    "evet",
    "tak",
    "да",
    "是",
    "نعم",
    "はい",
    "예",
    "igen",
    "ano",
}
NEGATIONS = {"not", "no", "non", "never", "existing", "nicht", "kein", "pas", "sans", "sin"}
STAYING = (
    "retain", "retention", "activ", "aktiv", "actif", "aktif", "attiv", "ativ", "stay", "renew", "loyal", "kept",
    "keep", "enrol", "current", "existing", "remain", "subscribed", "bleib", "geblieben", "verlänger", "verlaenger",
    "behalten", "resté", "fidèle", "renouvel", "renov", "rinnov", "perman",
)  # fmt: skip
"""Beginnings of words that say that a customer stayed."""
_LEAVING_BEGINNINGS = (
    "churn", "attrit", "lapse", "surrender", "unsubscri", "nonrenew", "resign", "dropout", "kündig", "kuendig",
    "gekündig", "gekuendig", "abgewand", "abwander", "storno", "storniert", "austritt", "ausgetreten", "résili",
    "resili",
    "désabonn", "desabonn", "départ", "abandon", "baja", "fuga", "cancelad", "evasão", "evasao", "desist", "cancelou",
    "abbandon", "disdett", "recesso", "opgezegd", "opzegg", "vertrokken", "uppsag", "oppsagt", "opsagt", "avslut",
    "irtisan", "rezygn", "odszed", "odszl", "odesz", "odejśc", "odejsc", "odešel", "odesel", "odešl", "lemond",
    "reziliat", "plecat", "parti", "berhenti", "keluar", "rời", "hủy",
    "ayrıl", "ayril", "terk", "отток", "ушел", "ушёл", "ушла", "отказал", "流失", "是否流失", "已流失", "解約", "離脱",  # noqa: RUF001 - Turkish
    "退会", "이탈", "해지", "مغادر",
)  # fmt: skip
"""Beginnings of words for leaving, of trades (insurers' policies lapse, are surrendered) and languages."""
_CUSTOMERS_ALONE = ("churn", "attrit")
OTHER_THINGS = {
    "card", "order", "ticket", "payment", "invoice", "device", "sim", "lead", "opportunity", "delivery", "shipment",
    "loan", "claim", "cart", "case", "call", "campaign", "offer", "complaint", "karte", "bestellung",
    "rechnung", "pedido",
}  # fmt: skip
"""What else than a customer can be lost, closed or cancelled."""
_QUESTIONS = ("is", "has", "was", "did")
_DERIVED = {"score", "risk", "probability", "prob", "prediction", "predicted", "reason", "category", "type", "cluster"}
_TARGETS = {"target", "targets", "label", "labels", "class", "y", "outcome"}
"""Names that only say that this is what is to be predicted, which is who left."""


def says_leaving(words: Sequence[str]) -> bool:
    """Whether a name has a word for leaving, one of customers where other things can be cancelled and closed, too."""
    asked = [_asked(word) for word in words]
    if OTHER_THINGS & set(words) and not any(word.startswith(_CUSTOMERS_ALONE) for word in asked):
        return False
    return any(word in LEAVING or word.startswith(_LEAVING_BEGINNINGS) for word in asked)


def says_customers_left(words: Sequence[str]) -> bool:
    """Whether a name has a word for the leaving of customers and of nothing else, and none for what comes of it."""
    return any(_asked(word).startswith(_CUSTOMERS_ALONE) for word in words) and not _DERIVED & {*words}


def may_ask_who_left(words: Sequence[str]) -> bool:
    """Whether a name may be the label's though it has no word for leaving: `target`, `retained`."""
    return (bool(words) and set(words) <= _TARGETS) or any(_asked(word).startswith(STAYING) for word in words)


def states_of(name: Sequence[str], values: Sequence[str]) -> tuple[str, str]:
    """The first value that says that a customer left and the first that says that one stayed, empty where none does,
    or where the name is about something else."""
    if set(name) & OTHER_THINGS:
        return "", ""
    plain = [value for value in values if not set(words_of(value)) & NEGATIONS - {"existing"}]
    left = [value for value in plain if _left(value)]
    stayed = [value for value in plain if any(word.startswith(STAYING) for word in words_of(value))]
    stayed += [value for value in values if value not in plain and _left(value)]  # "no churn" beside "churn"
    return next(iter(left), ""), next((value for value in stayed if value not in left), "")


def likely_leavers(name: Sequence[str], values: Sequence[str]) -> list[str]:
    """The values that mean that a customer left: by themselves, else because they affirm a name that says so.

    Args:
        name: the words of the column's name.
        values: all that occur.
    """
    plain = [value for value in values if not set(words_of(value)) & NEGATIONS]
    clear = [value for value in plain if _left(value)]
    return clear or (_affirmed(plain, values) if asks_who_left(name) else [])


def asks_who_left(name: Sequence[str]) -> bool:
    """Whether «yes» under this name means that a customer left."""
    words = set(name)
    asked = _is_explained(name) or ("or", "not") in pairwise(name)
    contrary = (bool(words & NEGATIONS) and not asked) or any(_asked(word).startswith(STAYING) for word in name)
    return not contrary and (says_leaving(name) or (bool(words) and words <= _TARGETS))


def _is_explained(name: Sequence[str]) -> bool:
    """Whether a name says itself what its values mean, 1 or yes what it asks: «Churn (1=Yes, 0=No)»."""
    signs = (
        "Y" if word in AFFIRMED else "N" if word in NEGATIONS else word if word in ("0", "1") else "" for word in name
    )
    return "".join(signs) in ("YN", "NY", "1Y0N", "0N1Y", "Y1N0", "N0Y1")


def _affirmed(plain: Sequence[str], values: Sequence[str]) -> list[str]:
    numbers = [parse_number(value) for value in values if is_number(value)]
    if values and len(numbers) == len(values):  # of 1 and 2 nobody knows which one is «yes»
        return [value for value in values if parse_number(value) == 1] if min(numbers) <= 0 < max(numbers) <= 1 else []
    return [value for value in plain if set(words_of(value)) & AFFIRMED or value == "1"]


def _left(value: str) -> bool:
    return any(word in LEFT or word.startswith(_LEAVING_BEGINNINGS) for word in words_of(value))


def _asked(word: str) -> str:
    """A word without the question in front of it: `ischurn`."""
    question = next((each for each in _QUESTIONS if word.startswith(each)), "")
    return word[len(question) :] or word
