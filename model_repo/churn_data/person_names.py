"""Columns of people's names, by what the columns are called and by what is in them.

A first name of few levels is a name all the same: it tells who somebody is, and stands for sex, age and origin. It must
not know what else a column may be for.
"""

import re

from churn_data.column_facts import ColumnFacts
from churn_model.spelling import truth_of

FEW_LEVELS = 20
"""Levels up to which a column that is only called "name" may be one of products."""
LIKE_NAMES = 0.8
"""Share of the levels that must look like names, where these are few."""
FEWEST = 3
"""Fewer names are no names of customers."""
PERSON = {
    "customer", "client", "user", "first", "last", "full", "family", "given", "middle", "maiden", "member", "contact",
    "person", "holder", "subscriber", "owner", "patient", "guest",
}  # fmt: skip
"""Whose name, or which one of theirs, as the word beside "name" says."""
NAMES = {
    "surname", "lastname", "firstname", "fullname", "forename", "givenname", "familyname", "middlename", "fname",
    "lname", "customername", "clientname", "username", "contactname", "nachname", "vorname", "familienname",
    "kundenname", "prenom", "prénom", "apellido", "apellidos", "cognome", "sobrenome", "voornaam", "achternaam",
    "förnamn", "efternamn", "fornavn", "etternavn", "efternavn", "imię", "imie", "nazwisko", "имя", "фамилия",
}  # fmt: skip
"""Names of people in one word, of languages."""
_NAME = {"name", "names"}
_BARE = {"name", "nom", "nombre", "nome", "naam", "navn", "namn"}
"""Words that name products as well."""
_LIKE_ONE = re.compile(r"[^\W\d_]+([ .,'\u2019-]{1,2}[^\W\d_]+){0,4}\.?")


def are_names_of_people(facts: ColumnFacts) -> bool:
    """Whether a column holds names of people."""
    if facts.numeric:
        return False
    if facts.distinct > FEW_LEVELS:
        return _is_called_so(facts.words) or (len(facts.words) == 1 and facts.words[0] in _BARE)
    return _is_called_so(facts.words) and facts.distinct >= FEWEST and _look_like_names(facts)


def _is_called_so(words: tuple[str, ...]) -> bool:
    if set(words) & NAMES:
        return True
    places = [place for place, word in enumerate(words) if word in _NAME]
    beside = {words[at] for place in places for at in (place - 1, place + 1) if 0 <= at < len(words)}
    return bool(beside & PERSON)


def _look_like_names(facts: ColumnFacts) -> bool:
    """Whether most levels are words of letters, as names are: no flags, numbers or codes."""
    alike = sum(bool(_LIKE_ONE.fullmatch(text)) and truth_of(text) is None for text in facts.counts)
    return alike >= LIKE_NAMES * facts.distinct
