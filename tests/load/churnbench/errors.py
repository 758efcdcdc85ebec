"""Why a benchmark could not measure something, in one line; never raised for a figure that disappoints."""


class BenchError(Exception):
    """Something could not be built, started or measured."""
