"""Where in a body the binary contents of each tensor are, and which tensor is at fault where the sizes do not add up.

Contents stand one behind the other, so one size that is wrong moves all that follow. What a tensor's shape and datatype
take tells which one it is, and where the others are all the same. It knows datatypes and lengths, no JSON.
"""

from collections.abc import Sequence
from typing import NamedTuple

from churn_serving.oip import binary


class Declared(NamedTuple):
    """What a request says of one tensor's contents; ``rows`` is None where its shape is none, ``size`` below zero where
    it is none."""

    datatype: str
    rows: int | None
    size: int


class Places(NamedTuple):
    """Contents tensor by tensor, None where nobody can tell; what is wrong with a size, by the tensor's number; what is
    wrong with the body as a whole, empty if nothing is."""

    contents: list[bytes | None]
    faults: dict[int, str]
    body: str = ""


def locate(declared: Sequence[Declared], content: bytes) -> Places:
    """Take the contents apart."""
    sizes = [tensor.size for tensor in declared]
    surplus = len(content) - sum(sizes)
    if not surplus and min(sizes, default=0) >= 0:
        return Places(_cut(sizes, content), {})
    taken = _taken(declared, content)
    faults = {
        number: "binary_data_size: expected a whole number of bytes" for number, size in enumerate(sizes) if size < 0
    }
    for number, (tensor, size) in enumerate(zip(declared, taken, strict=False)):
        if size != tensor.size and tensor.size >= 0:
            faults[number] = f"binary_data_size is {tensor.size}, its shape and datatype take {size} bytes"
    if faults and len(taken) == len(declared) and sum(taken) == len(content):
        return Places(_cut(taken, content), faults)
    if faults:
        first = min(faults)
        return Places([*_cut(sizes[:first], content), *([None] * (len(sizes) - first))], faults)
    if surplus > 0:
        return Places(_cut(sizes, content), {}, f"{surplus} bytes of binary contents belong to no tensor")
    return Places(_cut(sizes, content), {}, f"binary contents end {-surplus} bytes before the tensors do")


def _cut(sizes: Sequence[int], content: bytes) -> list[bytes | None]:
    found: list[bytes | None] = []
    start = 0
    for size in sizes:
        end = start + size
        found.append(content[start:end] if end <= len(content) else None)
        start = end
    return found


def _taken(declared: Sequence[Declared], content: bytes) -> list[int]:
    """How many bytes each tensor takes by its shape and datatype, as far as that is certain."""
    taken: list[int] = []
    start = 0
    for tensor in declared:
        size = None if tensor.rows is None else binary.size_of(tensor.datatype, tensor.rows, content, start)
        if size is None:
            break
        taken.append(size)
        start += size
    return taken
