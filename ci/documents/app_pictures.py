"""Makes pictures for the documents of pages of the app as a browser has drawn them: python app_pictures.py DRAWN KEPT.

Of long pages it keeps the upper part (of the models all, whose contest comes last), in 64 colours, so that none is
larger than 120 KiB. It must not know how pages are drawn.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

PAGES = ("overview", "customers", "customer", "segments", "plan", "result", "models")
TALLEST = {"desk": 1400, "phone": 1200}
WHOLE = "models"
COLOURS = 64
LARGEST = 120 * 1024


def main(arguments: Sequence[str]) -> int:
    """Make all of them and say how large they are; 1 where one is too large."""
    drawn, kept = map(Path, arguments)
    largest = 0
    for page in PAGES:
        for kind, tallest in TALLEST.items():
            place = kept / f"app-{page}-{kind}.png"
            make(drawn / f"{page}-{kind}.png", place, None if page == WHOLE else tallest)
            size = place.stat().st_size
            largest = max(largest, size)
            print(f"{place}: {size:,} bytes{'' if size <= LARGEST else f', more than {LARGEST:,}'}")
    return int(largest > LARGEST)


def make(drawn: Path, place: Path, tallest: int | None) -> None:
    """One picture; ``tallest``: dots of its height that are kept, None: all."""
    with Image.open(drawn) as whole:
        part = whole.convert("RGB").crop((0, 0, whole.width, min(whole.height, tallest or whole.height)))
    # Colours of few dots say something, such as that of a high risk: none may be lost to its neighbour.
    part.quantize(COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(place, optimize=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
