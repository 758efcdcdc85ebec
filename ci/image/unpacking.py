"""Tar archives, unpacked where nothing of them can get outside of the folder.

Python's own way to unpack with care is younger than Debian's Python 3.11, so names are looked at here and tar unpacks.
It must not know whose archives they are.
"""

import posixpath
import subprocess
import tarfile
from pathlib import Path


class UnpackingError(Exception):
    """An archive cannot be read, or something of it would be outside of the folder; the message names it."""


def unpacked(archive: Path, folder: Path) -> Path:
    """Unpack a tar archive into a folder, which is made, and return it.

    Raises:
        UnpackingError: it is none, or a member of it, or what a link leads to, would be outside; nothing is unpacked.
    """
    try:
        with tarfile.open(archive) as members:
            refuse_what_leads_outside(members)
    except tarfile.TarError as error:
        raise UnpackingError(f"{archive.name} is no archive of tar's: {error}") from error
    folder.mkdir(exist_ok=True)
    done = subprocess.run(  # noqa: S603 - a list of words, no shell
        ["tar", "--extract", "--file", archive, "--directory", folder], check=False, capture_output=True, text=True  # noqa: S607 - of PATH
    )  # fmt: skip
    if done.returncode:
        raise UnpackingError(f"{archive.name} could not be unpacked: {done.stderr.strip()[-300:]}")
    return folder


def refuse_what_leads_outside(members: tarfile.TarFile) -> None:
    """Look at every member's name and at what links lead to; neither may go through a link of the archive, behind which
    names no longer say where they are.

    Raises:
        UnpackingError: with the first that is not to be unpacked.
    """
    links = {posixpath.normpath(member.name) for member in members if member.issym()}
    for member in members:
        target = member.linkname
        if member.issym():
            target = posixpath.join(posixpath.dirname(member.name), target)
        if _outside(member.name, links):
            raise UnpackingError(f"{member.name!r} would be outside of the folder")
        if (member.issym() or member.islnk()) and _outside(target, links):
            raise UnpackingError(f"{member.name!r} leads outside of the folder, to {member.linkname!r}")
        if not (member.isfile() or member.isdir() or member.issym() or member.islnk()):
            raise UnpackingError(f"{member.name!r} is neither a file nor a folder nor a link")


def _outside(path: str, links: set[str]) -> bool:
    """Whether a name may be that of something outside, or goes on behind a link, by which it may be."""
    above = {posixpath.normpath(path[:place]) for place, letter in enumerate(path) if letter == "/" and place}
    return path.startswith("/") or posixpath.normpath(path).split("/")[0] == ".." or bool(links & above)
