"""Which code page a text is written in that is no UTF-8: the one whose letters make words of one language.

Bytes beyond ASCII mean something in nearly every code page, so a file does not say which is its own. What is said here
is only what its words leave no doubt of: nearly all of them are words of one alphabet in one code page, and many would
be of none in Windows-1252, which everything else is taken for. charset-normalizer 3.5, which knows the same code pages,
read 14 of 20 Western texts of the tests as Central European, and those are what most files hold; so the alphabets stand
here. It must not know fields or columns.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final, NamedTuple

WESTERN: Final = "cp1252"
_LANGUAGES = {
    WESTERN: {
        "German": "äöüß", "French": "àâæçéèêëîïôœùûüÿ", "Spanish": "áéíñóúü", "Portuguese": "àáâãçéêíóôõúü",
        "Italian": "àèéìíîòóùú", "Danish": "åæøéöäü", "Swedish": "åäöéüà", "Dutch": "áàäéèëíïóòöúüñç",
        "Icelandic": "áðéíóúýþæö", "Finnish": "äöåšž", "Estonian": "äõöüšž", "Catalan": "àçèéíïòóúü",
        "Irish": "áéíóú", "Faroese": "áðíóúýæø" },
    "cp1250": {
        "Polish": "ąćęłńóśźż", "Czech": "áčďéěíňóřšťúůýž", "Slovak": "áäčďéíĺľňóôŕšťúýž", "Hungarian": "áéíóöőúüű",
        "Croatian": "čćđšž", "Romanian": "ăâîşţ",
    },
    "cp1257": {"Lithuanian": "ąčęėįšųūž", "Latvian": "āčēģīķļņšūž"},
    "cp1254": {"Turkish": "çğıöşüâîû"},
    "cp1251": {
        "Russian": "абвгдеёжзийклмнопрстуфхцчшщъыьэюя", "Ukrainian": "абвгґдеєжзиіїйклмнопрстуфхцчшщьюя",
        "Belarusian": "абвгдеёжзійклмнопрстуўфхцчшыьэюя", "Serbian": "абвгдђежзијклљмнњопрстћуфхцчџш",
    },
    "cp1253": {"Greek": "αάβγδεέζηήθιίϊΐκλμνξοόπρσςτυύϋΰφχψωώ"},
    "cp1255": {"Hebrew": "אבגדהוזחטיךכלםמןנסעףפץצקרשת"},
    "cp1256": {"Arabic": "ءآأؤإئابةتثجحخدذرزسشصضطظعغفقكلمنهوىي"},
}  # fmt: skip
_LANGUAGES["iso8859_2"] = {"Polish": _LANGUAGES["cp1250"]["Polish"], "Czech": _LANGUAGES["cp1250"]["Czech"]}
_LANGUAGES["koi8_r"] = _LANGUAGES["cp866"] = {"Russian": _LANGUAGES["cp1251"]["Russian"]}
"""Letters beyond ASCII of languages, in small, by the code pages that their companies write them in."""
_FREQUENT = {
    "Russian": "оеаинтсрвлк", "Ukrainian": "оаиніевртск", "Belarusian": "анісероктлы", "Serbian": "аоеинрстукј",
    "Greek": "αάοόιίεέτσςνηήυρ", "Hebrew": "יוהלארתבשמ", "Arabic": "اليمنورتبةعده",
}  # fmt: skip
"""The letters that half and more of every text is made of, in scripts that have a code page to themselves: what is
written in one of these makes letters of the other, too, but of others than these."""
_ALWAYS = {"Portuguese": "ãçê", "Icelandic": "áíóú"}
"""Letters that are missing in no text of these languages that is longer than a few words."""
_MOST_LINES = 2000
_LATIN_WORDS, _OTHER_WORDS, _MANY_WORDS = 8, 6, 20
"""Different words that a language is believed for where its letters stand between those of ASCII, and where all are its
own; and from which on most may be another language's as well."""
_LETTERS = 0.85
"""Share of the bytes beyond ASCII that must be letters."""
_MOST_ASCII, _LEAST_ASCII = 0.15, 0.3
"""Share of ASCII's letters in words with others: at most of a script of its own, at least of one that adds letters."""
_LIKELY, _EXPLAINED, _EXPLAINED_OTHER = 0.5, 0.97, 0.9
_WESTERN, _WESTERN_OF_MANY, _OFTEN, _LEAD, _OWN_LETTERS = 0.7, 0.9, 0.45, 0.12, 3
_WORD_OF_BYTES = re.compile(rb"[A-Za-z\x80-\xff]+")
_WORD = re.compile(r"[^\W\d_]+|\w*[^\W\d_][¹²³¼½¾]+\w+")


class CodePage(NamedTuple):
    """A codec's name and the language that tells it."""

    codec: str
    language: str


MAY_BE_WESTERN = CodePage(WESTERN, "")


def code_page_of(lines: Iterable[bytes]) -> CodePage | None:
    """The code page in which the words of these lines are those of one language, where that is beyond doubt;
    Windows-1252 where it may be that as well; None where words without a letter of ASCII say that it is neither.

    Args:
        lines: those of the file that hold bytes beyond ASCII, or the first of them.
    """
    found = _WORD_OF_BYTES.findall(b"\n".join(islice(lines, _MOST_LINES)))
    words = {word for word in found if not word.isascii()}
    letters = b"".join(word for word in words if len(word) > 2)  # noqa: PLR2004 - short words say little
    ascii_share = sum(byte < 0x80 for byte in letters) / (len(letters) or 1)  # noqa: PLR2004
    sample = b" ".join(words)
    if ascii_share >= _LEAST_ASCII:
        return _latin(sample) if len(words) >= _LATIN_WORDS else MAY_BE_WESTERN
    is_other = ascii_share <= _MOST_ASCII and sum(len(word) > 2 for word in words) > 1  # noqa: PLR2004 - as above
    if not is_other:
        return MAY_BE_WESTERN
    return _other_script(sample) if len(words) >= _OTHER_WORDS else None


def _latin(sample: bytes) -> CodePage:
    western = {word.rstrip("ªº") for word in _words(sample, WESTERN, "replace")}
    most = _WESTERN if len(western) < _MANY_WORDS else _WESTERN_OF_MANY
    letters = set("".join(western))
    for language, alphabet in _LANGUAGES[WESTERN].items():
        is_possible = language not in _ALWAYS or not letters.isdisjoint(_ALWAYS[language])
        if is_possible and _explained(western, alphabet) > most:
            return MAY_BE_WESTERN
    found: dict[CodePage, int] = {}
    for codec, language, alphabet, words in _candidates(sample):
        own = {letter for letter in alphabet if letter.encode(codec).decode(WESTERN, "replace") != letter}
        written = "".join(words)
        is_its_own = len(own.intersection(written)) >= min(_OWN_LETTERS, len(own))
        if is_its_own and _explained(words, alphabet) >= _EXPLAINED and language not in _FREQUENT:
            found[CodePage(codec, language)] = sum(not letter.isascii() for letter in written)
    return max(found, key=found.__getitem__, default=MAY_BE_WESTERN)


def _other_script(sample: bytes) -> CodePage | None:
    found = [
        (_explained(words, alphabet) * _often(words, language), _explained(words, alphabet), CodePage(codec, language))
        for codec, language, alphabet, words in _candidates(sample)
        if language in _FREQUENT
    ]
    often, share, best = max(found, default=(0.0, 0.0, None))
    others = max((each[0] for each in found if best is not None and each[2].codec != best.codec), default=0.0)
    return best if share >= _EXPLAINED_OTHER and often >= _OFTEN and often - others >= _LEAD else None


def _candidates(sample: bytes) -> Iterator[tuple[str, str, str, set[str]]]:
    """Code pages and languages that may explain the words, each with its alphabet and the words."""
    beyond = sum(byte >= 0x80 for byte in sample)  # noqa: PLR2004
    for codec, languages in _LANGUAGES.items():
        words = set() if codec == WESTERN else _words(sample, codec, "strict")
        letters = sum(not letter.isascii() for word in words for letter in word)
        for language, alphabet in languages.items() if letters >= _LETTERS * beyond else ():
            if words and _explained(words, alphabet) >= _LIKELY:
                yield codec, language, alphabet, words


def _words(sample: bytes, codec: str, errors: str) -> set[str]:
    """The different words with a letter beyond ASCII, in small letters where their case is as people write it; none
    where the bytes are no text of this code page."""
    try:
        text = sample.decode(codec, errors)
    except UnicodeDecodeError:
        return set()
    found = (word for word in _WORD.findall(text) if not word.isascii())
    # Case tells code pages apart that have the same letters in other places.
    return {_small(word) if word[1:] == _small(word[1:]) or word.isupper() else word for word in found}


def _small(word: str) -> str:
    return word.replace("İ", "i").lower()


def _explained(words: set[str], alphabet: str) -> float:
    """The share of words all of whose letters beyond ASCII are in the alphabet."""
    return sum(all(letter.isascii() or letter in alphabet for letter in word) for word in words) / (len(words) or 1)


def _often(words: set[str], language: str) -> float:
    """The share of the language's most frequent letters in the words."""
    letters = "".join(words)
    return sum(map(letters.count, set(_FREQUENT[language]))) / (len(letters) or 1)
