"""Where files come from and go to: a path of this machine, or `s3://bucket/key` in object storage.

Names alone: it must not open anything, for every start of `churn` reads it.
"""

from dataclasses import dataclass
from pathlib import Path

SCHEME = "s3://"


@dataclass(frozen=True)
class ObjectLocation:
    """An object in object storage; its text is the URI that was given."""

    bucket: str
    key: str

    def __str__(self) -> str:
        return f"{SCHEME}{self.bucket}/{self.key}" if self.key else f"{SCHEME}{self.bucket}"

    @property
    def name(self) -> str:
        """The last part of the key, as a file would be called."""
        return self.key.rsplit("/", 1)[-1]


Location = Path | ObjectLocation


def location(text: str) -> Location:
    """The place that a command line names; never fails, so that a bad one is refused where it is used."""
    if not text.startswith(SCHEME):
        return Path(text)
    bucket, _, key = text.removeprefix(SCHEME).partition("/")
    return ObjectLocation(bucket, key)
