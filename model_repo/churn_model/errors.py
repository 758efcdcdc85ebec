"""Everything that can be wrong with a churn model, as one tree.

    ChurnModelError
    ├── UseCaseError        the use case's YAML is not usable
    ├── RecordError         a customer record does not fit the schema
    ├── PackageError        a model package may not be served
    │   ├── CorruptPackage      a file is missing, surplus, truncated or altered
    │   ├── UntrustedPackage    the signature is missing, forged or by an unknown key
    │   ├── SchemaMismatch      the parts of the package contradict each other
    │   └── GoldenMismatch      the model does not answer what it answered when it was made
    ├── ExplanationUnavailable  the model's file does not hold what explaining its answers takes
    └── RegistryError       the model registry refused or is inconsistent

``str(error)`` is always one line fit for a terminal, a log or a termination message. It knows no protocol: each server
maps this tree by a table of its own.
"""


class ChurnModelError(Exception):
    """Root of the tree; catching it catches every failure of this package."""


class UseCaseError(ChurnModelError):
    """A use case file names an unknown key, lacks one, or contradicts itself."""


class RecordError(ChurnModelError):
    """A customer record does not fit the schema."""


class PackageError(ChurnModelError):
    """A model package may not be served."""


class CorruptPackage(PackageError):
    """A file of the package is missing, surplus, unreadable or not the one that was signed."""


class UntrustedPackage(PackageError):
    """The package's signature is missing, forged, or made by a key that is not trusted here."""


class SchemaMismatch(PackageError):
    """Parts of the package contradict each other, or its format is not known."""


class GoldenMismatch(PackageError):
    """The loaded model answers its golden rows differently from when it was packaged."""


class ExplanationUnavailable(ChurnModelError):
    """The model's file does not hold what explaining its answers takes; the answers themselves are sound."""


class RegistryError(ChurnModelError):
    """The registry has no such model or version, or refused a change."""
