"""What an archive holds is unpacked into its folder, and nothing of it gets anywhere else."""

import io
import tarfile
from pathlib import Path

import pytest

from ci.image.unpacking import UnpackingError, unpacked


def archive(folder: Path, *members: tuple[str, str, bytes]) -> Path:
    """A tar archive of members: name, content or what a link leads to, and the kind."""
    with tarfile.open(folder / "archive.tar", "w") as made:
        for name, content, kind in members:
            member = tarfile.TarInfo(name)
            member.type = kind
            if kind == tarfile.REGTYPE:
                member.size = len(content)
            else:
                member.linkname = content
            made.addfile(member, io.BytesIO(content.encode()) if kind == tarfile.REGTYPE else None)
    return folder / "archive.tar"


def test_files_folders_and_links_are_there(tmp_path: Path) -> None:
    made = archive(
        tmp_path,
        ("./blobs", "", tarfile.DIRTYPE),
        ("./blobs/one", "content", tarfile.REGTYPE),
        ("blobs/again", "../blobs/one", tarfile.SYMTYPE),
        ("same", "./blobs/one", tarfile.LNKTYPE),
    )
    folder = unpacked(made, tmp_path / "folder")
    assert folder == tmp_path / "folder"
    assert {path.relative_to(folder).as_posix() for path in folder.rglob("*")} == {
        "blobs", "blobs/one", "blobs/again", "same",
    }  # fmt: skip
    assert [(folder / name).read_text() for name in ("blobs/one", "blobs/again", "same")] == ["content"] * 3


@pytest.mark.parametrize(
    "members",
    [
        [("../outside", "x", tarfile.REGTYPE)],
        [("a/../../outside", "x", tarfile.REGTYPE)],
        [("{outside}", "x", tarfile.REGTYPE)],
        [("link", "../outside", tarfile.SYMTYPE)],
        [("link", "{outside}", tarfile.SYMTYPE)],
        [("same", "../outside", tarfile.LNKTYPE)],
        [("a/b/here", "../..", tarfile.SYMTYPE), ("a/b/here/c", "x", tarfile.REGTYPE)],
        [("a/b/here", "../..", tarfile.SYMTYPE), ("c", "a/b/here/../outside", tarfile.SYMTYPE)],
        [("a/b/here", "../..", tarfile.SYMTYPE), ("c", "a/b/here/../outside", tarfile.LNKTYPE)],
        [("pipe", "", tarfile.FIFOTYPE)],
    ],
    ids=[
        "above",
        "above its folder",
        "absolute",
        "link",
        "absolute link",
        "hard link",
        "through a link",
        "link through a link",
        "hard link through a link",
        "pipe",
    ],
)
def test_what_would_be_outside_is_named_and_nothing_is_unpacked(
    tmp_path: Path, members: list[tuple[str, str, bytes]]
) -> None:
    outside = tmp_path / "outside"
    outside.write_text("as it was")
    filled = [(name.format(outside=outside), content.format(outside=outside), kind) for name, content, kind in members]
    with pytest.raises(UnpackingError) as refused:
        unpacked(archive(tmp_path, *filled), tmp_path / "folder")
    assert repr(filled[-1][0]) in str(refused.value)
    assert not (tmp_path / "folder").exists()
    assert outside.read_text() == "as it was"


def test_what_is_no_archive_is_said(tmp_path: Path) -> None:
    (tmp_path / "archive.tar").write_text("nothing")
    with pytest.raises(UnpackingError, match=r"archive\.tar is no archive"):
        unpacked(tmp_path / "archive.tar", tmp_path / "folder")
