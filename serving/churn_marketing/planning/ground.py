"""What plans stand on: a batch's customers, the model that scores them, the use case's rules; named so that another
process finds the same.

It must not know plans.
"""

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import msgspec

from churn_campaigns.campaign.orders import Rules
from churn_marketing.planning.faults import PlanningFault
from churn_model.package import Package, open_package
from churn_model.signing import TrustedKeys
from churn_model.usecase import UseCase, load_usecase

_PARTS = {".csv", ".tsv", ".txt", ".parquet", ".pq", ".json", ".jsonl", ".ndjson", ".arrow", ".feather", ".gz", ".zst"}


@dataclass(frozen=True)
class Ground:
    """Where things lie. ``model``: folder of the package; ``digest``: which package it has to be; ``customers``: the
    file or folder that was scored, ``batch`` a name that changes with its content; ``folder``: where planning keeps
    what it has worked out."""

    usecase: str
    model: Path
    digest: str
    verify_key: Path
    customers: Path
    batch: str
    folder: Path

    @property
    def code(self) -> str:
        """A short name that no other customers, model or rules have."""
        rules = msgspec.json.encode(known_usecase(self.usecase)).hex()
        return hashlib.sha256(f"{self.batch}\0{self.digest}\0{rules}".encode()).hexdigest()[:16]

    @property
    def prepared(self) -> Path:
        """Folder of what was worked out once for all plans on this ground."""
        return self.folder / "grounds" / self.code

    @property
    def files(self) -> tuple[Path, ...]:
        """The files of customers, in the order of their names."""
        if not self.customers.is_dir():
            return (self.customers,)
        return tuple(
            path
            for path in sorted(self.customers.rglob("*"))
            if path.is_file() and path.suffix.lower() in _PARTS and not path.name.startswith((".", "_"))
        )

    def package(self) -> Package:
        """The model.

        Raises:
            PlanningFault: another one lies there now; ChurnModelError: it cannot be used.
        """
        package = _opened(self.model.resolve(), self.verify_key, self.digest)
        if package.digest != self.digest:
            _opened.cache_clear()
            raise PlanningFault("The model was replaced at this moment. Load the page again to plan with the new one.")
        return package

    def rules(self) -> Rules:
        """What a campaign may do."""
        return rules_of(known_usecase(self.usecase))


def rules_of(usecase: UseCase) -> Rules:
    """A use case's rules of campaigns."""
    missing, source = frozenset(usecase.missing), f"use case {usecase.name}"
    return Rules(usecase.actions, usecase.contacts, missing, source, usecase.groups)


@lru_cache(maxsize=4)
def known_usecase(name: str) -> UseCase:
    """A use case, read once a process, as settings are."""
    return load_usecase(name)


@lru_cache(maxsize=2)
def _opened(folder: Path, verify_key: Path, digest: str) -> Package:  # noqa: ARG001 - another digest is opened anew
    return open_package(folder, TrustedKeys.load(verify_key))
