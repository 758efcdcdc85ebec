"""Which public keys a release trusts, and for how long those that signed a starter model.

Every build of the images signs its starter with a key that is thrown away, so trusting each for ever would let a pile
of keys grow that nobody watches. Those of the image that is installed and of the one before it stay: pods of both serve
during an upgrade, and after a rollback. Pure: texts in, texts out; it must not speak to a cluster.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from churn_data.errors import DataError
from churn_training.cluster.names import STARTERS, VERIFY

IMAGES = 2
"""Of how many images, one after the other, starters are trusted."""


@dataclass(frozen=True)
class Starter:
    """The public key of an image's starter (empty: it has none), what names the image, and whether it shall be
    trusted."""

    key: str
    image: str
    trusted: bool = True


def verify_keys(held: Mapping[str, str], starter: Starter, own: str) -> dict[str, str]:
    """The content of the ConfigMap of public keys: the release's own, its starters', and whatever else was added.

    Args:
        held: its content until now.
        starter: of the image that is installed.
        own: public half of the release's signing key; never taken away.

    Raises:
        DataError: what is held of starters is no such list.
    """
    before = _starters(held)
    after = _followed(before, starter)
    gone = ({key for _, key in before} | {starter.key.strip()}) - {key for _, key in after} - {own.strip(), ""}
    trusted = held.get(VERIFY, "")
    for key in sorted(gone):
        trusted = trusted.replace(f"{key}\n", "").replace(key, "")
    for key in (*(key for _, key in after), own.strip()):
        if key not in trusted:
            trusted += ("\n" if trusted and not trusted.endswith("\n") else "") + key + "\n"
    content = {VERIFY: trusted}
    if after or STARTERS in held:
        content[STARTERS] = json.dumps([{"image": image, "key": key} for image, key in after], indent=2)
    return content


def _followed(before: list[tuple[str, str]], starter: Starter) -> list[tuple[str, str]]:
    """Images and keys, the newest last. An image that is built again under its old name has more than one key: what
    is stored under that name may be signed by any of them."""
    if not starter.trusted:
        return []
    key = starter.key.strip()
    if not key:
        return before
    after = [entry for entry in before if entry != (starter.image, key)]
    known = dict.fromkeys(image for image, _ in after if image != starter.image)
    kept = {*list(known)[-(IMAGES - 1) :], starter.image}
    rest = [entry for entry in after if entry[0] in kept]
    # Those of the image that is installed come last, whichever was installed first.
    return sorted([*rest, (starter.image, key)], key=lambda entry: entry[0] == starter.image)


def _starters(held: Mapping[str, str]) -> list[tuple[str, str]]:
    try:
        return [(entry["image"], entry["key"].strip()) for entry in json.loads(held.get(STARTERS) or "[]")]
    except (ValueError, TypeError, KeyError, AttributeError):
        problem = "is no list of images and keys; take it out, and starters are trusted anew from here on"
        raise DataError(f"{STARTERS} of the public keys", problem) from None
