"""The adapter to git, the server's side: where the branch stands there, and a push that wins or changes nothing.

The server compares what the branch was when we looked with what it is when it writes, in one step: of two who push at
once one is told. Addresses are shown without what may be secret in them.
"""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from urllib.parse import unquote, urlsplit

from dulwich.client import (
    GitClient,
    LocalGitClient,
    default_urllib3_manager,
    get_transport_and_path,
)
from dulwich.config import Config
from dulwich.errors import (
    GitProtocolError,
    SendPackError,
)
from dulwich.objects import ObjectID
from dulwich.refs import Ref, check_ref_format
from dulwich.repo import Repo

from churn_delivery.errors import DeliveryError, GitServerAway, RaceLost, TreeBehind, TreeNotReady
from churn_delivery.git_address import MUST_BE, plain, require_address
from churn_delivery.git_faults import translated
from churn_delivery.repository import Checkout
from churn_delivery.settings import Credentials

SECONDS = 30.0
"""How long the server may keep silent."""
_TOKEN_USER = "token"  # noqa: S105 - a name, as good as any other


class GitServer:
    """The server that the checkout's branch comes from."""

    def __init__(self, checkout: Checkout, credentials: Credentials) -> None:
        """Find it in the checkout's configuration.

        Raises:
            TreeNotReady: the checkout knows none.
        """
        self._checkout, config = checkout, checkout.repo.get_config_stack()
        branch = (b"branch", checkout.branch.encode())
        try:
            remote = config.get(branch, b"remote")
        except KeyError:
            remote = b"origin"
        try:
            self._ref = config.get(branch, b"merge")
        except KeyError:
            self._ref = b"refs/heads/" + checkout.branch.encode()
        try:
            url = config.get((b"remote", remote), b"url").decode()
        except KeyError:
            raise TreeNotReady(
                f"{checkout.root}: branch {checkout.branch} comes from no git server (git remote add origin ADDRESS)"
            ) from None
        self._tracking = b"refs/remotes/" + remote + b"/" + self._ref.removeprefix(b"refs/heads/")
        self.address = plain(url)
        self._client, self._path = connected(url, config, credentials)
        if isinstance(self._client, LocalGitClient):
            self._path = self._folder()

    @property
    def branch(self) -> str:
        """The branch's name at the server."""
        return self._ref.removeprefix(b"refs/heads/").decode()

    def require_same(self) -> None:
        """That the checkout is at the very commit that the server has, after asking it.

        Raises:
            TreeNotReady: it is behind, ahead, or both; says which.
            GitServerAway: the server does not answer.
            CredentialsRefused: it does not let us in.
        """
        head, theirs = self._checkout.head, self.fetch()
        if theirs == head:
            return
        place = f"{self._checkout.root}: branch {self._checkout.branch}"
        if self._checkout.is_ancestor(head, theirs):
            raise TreeBehind(f"{place} is behind its server; git pull first")
        if self._checkout.is_ancestor(theirs, head):
            raise TreeNotReady(f"{place} has commits that its server has not; git push them or take them back first")
        raise TreeNotReady(f"{place} and its server's have diverged; git pull --rebase first")

    def push(self, commit: bytes) -> None:
        """Make a commit on top of the branch the server's.

        Raises:
            RaceLost: the branch has another commit meanwhile.
            DeliveryError: the server refuses it, for a reason that it gives.
            GitServerAway: the server does not answer.
        """
        self._send(self._ref, self._checkout.head, commit)
        self._checkout.repo.refs[Ref(self._tracking)] = ObjectID(commit)

    def open_branch(self, name: str, commit: bytes) -> None:
        """Give the server a commit as a new branch.

        Raises:
            DeliveryError: there is such a branch, or the server refuses it.
            GitServerAway: the server does not answer.
        """
        ref = b"refs/heads/" + name.encode()
        if not check_ref_format(Ref(ref)):
            raise DeliveryError(f"--branch: {name!r} is not the name of a branch")
        self._send(ref, None, commit)

    def _send(self, ref: bytes, expected: bytes | None, commit: bytes) -> None:
        try:
            refused = self._pushed(ref, expected, commit)
        except GitServerAway as error:
            if self._after(ref, commit) != commit:
                raise error from error.__cause__
            return
        if refused is None:
            return
        # The reason is the server's own words; whether somebody was first is told by where the branch is now.
        self._require_unmoved(ref, expected, self._after(ref, commit))
        words = " ".join(refused.split())[:200]
        raise DeliveryError(
            f"{self.address}: refuses the commit on {_short(ref)} ({words}); --branch NAME opens it as a branch"
        )

    def _pushed(self, ref: bytes, expected: bytes | None, commit: bytes) -> str | None:
        """Why the server refused, None if it did not."""

        def change(found: dict[Ref, ObjectID]) -> dict[Ref, ObjectID]:
            self._require_unmoved(ref, expected, found.get(Ref(ref)))
            return {Ref(ref): ObjectID(commit)}

        with self._translated():
            try:
                pack = self._checkout.repo.generate_pack_data
                result = self._client.send_pack(self._path.encode(), change, pack)  # type: ignore[arg-type] # sets of two kinds
            except SendPackError as error:
                return str(error)
        return (result.ref_status or {}).get(ref)

    def _after(self, ref: bytes, commit: bytes) -> bytes | None:
        """Where a branch is once a push did not end well."""
        try:
            with self._translated():
                return self._client.get_refs(self._path.encode()).refs.get(Ref(ref))
        except GitServerAway as error:
            raise GitServerAway(
                f"{self.address}: stopped to answer while commit {commit[:10].decode()} was sent; git fetch shows "
                "whether it has come, and running the command again writes it once"
            ) from error

    def _require_unmoved(self, ref: bytes, expected: bytes | None, found: bytes | None) -> None:
        if expected is None and found is not None:
            raise DeliveryError(f"{self.address}: there is a branch {_short(ref)} already; name another one")
        if found != expected:
            raise RaceLost(
                f"{self.address}: somebody else's commit came first on {_short(ref)}; nothing was changed, git pull "
                "and run the command again"
            )

    def fetch(self) -> bytes:
        """The commit that the server's branch is at, which the checkout's store of objects has from now on.

        Raises:
            TreeNotReady: the server has no such branch.
            GitServerAway: the server does not answer.
            CredentialsRefused: it does not let us in.
        """
        repo, wanted = self._checkout.repo, Ref(self._ref)

        def wants(refs: Mapping[Ref, ObjectID], depth: int | None = None) -> list[ObjectID]:  # noqa: ARG001 - dulwich's
            return [refs[wanted]] if wanted in refs and refs[wanted] not in repo.object_store else []

        with self._translated():
            theirs = self._client.fetch(self._path.encode(), repo, determine_wants=wants).refs.get(wanted)
            if theirs is not None and theirs not in repo.object_store:
                raise GitProtocolError("it names a commit that it does not send")
        if theirs is None:
            raise TreeNotReady(f"{self.address}: has no branch {self.branch}; push it first")
        repo.refs[Ref(self._tracking)] = theirs
        return theirs

    def _folder(self) -> str:
        """A server that is a folder, found from the checkout as git finds it. Only git itself keeps its hands off a
        branch that is checked out there.

        Raises:
            TreeNotReady: it is none, or somebody works on the branch there.
        """
        folder = (self._checkout.root / self._path).resolve()
        with self._translated(), Repo(str(folder)) as there:
            worked_on = not there.bare and Ref(self._ref) in there.refs.follow(Ref(b"HEAD"))[0]
        if worked_on:
            raise TreeNotReady(
                f"{folder}: has branch {self.branch} checked out; a push would move it beneath whoever works there: "
                "name a server or a bare repository (git remote set-url)"
            )
        return str(folder)

    def _translated(self) -> AbstractContextManager[None]:
        return translated(self.address)


def connected(url: str, config: Config, credentials: Credentials) -> tuple[GitClient, str]:
    """Who speaks to the server at an address, and the repository's path there.

    Raises:
        TreeNotReady: it is no address.
    """
    require_address(url)
    is_http = url.startswith(("http://", "https://"))
    pool = default_urllib3_manager(config, base_url=url, timeout=SECONDS) if is_http else None
    known = {"username": _user(url, credentials), "password": credentials.password} if is_http else {}
    try:
        return get_transport_and_path(url, config=config, operation="push", quiet=True, pool_manager=pool, **known)  # type: ignore[arg-type]
    except ValueError:
        raise TreeNotReady(f"{plain(url)}: {MUST_BE}") from None


def _user(url: str, credentials: Credentials) -> str | None:
    """Who asks: as whoever runs us says, else as the address does. With a password alone some name is needed; servers
    that take tokens take any."""
    named = credentials.username or unquote(urlsplit(url).username or "")
    return named or (_TOKEN_USER if credentials.password else None)


def _short(ref: bytes) -> str:
    return ref.removeprefix(b"refs/heads/").decode()
