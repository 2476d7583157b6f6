"""What tests of clients ask a server for, beside its contents: ``serve --testing``.

An administrator may reset the repository (``POST /_sn/reset``), read which requests came (``GET
/_sn/requests``) and give other faults (``PUT /_sn/faults``). Without the switch there are no such addresses.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from sn_pandas.embedded import fault_scripts
from sn_pandas.embedded.http.request_log import RequestLog
from sn_pandas.embedded.storage.store import Store
from sn_pandas.embedded.wire import answers
from sn_pandas.embedded.wire.answers import Answer
from sn_pandas.embedded.wire.requests import App, Environ, Request, StartResponse

if TYPE_CHECKING:
    from sn_pandas.embedded.faults import Faults

Json = Any

PREFIX = "/_sn/"
JSON = "application/json"


class Testing:
    """Answers the requests of tests, and remembers all others.

    Parameters
    ----------
    application, store
        The repository, and where it keeps its contents.
    faults
        Which requests to it fail.
    """

    __test__ = False

    def __init__(self, application: App, store: Store, faults: Faults) -> None:
        self._application = application
        self._store = store
        self._faults = faults
        self._requests = RequestLog()
        self._beginning = store.snapshot() if store.in_memory else None

    def around(self, app: App) -> App:
        """Return an application whose requests are remembered; those of tests never fail on purpose."""
        logged = self._requests.around(app)

        def remembering(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
            of_tests = environ.get("PATH_INFO", "").startswith(PREFIX)
            return (self._application if of_tests else logged)(environ, start_response)

        return remembering

    def answer(self, request: Request) -> Answer:
        """Answer a request of a test, which is an administrator's."""
        asked = (request.method, request.path)
        if asked == ("GET", "/_sn/requests"):
            return answers.document([asdict(one) for one in self._requests], content_type=JSON)
        if asked == ("DELETE", "/_sn/requests"):
            self._requests.clear()
            return answers.empty(204)
        if asked == ("POST", "/_sn/reset"):
            return self._reset()
        if asked == ("PUT", "/_sn/faults"):
            try:
                fault_scripts.read(request.body(), into=self._faults)
            except fault_scripts.FaultScriptError as error:
                return answers.document({"error": str(error)}, 400, JSON)
            return answers.empty(204)
        return answers.empty(404)

    def _reset(self) -> Answer:
        if self._beginning is None:
            words = "A repository in a file is not reset; start serve without --data."
            return answers.document({"error": words}, 409, JSON)
        self._store.restore(self._beginning)
        self._faults.start_again()
        self._requests.clear()
        return answers.empty(204)
