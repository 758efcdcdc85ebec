"""What every estimator's file is held against when it is read; it knows no estimator."""


def require_format(found: int, expected: int = 1) -> None:
    """Raise ValueError unless a document has the format that is known here."""
    if found != expected:
        raise ValueError(f"format {found} is not known here, expected {expected}")


def require_features(found: int, expected: int) -> None:
    """Raise ValueError unless an estimator takes as many features as the schema has."""
    if found != expected:
        raise ValueError(f"it takes {found} features, the schema has {expected}")
