"""The WSGI application: a request in, an answer out."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sn_pandas.embedded.changes import binaries, downloads, trash, versions, writes
from sn_pandas.embedded.content_types import lists, metadata
from sn_pandas.embedded.contents import ADMIN, Caller, Content
from sn_pandas.embedded.errors import MissingError, ODataError, forbidden, server_error
from sn_pandas.embedded.http import addresses, answers, bodies, options
from sn_pandas.embedded.http.addresses import Address
from sn_pandas.embedded.http.answers import Answer
from sn_pandas.embedded.operations import calls, clients
from sn_pandas.embedded.reads import reading
from sn_pandas.embedded.repository import Repository, Session
from sn_pandas.embedded.security import callers
from sn_pandas.embedded.storage import initial
from sn_pandas.embedded.storage.store import Store

log = logging.getLogger(__name__)

StartResponse = Callable[..., Any]
Environ = dict[str, Any]

LONGEST_LINE = 8192
MOST_HEADERS, LARGEST_HEAD = 100, 32 * 1024
LARGEST_BODY = 30_000_000
GREETING = (
    "sensenet is listening. Visit https://sensenet.com for more information on how to call the REST API."
)
WRITES = ("POST", "PATCH", "MERGE", "PUT", "DELETE")
REASONS = {200: "OK", 204: "No Content", 304: "Not Modified", 400: "Bad Request", 401: "Unauthorized",
           403: "Forbidden",
           404: "Not Found", 414: "URI Too Long", 431: "Request Header Fields Too Large",
           500: "Internal Server Error", 503: "Service Unavailable"}  # fmt: skip


@dataclass(slots=True)
class Request:
    """One request, taken apart."""

    method: str
    path: str
    query_string: str
    headers: dict[str, str]
    body: Callable[[], bytes]
    line_length: int = 0
    is_legal: bool = True

    @property
    def head_length(self) -> int:
        """Return the size of all headers in bytes."""
        return sum(len(name) + len(value) + 4 for name, value in self.headers.items())


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

    def __init__(self, data: str | Path = ":memory:", *, sample: bool = True, admin: bool = False) -> None:
        self.admin = admin
        self.store = Store(data, tables=[callers.TABLES, clients.TABLES, versions.TABLES, binaries.TABLES])
        if self.store.load(2) is None:
            with self.store.transaction():
                initial.load(self.store)
                if sample:
                    from sn_pandas.embedded.sample import build

                    build(self.store)
        self.repository = Repository(self.store)
        self.api_key = callers.passing_key(self.repository, ADMIN)

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
        try:
            return self._answer(request)
        except ODataError as problem:
            return self._failed(request, problem)
        except MissingError:
            return answers.empty(404)
        except RecursionError:
            return answers.error(server_error("InsufficientExecutionStackException", "Nested too deeply."))
        except Exception:
            log.exception("The embedded repository failed on %s %s", request.method, request.path)
            return answers.error(server_error("Exception", "The embedded repository has an error."))

    def _answer(self, request: Request) -> Answer:
        if not request.is_legal or "\0" in request.path:
            return Answer(400)
        if request.line_length > LONGEST_LINE:
            return Answer(414)
        if len(request.headers) > MOST_HEADERS or request.head_length > LARGEST_HEAD:
            return Answer(431)
        if _is_preflight(request):
            return answers.empty(204)
        if not addresses.is_service(request.path):
            return self._outside(request)
        caller = self._caller(request)
        address = addresses.parse(request.path)
        session = self.repository.session(caller, options.parse(request.query_string, self.store.types))
        return dispatch(session, address, request)

    def _failed(self, request: Request, problem: ODataError) -> Answer:
        """Write an error in the format that was asked for."""
        given = {k.lower(): v.lower() for k, v in options.parameters(request.query_string).items()}
        wanted = given.get("$format") or ("xml" if "/$metadata" in request.path.lower() else "json")
        if wanted == "xml":
            return Answer(500)
        if wanted == "table":
            return Answer(problem.status, b"<!DOCTYPE html><p>Error</p>", {"content-type": "text/html"})
        return answers.error(problem)

    def _outside(self, request: Request) -> Answer:
        """Answer an address outside the service root: the greeting, the state, or a file."""
        if request.path == "/":
            return answers.text(GREETING)
        session = self.repository.session(self._caller(request))
        if request.path.lower() == "/health":
            return answers.text(_health(session))
        parameters = options.parameters(request.query_string)
        with self.store.reading():
            found = downloads.answer(session, request.path, parameters, request.headers)
        return found or answers.empty(404)

    def _caller(self, request: Request) -> Caller:
        visitor = "x-visitor" in request.headers
        return callers.caller_of(self.repository, self._key(request), visitor, self.admin)

    def _key(self, request: Request) -> str | None:
        return callers.key_of(options.parameters(request.query_string), request.headers)


def _health(session: Session) -> str:
    """Return the state of the repository as monitoring reads it; only administrators learn it."""
    if "Administrators" not in session.roles:
        return json.dumps({"Message": "HealthService is unavailable.", "Reason": "Access denied."})
    state = {"Running": True, "Status": "Started"}
    return json.dumps({"Repository_Status": state, "Health": {"Color": "Green"}, "Details": {}})


def request_of(environ: Environ) -> Request:
    """Take a WSGI request apart; the path stays as it was sent, if the server tells."""
    method, query = environ["REQUEST_METHOD"], environ.get("QUERY_STRING", "")
    raw = environ.get("REQUEST_URI") or environ.get("RAW_URI")
    if raw is None:
        raw = quote(_path_bytes(environ.get("PATH_INFO", "")), safe="/()'!$&*+,;=:@~")
        raw = f"{raw}?{query}" if query else raw
    headers = {k[5:].replace("_", "-").lower(): v for k, v in environ.items() if k.startswith("HTTP_")}
    for name in ("CONTENT_TYPE", "CONTENT_LENGTH"):
        if environ.get(name):
            headers[name.replace("_", "-").lower()] = environ[name]
    return Request(
        method,
        addresses.decode_path(raw.partition("?")[0]),
        query,
        headers,
        lambda: _body(environ),
        line_length=len(f"{method} {raw} HTTP/1.1\r\n"),
        is_legal=raw.isascii() and " " not in raw,
    )


def _body(environ: Environ) -> bytes:
    """Read the body of a request."""
    length = str(environ.get("CONTENT_LENGTH") or "")
    limit = LARGEST_BODY + 1
    if not length.isdigit():
        if not environ.get("wsgi.input_terminated"):
            return b""
    elif int(length) <= LARGEST_BODY:
        limit = int(length)
    else:
        raise _too_large()
    data: bytes = environ["wsgi.input"].read(limit)
    if len(data) > LARGEST_BODY:
        raise _too_large()
    return data


def _too_large() -> ODataError:
    return server_error(
        "BadHttpRequestException",
        f"Request body too large. The max request body size is {LARGEST_BODY} bytes.",
    )


def _path_bytes(path: str) -> bytes:
    """Return the bytes of a decoded path; some servers hand over text, others bytes that look like text."""
    try:
        data = path.encode("latin-1")
        data.decode("utf-8")
    except UnicodeError:
        return path.encode("utf-8", "replace")
    return data


def dispatch(session: Session, address: Address, request: Request) -> Answer:
    """Do what a request asks for."""
    if address.service:
        return reading.service_document(session, request.method)
    if address.metadata:
        return metadata.answer(session, address, request.method)
    if request.method in WRITES:
        return _write(session, address, request)
    content = find(session, address)
    if content is None:
        return answers.empty(404)
    with session.store.reading():
        if session.options.version:
            content = versions.load(session, content, session.options.version)
        if request.method != "GET":
            return answers.empty()
        if address.member is not None:
            return reading.member(session, content, address)
        return reading.content(session, content, address)


def _is_preflight(request: Request) -> bool:
    """Whether a browser asks before a request to another origin. The answer allows nothing."""
    origin = request.headers.get("origin", "null")
    return (
        request.method == "OPTIONS"
        and origin != "null"
        and "access-control-request-method" in request.headers
    )


def find(session: Session, address: Address) -> Content | None:
    """Return the content that an address points at, if the caller may see it."""
    if address.content_id is not None:
        return session.by_id(address.content_id)
    return session.by_path(address.path)


def exists(session: Session, address: Address) -> bool:
    """Whether there is a content at an address, visible or not."""
    if address.content_id is not None:
        return session.store.load(address.content_id) is not None
    return session.store.by_path(address.path) is not None


def _refuse_below_invisible(session: Session, address: Address) -> None:
    """Refuse to write to what is not there, or may not be seen.

    Raises
    ------
    MissingError
        If there is a content that the caller may not see.
    ODataError
        403, if there is none, but a parent that the caller may not see.
    """
    if exists(session, address):
        raise MissingError
    parent = session.store.by_path(address.path.rpartition("/")[0]) if address.content_id is None else None
    if parent is not None and not session.sees(parent):
        raise forbidden()


def _write(session: Session, address: Address, request: Request) -> Answer:
    method = request.method
    content = find(session, address)
    if address.member is not None:
        if method == "POST" and content is None and exists(session, address):
            return answers.empty(404)
        if method == "POST":
            return calls.post(session, content, address, request.headers, request.body())
        if content is None and method == "MERGE":
            return answers.empty(404)
        what = "a controller" if address.controller else "a member"
        raise ODataError("IllegalInvoke", "ODataException", f"Cannot access {what} with HTTP {method}.")
    if content is None and method in ("DELETE", "PATCH", "PUT"):
        _refuse_below_invisible(session, address)
        field = lists.find(session, address.path)
        if field is not None:
            return _write_list_field(session, *field, address, request)
    if method == "DELETE":
        if content is not None:
            trash.delete(session, content, permanent=session.options.permanent)
        return answers.empty()
    if content is None:
        if method == "POST":
            return answers.empty(404)
        body = request.body()
        if method != "MERGE" and body:
            bodies.read(body)
        return answers.empty(404)
    model = bodies.of_request(request.headers, request.body(), creating=method == "POST")
    if method == "POST":
        content = lists.create(session, content, model) or writes.create(session, content, model)
    elif method == "PUT":
        content = writes.replace(session, content, model)
    else:
        content = writes.update(session, content, model)
    session.forget(content.id)
    return reading.entity(session, content)


def _write_list_field(
    session: Session, parent: Content, name: str, address: Address, request: Request
) -> Answer:
    """Change or remove a field of a list, which is addressed as if it were a child."""
    if request.method == "DELETE":
        lists.remove(session, parent, name, named_fully=address.path.endswith(f"/{name}"))
        return answers.empty()
    model = bodies.of_request(request.headers, request.body())
    return reading.entity(session, lists.edit(session, parent, name, model, reset=request.method == "PUT"))
