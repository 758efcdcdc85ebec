"""How else a customer's id may be written in Unicode: people type and paste what looks the same and is not.

Ids stay as files have them, since everything is joined by them. It must not know what ids are for.
"""

import unicodedata


def spellings(customer: str) -> tuple[str, ...]:
    """An id as it is given, composed and decomposed (NFC and NFD), each once."""
    if customer.isascii():
        return (customer,)
    return tuple(dict.fromkeys((customer, *(unicodedata.normalize(form, customer) for form in ("NFC", "NFD")))))


def same(customer: str) -> str:
    """What all spellings of an id have in common."""
    return customer if customer.isascii() else unicodedata.normalize("NFC", customer)
