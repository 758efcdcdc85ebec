"""What a caller of a model needs to know, without the model: schema, encoding, segments, actions, scorecard.

A backend shows it beside its protocol and a gateway keeps it by digest. It travels as the package's own signed files,
so the receiver proves it exactly as a server proves a package; it needs no model library.
"""

import base64
import binascii
from collections.abc import Mapping
from typing import Any

import msgspec

from churn_model.actions import ActionTable
from churn_model.documents import read_by_any_thread
from churn_model.encoding import Encoder
from churn_model.errors import CorruptPackage, UntrustedPackage
from churn_model.golden import Golden
from churn_model.manifest import (
    DESCRIPTION_FILES,
    GOLDEN,
    MANIFEST,
    SIGNATURE,
    Manifest,
    check_file,
    digest_of,
    parse_manifest,
)
from churn_model.schema import Row, Schema
from churn_model.scorecard import Scorecard
from churn_model.scorer import Scores
from churn_model.segments import Segmenter
from churn_model.signing import TrustedKeys


@read_by_any_thread
class _Documents(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    manifest: str
    signature: str
    files: dict[str, str]


class Description:
    """A verified description; immutable."""

    def __init__(self, manifest_bytes: bytes, signature: bytes, files: Mapping[str, bytes]) -> None:
        """Build from content that was verified before; use :meth:`from_documents` for what came from elsewhere."""
        self.manifest: Manifest = parse_manifest(manifest_bytes)
        self.digest = digest_of(manifest_bytes)
        self.schema: Schema = self.manifest.schema
        self.encoder = Encoder.from_json(_decode("encoder.json", files), self.schema)
        self.segmenter = Segmenter.from_json(_decode("segments.json", files), self.schema)
        self.actions = ActionTable.from_json(_decode("actions.json", files), self.schema)
        self.scorecard = Scorecard.from_json(_decode("scorecard.json", files), len(self.schema.features))
        self.golden = Golden.from_bytes(files[GOLDEN], self.schema)
        self._manifest_bytes = manifest_bytes
        self._signature = signature
        self._files = {name: files[name] for name in DESCRIPTION_FILES}

    @property
    def name(self) -> str:
        """The registered model's name."""
        return self.manifest.name

    @property
    def version(self) -> str:
        """The registered model's version."""
        return self.manifest.version

    def degraded_scores(self, rows: list[Row]) -> Scores:
        """What the scorecard and the segments answer without any backend."""
        return Scores(self.scorecard.probabilities(self.encoder.encode(rows)), self.segmenter.assign(rows))

    def is_signed_by(self, trusted: TrustedKeys) -> bool:
        """Whether one of the keys that are trusted now signed it; they can have changed since it was read."""
        try:
            verify_signature(self._manifest_bytes, self._signature, trusted)
        except UntrustedPackage:
            return False
        return True

    def to_documents(self) -> dict[str, Any]:
        """The signed files as one JSON-able document."""
        return {
            "manifest": self._manifest_bytes.decode(),
            "signature": self._signature.decode("ascii"),
            "files": {name: content.decode() for name, content in self._files.items()},
        }

    @classmethod
    def from_documents(cls, document: object, trusted: TrustedKeys) -> "Description":
        """Verify and read what :meth:`to_documents` wrote.

        Raises:
            UntrustedPackage: the signature is not by a trusted key.
            CorruptPackage: a document is missing or altered.
            SchemaMismatch: the documents contradict each other.
        """
        try:
            parsed = msgspec.convert(document, _Documents)
        except msgspec.ValidationError as error:
            raise CorruptPackage(f"description: {error}") from error
        manifest_bytes, signature = parsed.manifest.encode(), parsed.signature.encode()
        verify_signature(manifest_bytes, signature, trusted)
        manifest = parse_manifest(manifest_bytes)
        files = {name: content.encode() for name, content in parsed.files.items()}
        for name in DESCRIPTION_FILES:
            if name not in files:
                raise CorruptPackage(f"{name}: missing from the description")
            check_file(name, files[name], manifest)
        return cls(manifest_bytes, signature, files)


def verify_signature(manifest_bytes: bytes, signature: bytes, trusted: TrustedKeys) -> None:
    """Hold the content of ``signature`` (base64 of 64 bytes) against the manifest's bytes.

    Raises:
        UntrustedPackage: malformed, or not by a trusted key.
    """
    try:
        raw = base64.b64decode(signature, validate=True)
    except binascii.Error as error:
        raise UntrustedPackage(f"{SIGNATURE}: not base64") from error
    trusted.verify(manifest_bytes, raw)


def _decode(name: str, files: Mapping[str, bytes]) -> Any:
    try:
        return msgspec.json.decode(files[name])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise CorruptPackage(f"{name}: not valid JSON next to {MANIFEST}") from error
