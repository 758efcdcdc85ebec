"""The adapter to git, the checkout's side: what commits hold, a commit of changed files, and how it gets here.

A commit is made as an object first and the branch follows only when the server has it, so whatever goes wrong on the
way leaves branch, index and files as they were. dulwich is imported here, in `git_server.py` and in `clone.py` alone:
the image of training has no git program, and this one library reads checkouts, speaks HTTP and SSH and needs nothing
beside it.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from os import fsdecode
from pathlib import Path
from time import time
from typing import Self

from dulwich import porcelain
from dulwich.diff_tree import tree_changes
from dulwich.errors import NotGitRepository, WorkingTreeModifiedError
from dulwich.index import update_working_tree
from dulwich.object_store import commit_tree_changes
from dulwich.objects import S_ISGITLINK, Blob, Commit, ObjectID, SubmoduleEncountered, Tree
from dulwich.refs import Ref
from dulwich.repo import DefaultIdentityNotFound, Repo, get_user_identity

from churn_delivery.errors import DeliveryError, EnvironmentProblem, TreeNotReady
from churn_delivery.history import FileState

_HEADS, _FILE = b"refs/heads/", 0o100644
_UNDER_WAY = ("MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "rebase-merge", "rebase-apply")
_SHOWN = 3


class Checkout:
    """A git checkout at its branch, open until the block ends. Everything that is read is read from commits, never from
    files that lie about."""

    def __init__(self, folder: Path) -> None:
        """Find the checkout that a folder is in.

        Raises:
            TreeNotReady: the folder is in none, it has no commit, or no branch is checked out.
        """
        try:
            self.repo = Repo.discover(str(folder))
        except NotGitRepository:
            raise TreeNotReady(f"{folder}: is not in a git checkout; --repository names one") from None
        self.root = Path(self.repo.path)
        try:
            self._ref, self.head = self._branch()
        except TreeNotReady:
            self.repo.close()
            raise
        self.branch = self._ref.removeprefix(_HEADS).decode()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.repo.close()

    def _branch(self) -> tuple[Ref, ObjectID]:
        names, head = self.repo.refs.follow(Ref(b"HEAD"))
        if not names[-1].startswith(_HEADS):
            raise TreeNotReady(f"{self.root}: no branch is checked out; git switch to the branch that is deployed")
        if head is None:
            raise TreeNotReady(f"{self.root}: the branch has no commit yet")
        return names[-1], head

    def require_clean(self) -> None:
        """That nothing is changed and nothing is under way; files that git does not know do not matter.

        Raises:
            TreeNotReady: something is; names it.
        """
        control = Path(self.repo.controldir())
        under_way = [name for name in _UNDER_WAY if (control / name).exists()]
        if under_way:
            raise TreeNotReady(
                f"{self.root}: a merge or rebase is under way ({under_way[0]}); finish or abort it first"
            )
        status = porcelain.status(self.repo, untracked_files="no", optional_locks=False)
        unstaged = {path for path in status.unstaged if not self._is_submodule_that_nobody_fetched(path)}
        changed = sorted({*(path for paths in status.staged.values() for path in paths), *unstaged})
        if changed:
            named = ", ".join(path.decode("utf-8", "replace") for path in changed[:_SHOWN])
            more = f" and {len(changed) - _SHOWN} more" if len(changed) > _SHOWN else ""
            raise TreeNotReady(f"{self.root}: changes are not committed ({named}{more}); commit or stash them first")

    def _is_submodule_that_nobody_fetched(self, path: bytes) -> bool:
        """To git that is no change, to the library it is."""
        entry = self.repo.open_index()[path]
        return S_ISGITLINK(getattr(entry, "mode", 0)) and not (self.root / fsdecode(path) / ".git").exists()

    def read(self, path: str, commit: bytes | None = None) -> bytes | None:
        """The text of a file in a commit, by default the branch's; None where there is none.

        Raises:
            EnvironmentProblem: it is in a submodule.
        """
        found = self._blob(self._commit(commit or self.head), path)
        return None if found is None else self._text(found)

    def states(self, path: str) -> Iterator[FileState]:
        """What a file has held, newest first, along the branch itself: of a merge counts what it made of the file."""
        commit: Commit | None = self._commit(self.head)
        blob = self._blob(commit, path) if commit else None
        while commit is not None:
            parents = self.repo.get_parents(commit.id, commit)
            former = self._commit(parents[0]) if parents else None
            before = self._blob(former, path) if former else None
            if before != blob or former is None:
                day = datetime.fromtimestamp(commit.commit_time, UTC).date().isoformat()
                text = None if blob is None else self._text(blob)
                yield FileState(commit.id.decode(), day, text)
            commit, blob = former, before

    def commit(self, texts: Mapping[str, bytes], message: str) -> bytes:
        """A commit on top of the branch that changes these files, as an object that nothing points to yet.

        Raises:
            DeliveryError: git does not know who commits.
        """
        parent, blobs = self._commit(self.head), {path: Blob.from_string(text) for path, text in texts.items()}
        store, config = self.repo.object_store, self.repo.get_config_stack()
        for blob in blobs.values():
            store.add_object(blob)
        made = Commit()
        changes = [(path.encode(), _FILE, blob.id) for path, blob in blobs.items()]
        made.tree = commit_tree_changes(store, parent.tree, changes)
        made.parents = [self.head]
        try:
            made.author = get_user_identity(config, "AUTHOR")
            made.committer = get_user_identity(config, "COMMITTER")
        except DefaultIdentityNotFound:
            raise DeliveryError(
                "git does not know who commits: set GIT_AUTHOR_NAME, GIT_AUTHOR_EMAIL and the same for GIT_COMMITTER"
            ) from None
        made.author_time = made.commit_time = int(time())
        made.author_timezone = made.commit_timezone = 0
        made.encoding, made.message = b"UTF-8", message.encode()
        store.add_object(made)
        return made.id

    def adopt(self, commit: bytes) -> None:
        """Bring branch, index and files to a commit made here.

        Raises:
            TreeNotReady: the branch has moved meanwhile.
        """
        old, new = self._commit(self.head), self._commit(commit)
        if not self.repo.refs.set_if_equals(self._ref, self.head, new.id):
            raise TreeNotReady(
                f"{self.root}: the branch has moved meanwhile; git pull brings commit {new.id[:10].decode()}"
            )
        config = self.repo.get_config_stack()
        try:
            update_working_tree(
                self.repo,
                old.tree,
                new.tree,
                tree_changes(self.repo.object_store, old.tree, new.tree),
                blob_normalizer=self.repo.get_blob_normalizer(config=config),
                config=config,
            )
        except (OSError, WorkingTreeModifiedError) as error:
            raise TreeNotReady(
                f"{self.root}: commit {new.id[:10].decode()} is on the server, but the files here could not follow "
                f"({type(error).__name__}); git status shows what is in the way"
            ) from error
        self.head = new.id

    def is_ancestor(self, older: bytes, newer: bytes) -> bool:
        """Whether one commit is among the forebears of another."""
        return any(entry.commit.id == older for entry in self.repo.get_walker(include=[ObjectID(newer)]))

    def _commit(self, name: bytes) -> Commit:
        found = self.repo[ObjectID(name)]
        if not isinstance(found, Commit):
            raise TreeNotReady(f"{self.root}: {name.decode()} is not a commit")
        return found

    def _blob(self, commit: Commit, path: str) -> ObjectID | None:
        tree = self.repo[commit.tree]
        if not isinstance(tree, Tree):
            return None
        try:
            return tree.lookup_path(self.repo.object_store.__getitem__, path.encode())[1]
        except (KeyError, NotADirectoryError):
            return None
        except SubmoduleEncountered as found:
            module = found.path.decode("utf-8", "replace")
            raise EnvironmentProblem(
                path,
                f"lies in the submodule {module}, whose files are not in this repository; commit a copy of them (git "
                "subtree)",
            ) from None

    def _text(self, blob: ObjectID) -> bytes | None:
        found = self.repo[blob]
        return found.data if isinstance(found, Blob) else None
