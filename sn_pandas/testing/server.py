"""The embedded repository as a server to test against."""

from __future__ import annotations

import contextlib
import itertools
import threading
from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from ..connecting import InProcess, connect
from ..embedded import Application, Faults
from ..embedded.http.request_log import RequestLog
from ..embedded.http.wsgi_server import Server
from ..frames import Repository
from ..odata.retrying import Retries
from . import users

#: An ordinary user of the sample company: edits all below ``/Root/Content``, and gives no permissions.
EDITOR = "olga.okafor"
#: Retries that hardly wait.
QUICK = Retries(attempts=4, deadline=20, first_wait=0.001, longest_wait=0.01, budget=10_000)
_ADMIN = "admin"
_numbers = itertools.count(1)


class EmbeddedServer:
    """A repository in this process to test against: requests of any user, logged, and failing on purpose.

    Parameters
    ----------
    sample : bool
        Whether it holds the sample company; otherwise it is the untouched tree of an installed server.

    Attributes
    ----------
    application : Application
        The repository itself, as a WSGI application.
    url : str
        The address that connections have in this process, such as ``https://sensenet.test``.
    user : str
        As whom `connect` connects if nobody is named: ``olga.okafor``, an editor of the sample company, or
        the administrator of an untouched tree.
    faults : Faults
        What is to fail, and how; nothing at first.
    requests : RequestLog
        The requests that came, those that failed included.

    Examples
    --------
    >>> with EmbeddedServer() as server:
    ...     repo = server.connect()
    ...     server.faults.on("GET", match="Tasks", nth=1).unavailable(503)
    ...     tasks = repo.read("/Root/Content/IT/Tasks", select=["Name"])  # the second try succeeds
    ...     len(tasks), [request.status for request in server.requests.select("GET", "Tasks")][:2]
    (60, [503, 200])
    """

    def __init__(self, *, sample: bool = True) -> None:
        number = next(_numbers)
        self.url = "https://sensenet.test" if number == 1 else f"https://sensenet-{number}.test"
        self.application = Application(sample=sample)
        self.faults = Faults()
        self.requests = RequestLog()
        self.user = self._user = EDITOR if sample else _ADMIN
        self._answering = self.requests.around(self.faults.around(self.application))
        self._beginning = self.application.store.snapshot()
        self._connections: list[Repository] = []

    def __enter__(self) -> Self:
        """Return the server."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the server."""
        self.close()

    def connect(self, user: str | None = None, *, anonymous: bool = False, **options: Any) -> Repository:
        """Connect in this process; the connection is closed with the server.

        Parameters
        ----------
        user : str, optional
            Who connects, by login name or path; as the attribute ``user`` says if not given.
        anonymous : bool
            Connect anonymously, as the built-in Visitor.
        **options
            As for `sn_pandas.connect`. Retries hardly wait unless ``retries`` says otherwise.

        Raises
        ------
        UnknownUserError
            If there is no such user.

        Examples
        --------
        >>> with EmbeddedServer() as server:
        ...     server.connect("hugo.horvath", read_only=True).user
        '/Root/IMS/Public/hugo.horvath'
        """
        if anonymous:
            options["anonymous"] = True
        else:
            options["api_key"] = self.create_key(user)
        repo = self._connect(self._answering, **options)
        self._connections.append(repo)
        return repo

    def create_key(self, user: str | None = None) -> str:
        """Return a new API key of a user, which is valid while the server is open."""
        return self.application.key_of(user or self.user)

    def add_user(self, name: str, permissions: Mapping[str, Sequence[str]] | None = None) -> str:
        """Create an ordinary user with exactly these permissions, and return its path.

        Parameters
        ----------
        name : str
            The name, which is the login name, too.
        permissions : mapping of str to sequence of str, optional
            Path -> names of the permissions that are allowed there and below.

        Examples
        --------
        >>> with EmbeddedServer() as server:
        ...     path = server.add_user("ann", {"/Root/Content/IT": ["Open"]})
        ...     server.connect("ann").get("/Root/Content/IT")["Name"]
        'IT'
        """
        # not through the log and the faults, which are about the code under test
        with self._connect(self.application, api_key=self.application.api_key) as repo:
            return users.add_user(repo, name, permissions)

    @contextlib.contextmanager
    def listen(self) -> Iterator[str]:
        """Listen on a socket of this machine while the block runs, and yield the address.

        Other processes and code that connects by itself reach the repository there, with a key that
        `create_key` gives; faults and log are the same.

        Examples
        --------
        >>> import sn_pandas as sn
        >>> with EmbeddedServer() as server, server.listen() as address:
        ...     with sn.connect(address, api_key=server.create_key("olga.okafor")) as repo:
        ...         repo.user
        '/Root/IMS/Public/olga.okafor'
        """
        socket = Server(self._answering, "127.0.0.1", 0, trusts_anonymous=False)
        thread = threading.Thread(target=socket.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{socket.server_port}"
        finally:
            socket.shutdown()
            thread.join()
            socket.server_close()

    def reset(self) -> None:
        """Restore the initial contents, clear faults and requests, and close the connections.

        Examples
        --------
        >>> with EmbeddedServer() as server:
        ...     report = server.connect().delete("/Root/Content/IT/Tasks")
        ...     server.reset()
        ...     server.connect().count("/Root/Content/IT/Tasks")
        60
        """
        self._disconnect()
        self.application.store.restore(self._beginning)
        self.application.repository.tokens = self.application.repository.password = None
        self.faults.clear()
        self.faults.start_again()
        self.requests.clear()
        self.user = self._user

    def close(self) -> None:
        """Close the connections and forget the repository."""
        self._disconnect()
        self._beginning.close()
        self.application.close()

    def _connect(self, application: Any, **options: Any) -> Repository:
        options = {"retries": QUICK, "transport": InProcess(application), **options}
        return connect(self.url, **options)

    def _disconnect(self) -> None:
        while self._connections:
            self._connections.pop().close()
