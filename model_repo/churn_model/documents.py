"""Types that documents are read into, made ready before any thread reads one.

msgspec compiles a type at its first use and lets other threads see the half-made result: two that read their first
document at the same time end the whole process by a segmentation fault (seen with msgspec 0.22). A module is imported
once, so that is where every such type is compiled. It knows no document.
"""

from typing import TypeVar

import msgspec

_Struct = TypeVar("_Struct", bound=msgspec.Struct)


def read_by_any_thread(kind: type[_Struct]) -> type[_Struct]:
    """For a class that `msgspec.json.decode` or `msgspec.convert` is asked for: compiled, with all that it holds."""
    msgspec.json.Decoder(kind)
    return kind
