"""What a refused gRPC call says: a text that fits into metadata.

Status details travel percent-encoded in trailers, and a client that finds more than 8 KiB there drops the whole answer.
"""

MAX_DETAILS_BYTES = 6 * 1024
"""Of the encoded text; the rest of the 8 KiB is for other trailers."""
_ENCODED = 3  # bytes for one that is not printable ASCII
_ELLIPSIS = _ENCODED * len("…".encode())


def fitting(text: str) -> str:
    """The text, cut where its encoding would be too long."""
    if len(text) <= MAX_DETAILS_BYTES and text.isascii() and text.isprintable() and "%" not in text:
        return text
    size = 0
    for index, character in enumerate(text):
        size += _encoded_bytes(character)
        if size > MAX_DETAILS_BYTES - _ELLIPSIS:
            return text[:index] + "…"
    return text


def _encoded_bytes(character: str) -> int:
    if " " <= character <= "~" and character != "%":
        return 1
    return _ENCODED * len(character.encode(errors="backslashreplace"))
