"""The WSGI application: a request in, an answer out."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from pathlib import Path

from sn_pandas.embedded import callers, filling, migrations
from sn_pandas.embedded.contents import ADMIN, VISITOR, Caller
from sn_pandas.embedded.errors import MissingError, ODataError, forbidden, server_error
from sn_pandas.embedded.http import testing
from sn_pandas.embedded.http.origins import Origins, is_preflight
from sn_pandas.embedded.http.testing import Testing
from sn_pandas.embedded.http.verbs import WRITES, dispatch
from sn_pandas.embedded.operations import actions, clients
from sn_pandas.embedded.reads import contentquery, downloads
from sn_pandas.embedded.security import tokens
from sn_pandas.embedded.session import Repository, Session
from sn_pandas.embedded.storage.secret_texts import digest
from sn_pandas.embedded.storage.store import Store
from sn_pandas.embedded.wire import addresses, answers, options
from sn_pandas.embedded.wire.answers import Answer
from sn_pandas.embedded.wire.requests import Environ, Request, StartResponse, request_of

log = logging.getLogger(__name__)

LONGEST_LINE = 8192
MOST_HEADERS, LARGEST_HEAD = 100, 32 * 1024
LONGEST_REQUEST = 10.0
"""Seconds of computing after which a request is given up and undone, as it holds up the others."""
GREETING = (
    "sensenet is listening. Visit https://sensenet.com for more information on how to call the REST API."
)
REASONS = {200: "OK", 204: "No Content", 304: "Not Modified", 400: "Bad Request", 401: "Unauthorized",
           403: "Forbidden",
           404: "Not Found", 405: "Method Not Allowed", 414: "URI Too Long",
           431: "Request Header Fields Too Large",
           500: "Internal Server Error", 503: "Service Unavailable"}  # fmt: skip


class Application:
    """A sensenet-compatible repository as a WSGI application.

    Parameters
    ----------
    data
        ``":memory:"``, or the path of a file in which the repository is kept.
    sample
        Whether a new repository gets a small company to look around in; otherwise it is the untouched tree.
    admin
        Whether callers without credentials are the Admin. Only for tests and replays.
    origins
        From which web pages browsers may call; those of other origins may not write.

    Attributes
    ----------
    api_key
        A key of the Admin user, made at the start.

    Examples
    --------
    >>> import httpx
    >>> app = Application(sample=False)
    >>> client = httpx.Client(transport=httpx.WSGITransport(app=app), base_url="http://embedded")
    >>> address = "/odata.svc/Root('Content')?$select=Id,Type&metadata=no"
    >>> answer = client.get(address, headers={"apikey": app.api_key})
    >>> answer.json()
    {'d': {'Id': 1369, 'Type': 'Workspace'}}
    >>> app.close()
    """

    def __init__(
        self,
        data: str | Path = ":memory:",
        *,
        sample: bool = True,
        admin: bool = False,
        origins: Origins | None = None,
    ) -> None:
        self.admin = admin
        self.testing: Testing | None = None
        """What tests of clients may ask for; None = nothing."""
        self.origins = origins or Origins()
        self.store = Store(data, migrations)
        if self.store.load(2) is None:
            filling.fill(self.store, with_sample=sample)
        self.repository = Repository(self.store, finds=contentquery.finds_all, actions=actions)
        self._warn_of_lost_keys()
        clients.put_initial(self.repository.session())
        self.api_key = callers.ephemeral_key(self.repository, ADMIN)

    def key_of(self, user: str) -> str:
        """Return an API key for a user that lives as long as the process.

        Parameters
        ----------
        user
            Login name, name or path.

        Raises
        ------
        UnknownUserError
            If there is no such user, or he is disabled, or the Visitor.
        """
        user_id = callers.find_user(self.repository, user).id
        if user_id == VISITOR:
            raise callers.UnknownUserError(
                "The Visitor is whoever does not sign in. Connect with anonymous=True."
            )
        return callers.ephemeral_key(self.repository, user_id)

    def use_key(self, key: str, user: str | None = None) -> None:
        """Accept a key for a user, by default the Admin, while the process runs."""
        user_id = ADMIN if user is None else callers.find_user(self.repository, user).id
        self.repository.ephemeral_keys[digest(key)] = user_id
        self.api_key = key

    def _warn_of_lost_keys(self) -> None:
        with self.store.reading() as db:
            rows = db.execute(
                "SELECT hidden FROM api_keys UNION ALL SELECT hidden FROM client_secrets LIMIT 1"
            )
            self.store.secrets.warn_if_lost(row[0] for row in rows)

    def close(self) -> None:
        """Let go of the database."""
        self.store.close()

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a WSGI request."""
        answer = self.answer(request_of(environ))
        headers = [("-".join(w.capitalize() for w in k.split("-")), v) for k, v in answer.headers.items()]
        headers.append(("X-Content-Type-Options", "nosniff"))
        body = answer.body or b""
        if answer.status not in (204, 304) and "content-length" not in answer.headers:
            headers.append(("Content-Length", str(len(body))))
        start_response(f"{answer.status} {REASONS.get(answer.status, 'Status')}", headers)
        if environ["REQUEST_METHOD"] == "HEAD":
            return []
        return [body] if answer.stream is None else answer.stream

    def answer(self, request: Request) -> Answer:
        """Return the answer to a request; nothing is raised."""
        answer = self._answer_or_error(request)
        rules = self.repository.tokens
        if rules is not None and rules.cookie and not _is_bare(answer):
            answer.headers["set-cookie"] = tokens.cookie(request.signed_in)
        answer.headers.update(
            self.origins.headers_for(request.headers, preflight=is_preflight(request.method, request.headers))
        )
        return answer

    def _answer_or_error(self, request: Request) -> Answer:
        try:
            return self._answer(request)
        except ODataError as problem:
            return self._write_error(request, problem)
        except MissingError:
            return answers.empty(404)
        except tokens.NotAUserError:
            return answers.empty(500)
        except RecursionError:
            return answers.error(server_error("InsufficientExecutionStackException", "Nested too deeply."))
        except Exception:
            place = addresses.remove_secrets(request.path)
            log.exception("The embedded repository failed on %s %s", request.method, place)
            return answers.error(server_error("Exception", "The embedded repository has an error."))

    def _answer(self, request: Request) -> Answer:
        if not request.is_legal or "\0" in request.path:
            return Answer(400)
        if request.line_length > LONGEST_LINE:
            return Answer(414)
        if len(request.headers) > MOST_HEADERS or request.head_length > LARGEST_HEAD:
            return Answer(431)
        if not self.origins.knows_host(request.headers):
            return answers.error(forbidden("This server has no such name; see serve --allow-host."))
        if is_preflight(request.method, request.headers):
            return answers.empty(204)
        if request.method in WRITES and not self.origins.may_write(request.headers):
            return answers.error(forbidden("Pages of other origins may not write; see serve --cors."))
        if self.testing is not None and request.path.startswith(testing.PREFIX):
            if not _is_administrator(self.repository.session(self._caller(request))):
                return answers.error(forbidden("Only administrators may test; send the key of one."))
            return self.testing.answer(request)
        with self.store.within(LONGEST_REQUEST):
            if request.method in WRITES:
                return self._dispatch(request)
            with self.store.reading():  # one state from who asks to what is answered
                return self._dispatch(request)

    def _dispatch(self, request: Request) -> Answer:
        """Dispatch a request by its address and caller."""
        if not addresses.is_service(request.path):
            return self._answer_outside(request)
        with self.store.reading():
            caller = self._caller(request)
        address = addresses.parse(request.path)
        asked = options.parse(request.query_string, self.store.types)
        asked.host = request.headers.get("host", "")
        session = self.repository.session(caller, asked)
        return dispatch(session, address, request)

    def _write_error(self, request: Request, problem: ODataError) -> Answer:
        """Write an error in the format that was asked for."""
        given = {k.lower(): v.lower() for k, v in options.parameters(request.query_string).items()}
        wanted = given.get("$format") or ("xml" if "/$metadata" in request.path.lower() else "json")
        if wanted == "xml":
            return Answer(500)
        if wanted == "table":
            return Answer(problem.status, b"<!DOCTYPE html><p>Error</p>", {"content-type": "text/html"})
        return answers.error(problem)

    def _answer_outside(self, request: Request) -> Answer:
        """Answer an address outside the service root: the greeting, the state, or a file."""
        if request.path == "/":
            return (
                answers.text(GREETING) if request.method == "GET" else Answer(405, headers={"allow": "GET"})
            )
        session = self.repository.session(self._caller(request))
        if request.path.lower() == "/health":
            return answers.text(_health(session))
        parameters = options.parameters(request.query_string)
        with self.store.reading():
            found = downloads.answer(session, request.path, parameters, request.headers)
        return found or answers.empty(404)

    def _caller(self, request: Request) -> Caller:
        rules = self.repository.tokens
        request.signed_in = tokens.user_of_token(self.store, rules, request.headers)
        if request.signed_in is not None:
            return callers.load(self.repository, request.signed_in.user_id)
        sent = rules is not None and tokens.token_of(request.headers) is not None
        visitor = "x-visitor" in request.headers or sent
        return callers.caller_of(self.repository, self._key(request), visitor, self.admin)

    def _key(self, request: Request) -> str | None:
        return callers.key_of(options.parameters(request.query_string), request.headers)


def _is_bare(answer: Answer) -> bool:
    """Whether an answer carries no cookie: the server's web server gave it, or it is an empty error."""
    return answer.status >= 400 and not answer.body


def _is_administrator(session: Session) -> bool:
    return "Administrators" in session.roles


def _health(session: Session) -> str:
    """Return the state of the repository as monitoring reads it; only administrators learn it."""
    if not _is_administrator(session):
        return json.dumps({"Message": "HealthService is unavailable.", "Reason": "Access denied."})
    state = {"Running": True, "Status": "Started"}
    return json.dumps({"Repository_Status": state, "Health": {"Color": "Green"}, "Details": {}})
