# ruff: noqa: E501 - the lists of samples read better in long lines
"""Odd requests from a seed: recorded ones with something changed, and new ones made by the grammar.

Every request is judged (`Judge`): no error of our own, no 500 whose exception the real server would not name,
no answer that takes long. ``SN_SEED`` chooses other requests than the usual ones.
"""

from __future__ import annotations

import json
import logging
import os
import random
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote_plus

from sn_pandas.embedded import Application
from sn_pandas.embedded.operations import REGISTRY

from ..conformance.replay import Run
from ..wsgi import request as send

Json = Any

EXCHANGES = Path(__file__).parent.parent / "conformance" / "exchanges"
SLOWEST = 5.0
"""Seconds of processor time that an answer may take."""

EXCEPTIONS_OF_500 = frozenset(
    ("ArgumentException", "ArgumentNullException", "ArgumentOutOfRangeException", "BadHttpRequestException",
     "ContentRegistrationException", "DataException", "DivideByZeroException", "EntityNotFoundException",
     "Exception", "FormatException", "IndexOutOfRangeException", "InsufficientExecutionStackException",
     "InvalidCastException", "InvalidContentActionException", "InvalidContentQueryException",
     "InvalidContentSharingQueryException", "InvalidOperationException", "InvalidPathException",
     "JsonReaderException", "JsonSerializationException", "NotSupportedException", "NullReferenceException",
     "ODataException", "OverflowException", "RegexParseException", "RegistrationException",
     "SenseNetSecurityException", "SnNotSupportedException", "TimeoutException", "XmlException")
)  # fmt: skip
"""What the real server names as the cause of a 500, in recordings or in its source."""

STATUSES = frozenset((200, 204, 304, 400, 401, 403, 404, 405, 414, 431, 500))


@dataclass(frozen=True)
class Request:
    method: str
    target: str
    body: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.method} {self.target} {self.headers} {self.body!r}"[:1500]


def randoms(name: str) -> random.Random:
    """Return the source of chance of one test; the same on every run unless ``SN_SEED`` says otherwise."""
    return random.Random(f"{os.environ.get('SN_SEED', '1')} {name}")


class _Errors(logging.Handler):
    """Collects what the application logs as its own errors."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.seen: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.seen.append(self.format(record))


class Judge:
    """Sends requests to an application and collects what is wrong with the answers."""

    def __init__(self) -> None:
        self.statuses: Counter[int] = Counter()
        self.slowest: tuple[float, str] = (0.0, "")
        self.faults: dict[str, str] = {}
        """What went wrong -> the first request that did it."""

    def __enter__(self) -> Judge:
        self._errors = _Errors()
        logging.getLogger("sn_pandas.embedded").addHandler(self._errors)
        return self

    def __exit__(self, *_: object) -> None:
        logging.getLogger("sn_pandas.embedded").removeHandler(self._errors)

    def ask(self, application: Application, one: Request) -> tuple[int, bytes]:
        began = time.perf_counter()
        try:
            status, _, body = send(application, one.method, one.target, one.body, one.headers)
        except Exception as error:  # nothing may be raised: a server would break the connection
            self._blame(f"raised {type(error).__name__}: {error}", one)
            return 0, b""
        taken = time.perf_counter() - began
        self.statuses[status] += 1
        if taken > self.slowest[0]:
            self.slowest = (taken, str(one))
        if taken > SLOWEST and self._computed(application, one) > SLOWEST:
            self._blame(f"took more than {SLOWEST} s", one)
        for text in self._errors.seen:
            self._blame("an error of our own: " + "\n".join(text.splitlines()[-3:]), one)
        self._errors.seen.clear()
        if status not in STATUSES:
            self._blame(f"status {status}", one)
        elif status == 500 and body and (kind := exception_of(body)) not in EXCEPTIONS_OF_500:
            self._blame(f"500 {kind}", one)
        return status, body

    @staticmethod
    def _computed(application: Application, one: Request) -> float:
        """Ask again, and return the seconds of the processor that it took: others may have had it before."""
        began = time.thread_time()
        send(application, one.method, one.target, one.body, one.headers)
        return time.thread_time() - began

    def _blame(self, what: str, one: Request) -> None:
        self.faults.setdefault(what, str(one))

    def __str__(self) -> str:
        seconds, one = self.slowest
        return (
            f"{self.statuses.total()} answers {dict(self.statuses)}; the slowest took {seconds:.2f} s: {one}"
        )

    def report(self) -> str:
        return "\n\n".join(f"{what}\n  {one}" for what, one in self.faults.items())


def exception_of(body: bytes) -> str:
    if body.startswith(b"<!DOCTYPE html>"):
        return "Exception"  # in the format of a page, which names no cause
    try:
        return str(json.loads(body.decode("utf-8-sig"))["error"]["exceptiontype"])
    except (ValueError, KeyError, TypeError):
        return f"no error document: {body[:80]!r}"


def check_database(application: Application) -> None:
    """Make sure that the database is sound, every content has its parent, and no path stands twice."""
    with application.store.reading() as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        rows = db.execute(
            "SELECT c.key, c.path, c.name, p.path FROM contents c LEFT JOIN contents p ON p.id = c.parent_id"
            " WHERE c.parent_id <> 0"
        ).fetchall()
    assert [row for row in rows if row[1] != f"{row[3]}/{row[2]}" or row[0] != row[1].lower()] == []


# Recorded requests with something changed


class Pool:
    """The parts of recorded requests, to be mixed."""

    def __init__(self, records: Iterable[Json]) -> None:
        self.segments: list[str] = []
        self.options: list[tuple[str, str]] = []
        self.fields: list[tuple[str, Json]] = []
        self.bodies: list[bytes] = []
        for record in records:
            path, _, query = record["target"].partition("?")
            self.segments += [part for part in path.split("/") if part]
            for option in query.split("&"):
                name, _, value = option.partition("=")
                if name:
                    self.options.append((name, value))
            if "body" in record:
                self.bodies.append(record["body"].encode())
                if isinstance(model := _json(record["body"]), dict):
                    self.fields += list(model.items())
        self.segments = sorted(set(self.segments)) or ["Root"]
        self.options = sorted(set(self.options)) or [("$top", "1")]
        self.fields = list({json.dumps(one): one for one in self.fields}.values()) or [("Index", 1)]
        self.bodies = sorted(set(self.bodies)) or [b"{}"]


def records_of(file: Path) -> list[Json]:
    lines = (json.loads(line) for line in file.read_text(encoding="utf-8").splitlines())
    return [line for line in lines if "response" in line]


def _json(text: str) -> Json:
    try:
        return json.loads(text)
    except ValueError:
        return None


NAMES = ["Content-Type", "apikey", "Origin", "Host", "X-Visitor", "Authorization", "Content-Range",
         "If-Modified-Since", "Range", "Cookie", "Accept", "X-HTTP-Method-Override", "Content-Disposition",
         "If-Match", "X-Access-Data", "Transfer-Encoding", "Content-Length", "Expect"]  # fmt: skip
VALUES = ["", "x", "application/json", "multipart/form-data", "multipart/form-data; boundary=x",
          'multipart/form-data; boundary="', "application/x-www-form-urlencoded", "text/xml; charset=nope",
          "Bearer x.y.z", "Bearer ", "bytes 0-9/20", "bytes 5-1/3", "bytes */20", "bytes 0-99999999999/5",
          "Mon, 30 Nov 2026 01:00:00 GMT", "Sun, 99 Foo 0000", "http://evil.example", "null", "localhost:80",
          "sn_access_token=a.b; sn=1", "=;=;", "gzip", "-1", "99999999999999999999", "é", "\x7f", "a" * 3000]  # fmt: skip
ODD = ["", " ", "'", "''", '"', "%00", "%ff", "%2F", "..", "*", "?", "(", ")", "((((", "{{", "}}", "\\", "-1", "0", "null",
       "true", "2147483648", "99999999999999999999", "1e400", "NaN", "%F0%9F%98%80", "%ED%A0%80", "Id", "Name", "Path",
       "Children", "Members", "CreatedBy/Name", "Owner", "Versions", "Actions", "not ", " and ", " or ", " eq ", ",",
       "/", "//", "$count", "@@CurrentUser@@", "@@Today.AddDays(99999999)@@", ".TOP:1", ".COUNTONLY", ".ALLVERSIONS",
       "datetime'2026-02-30'", "%E2%80%AE", "~", "~0.5", "^9", "[1 TO", "TO}", "+", "-", "&&", "||", "!"]  # fmt: skip
LEAVES: list[Json] = [
    None, True, False, 0, -1, 1.5, 1e308, 2**31, 2**63, 2**70, "", " ", "x", "1", "/Root", "/Root/Content", "/", "..",
    "2026-01-02T03:04:05Z", "9999-12-31T23:59:59Z", "\x00", "é", "\ud800", "a/b", "<x", "a" * 500, [], {}, [[]], [None],
    [1, "2", None, {}], {"Id": 1}, {"Path": "/Root"}, [{"Id": 6}], {"Url": 1}, ["1", "2"], [6, 6], "~other.x", "$v0",
    "<ContentType/>", "0*0*False*False", "99999999",
]  # fmt: skip
METHODS = ["GET", "POST", "PATCH", "PUT", "DELETE", "MERGE", "HEAD", "OPTIONS", "get", "TRACE", "X"]


def mutated(chance: random.Random, one: Request, pool: Pool) -> Request:
    """Return a request with one to three things changed."""
    for _ in range(chance.choice((1, 1, 2, 3))):
        one = chance.choice(_CHANGES)(chance, one, pool)
    path = one.target.partition("?")[0]
    if path.count("/") < 4 and one.method.upper() in ("PATCH", "MERGE", "PUT", "DELETE"):
        return replace(one, method="GET")  # without the place of everything there is little to ask about
    if path.count("/") < 5 and path.rpartition("/")[2].lower() in ("delete", "moveto"):
        return replace(one, target=path.rpartition("/")[0])
    return one


def _other_option(chance: random.Random, one: Request, pool: Pool) -> Request:
    path, _, query = one.target.partition("?")
    options = [option for option in query.split("&") if option]
    how = chance.randrange(6)
    if how == 0 or not options:
        options.append("=".join(chance.choice(pool.options)))
    elif how == 1:
        del options[chance.randrange(len(options))]
    elif how == 2:
        options.append(chance.choice(options))
    else:
        place = chance.randrange(len(options))
        name, _, value = options[place].partition("=")
        same = [v for n, v in pool.options if n.lower() == name.lower()] or [value]
        value = _spoilt(chance, chance.choice((value, chance.choice(same))), chance.choice(same))
        options[place] = f"{name.swapcase() if chance.random() < 0.1 else name}={value}"
    return replace(one, target=f"{path}?{'&'.join(options)}")


def _spoilt(chance: random.Random, text: str, other: str) -> str:
    """Return a text with something in, out, doubled or taken over from another one; still ASCII."""
    if chance.random() < 0.2:
        return other
    begin, end = sorted((chance.randint(0, len(text)), chance.randint(0, len(text))))
    odd = quote(chance.choice(ODD), safe="%()'/$@*,:;!&=+~") if chance.random() < 0.8 else other
    how = chance.randrange(5)
    if how == 0:
        return text[:begin] + odd + text[begin:]
    if how == 1:
        return text[:begin] + text[end:]
    if how == 2:
        return text[:end] + text[begin:end] * chance.choice((1, 2, 30)) + text[end:]
    if how == 3:
        return text[:begin] + odd + text[end:]
    return text[:begin]


def _other_path(chance: random.Random, one: Request, pool: Pool) -> Request:
    path, mark, query = one.target.partition("?")
    steps = path.split("/")
    place = chance.randrange(1, len(steps)) if len(steps) > 1 else 0
    how = chance.randrange(6)
    if how == 0:
        steps.insert(place, chance.choice(pool.segments))
    elif how == 1:
        steps[place] = chance.choice(pool.segments)
    elif how == 2:
        steps.append(
            chance.choice(("$count", "$value", "$metadata", "Children", "Ancestors", "Actions", "Versions"))
        )
    elif how == 3:
        steps[place] = _spoilt(chance, steps[place], chance.choice(pool.segments)).replace("?", "")
    elif how == 4:
        steps.append(_operation(chance))
    elif len(steps) > 2:
        del steps[place]
    return replace(one, target="/".join(steps) + mark + query)


def _other_body(chance: random.Random, one: Request, pool: Pool) -> Request:
    body = one.body if one.body else chance.choice(pool.bodies)
    model = _json(body.decode("utf-8", "replace"))
    if isinstance(model, dict) and chance.random() < 0.8:
        model = dict(model)
        for _ in range(chance.choice((1, 1, 2))):
            names = [*model, chance.choice(pool.fields)[0]]
            name = chance.choice(names)
            how = chance.randrange(4)
            if how == 0:
                model.pop(name, None)
            elif how == 1:
                model[name] = chance.choice(LEAVES)
            elif how == 2:
                model[name] = chance.choice(pool.fields)[1]
            else:
                new, value = chance.choice(pool.fields)
                model[new] = value
        return replace(one, body=json.dumps(model).encode())
    return replace(one, body=_spoilt_bytes(chance, body, chance.choice(pool.bodies)))


def _spoilt_bytes(chance: random.Random, body: bytes, other: bytes) -> bytes:
    begin, end = sorted((chance.randint(0, len(body)), chance.randint(0, len(body))))
    odd = chance.choice(
        (
            b"{",
            b"[",
            b'"',
            b"\\",
            b"\xff",
            b"\x00",
            b"'",
            b"/*",
            b"&a=b",
            b",",
            b"--x\r\n",
            chance.randbytes(5),
        )
    )
    how = chance.randrange(5)
    if how == 0:
        return body[:begin] + odd + body[begin:]
    if how == 1:
        return body[:begin] + body[end:]
    if how == 2:
        return body[:end] + body[begin:end] * chance.choice((1, 2, 100)) + body[end:]
    if how == 3:
        return other
    return body[:begin] + odd * chance.choice((1, 1, 200)) + other[end:]


def _other_header(chance: random.Random, one: Request, pool: Pool) -> Request:
    headers = dict(one.headers)
    name = chance.choice(NAMES)
    if chance.random() < 0.2:
        headers.pop(chance.choice([*headers, name]), None)
    else:
        headers[name] = chance.choice(VALUES)
    return replace(one, headers=headers)


def _other_method(chance: random.Random, one: Request, pool: Pool) -> Request:
    return replace(one, method=chance.choice(METHODS))


_CHANGES: Sequence[Callable[[random.Random, Request, Pool], Request]] = (
    _other_option, _other_option, _other_option, _other_path, _other_path, _other_body, _other_body,
    _other_header, _other_method,
)  # fmt: skip


class Recorded:
    """The requests of a recorded file in their order, each with changed ones before it."""

    def __init__(self, file: Path, application: Application, judge: Judge) -> None:
        self.application = application
        self.judge = judge
        self.records = records_of(file)
        self.run = Run(self._send, file, {})
        self.pool = Pool(self.records)

    def _send(
        self, method: str, target: str, body: bytes | None, headers: dict[str, str]
    ) -> tuple[int, dict[str, str], bytes]:
        return send(self.application, method, target, body, headers)

    def play(self, chance: random.Random, count: int) -> None:
        """Send so many changed requests, spread over the exchanges of the file."""
        asked = [record for record in self.records if not record.get("setup")]
        share, sent = count / max(1, len(asked)), 0.0
        for record in self.records:
            if not record.get("setup"):
                sent += share
                while sent >= 1:
                    sent -= 1
                    self.judge.ask(self.application, mutated(chance, self._request(record), self.pool))
            self.run.exchange(record)

    def _request(self, record: Json) -> Request:
        headers = dict(record.get("headers", {}))
        if headers.get("apikey") in self.run.keys:
            headers["apikey"] = self.run.keys[headers["apikey"]]
        return Request(record["method"], self.run.target(record), self.run.body(record), headers)


# Requests made by the grammar


def _operation(chance: random.Random) -> str:
    return chance.choice(chance.choice(_OPERATIONS)).name


_OPERATIONS = [REGISTRY[name] for name in sorted(REGISTRY)]
FIELDS = ["Id", "Name", "Path", "Type", "DisplayName", "Index", "CreatedBy", "CreationDate", "AssignedTo", "DueDate",
          "Status", "Priority", "TaskCompletion", "Description", "Members", "AllowedChildTypes", "Children", "Actions",
          "Binary", "VersioningMode", "Owner", "Hidden", "InTree", "InFolder", "Versions", "Workspace", "Avatar",
          "Password", "nope", "*", "ModificationDate", "Version", "Locked", "SavingState", "Size", "IsFile", "Manager",
          "Email", "FullName", "AllRoles", "Icon", "Tags", "Rate", "SharedWith", "ApprovingMode", "EffectiveAllowedChildTypes",
          "RemainingDays", "DueText", "CheckedOutTo", "ExtensionData", "OwnerId", "NodeId", "Link", "Image"]  # fmt: skip
LITERALS = ["1", "-5", "0", "null", "'x'", "'*'", "'T?'", "'it''s'", "true", "1.5m", "1.5", "5L", "1e999", "datetime'2026-01-05'",
            "datetime'x'", "''", "9999999999", "guid'0'", "duration'PT1H'", "'/Root/Content'", "binary'00'", "2.5f"]  # fmt: skip
FUNCTIONS = ["startswith", "endswith", "substringof", "tolower", "toupper", "length", "indexof", "replace", "substring",
             "trim", "concat", "day", "hour", "minute", "month", "second", "year", "round", "floor", "ceiling", "isof",
             "cast", "nope"]  # fmt: skip
COMPARISONS = ["eq", "ne", "lt", "gt", "le", "ge"]
ARITHMETIC = ["add", "sub", "mul", "div", "mod"]
TYPES = ["Task", "File", "Folder", "User", "Group", "TaskList", "Workspace", "Memo", "CalendarEvent", "EventList",
         "CustomList", "Image", "SystemFolder", "Link", "SmartFolder", "ContentType", "nope", "GenericContent", "TrashBag",
         "Query", "Settings", "OrganizationalUnit", "Domain", "IntegerFieldSetting", "ChoiceFieldSetting"]  # fmt: skip
PLACES = ["/Root/Content('w')", "/Root/Content/w", "/Root/Content/w('list')", "/Root/Content/w/list", "/Root/Content/w/list('t1')",
          "/Root/Content/w/list('t2')", "/Root/Content/w/docs('a.txt')", "/Root/Content/w/docs", "/Root/Content/w/custom",
          "/Root/Content/w/custom('i')", "/('Root')", "/Root", "/Root/IMS('Public')", "/Root/IMS/Public('kim')", "/Root/Content/w/smart",
          "/Root/IMS/BuiltIn/Portal('Editors')", "/Root/Trash", "/Root/System('Settings')", "/content(1)", "/content(1397)",
          "/Root/System/Schema/ContentTypes", "/Root/System/Schema/ContentTypes/GenericContent('Task')", "/content(-1)"]  # fmt: skip
WORDS = ["alder", "t1", "a*", "*l*", "b?rch", "\"two words\"", "'one'", "/a.*b/", "alder~", "alder~0.3", "alder^2", "[a TO z}",
         "{1 TO 9]", ">3", "<=5", "<>1", "(a b +c -d)", "@@Today@@", "@@CurrentUser.Id@@", "@@CurrentTime.AddHours(-3)@@", "\"a b\"~3",
         "{{Name:t1}}", "{{TypeIs:User .SELECT:Id}}", "1", "-1", "yes", "2026-01-05", "'2026-01-05 08:00'", "*", "?", "\\*"]  # fmt: skip
CONTROLS = [".TOP:3", ".SKIP:1", ".SORT:Name", ".REVERSESORT:Index", ".SORT:Index.SORT:Id", ".COUNTONLY", ".AUTOFILTERS:OFF",
            ".LIFESPAN:ON", ".QUICK", ".ALLVERSIONS", ".SELECT:Name", ".TOP:x", ".NOPE", ".SKIP:-1"]  # fmt: skip


def filter_text(chance: random.Random, depth: int = 0) -> str:
    """Return a filter, mostly of the right form."""
    if depth < 4 and chance.random() < 0.4:
        left, right = filter_text(chance, depth + 1), filter_text(chance, depth + 1)
        return chance.choice(
            (f"({left}) and ({right})", f"{left} or {right}", f"not ({left})", f"({left}) eq ({right})")
        )
    if chance.random() < 0.1:
        names = f"{chance.choice(FIELDS)}/{chance.choice(['any', 'all', 'x'])}"
        return f"{names}(a: a eq {chance.choice(LITERALS)})"
    return f"{_operand(chance, depth)} {chance.choice(COMPARISONS)} {_operand(chance, depth)}"


def _operand(chance: random.Random, depth: int) -> str:
    how = chance.random()
    if how < 0.4:
        return "/".join(chance.choices(FIELDS, k=chance.choice((1, 1, 1, 2, 3))))
    if how < 0.7 or depth > 4:
        return chance.choice(LITERALS)
    if how < 0.9:
        inner = ",".join(_operand(chance, depth + 1) for _ in range(chance.choice((0, 1, 1, 2, 2, 3))))
        return f"{chance.choice(FUNCTIONS)}({inner})"
    return f"({_operand(chance, depth + 1)} {chance.choice(ARITHMETIC)} {_operand(chance, depth + 1)})"


def query_text(chance: random.Random, depth: int = 0) -> str:
    """Return a content query, mostly of the right form."""
    parts = []
    for _ in range(chance.choice((1, 1, 2, 3))):
        if depth < 3 and chance.random() < 0.25:
            part = f"({query_text(chance, depth + 1)})"
        elif chance.random() < 0.15:
            part = chance.choice(WORDS)
        else:
            part = f"{chance.choice(FIELDS)}:{chance.choice(WORDS)}"
        parts.append(chance.choice(("", "", "+", "-", "NOT ", "!")) + part)
    text = chance.choice((" ", " AND ", " OR ", " && ")).join(parts)
    if depth == 0:
        text += "".join(f" {one}" for one in chance.choices(CONTROLS, k=chance.choice((0, 0, 1, 2))))
    return text


def options_text(chance: random.Random) -> str:
    found = []
    for _ in range(chance.choice((0, 1, 1, 2, 3, 4))):
        name = chance.choice(tuple(_OPTIONS))
        value = _OPTIONS[name](chance)
        if chance.random() < 0.1:
            value = _spoilt(chance, value, chance.choice(ODD))
        found.append(f"{name}={quote(unquote_plus(value).encode('utf-8', 'replace'))}")
    return "&".join(found)


def _chains(chance: random.Random) -> str:
    return ",".join(
        "/".join(chance.choices(FIELDS, k=chance.choice((1, 1, 2, 3))))
        for _ in range(chance.choice((1, 2, 3)))
    )


_OPTIONS: dict[str, Callable[[random.Random], str]] = {
    "$filter": filter_text,
    "query": query_text,
    "$select": _chains,
    "$expand": _chains,
    "$orderby": lambda chance: ",".join(
        chance.choice(FIELDS) + chance.choice(("", " desc", " asc", " x"))
        for _ in range(chance.choice((1, 2)))
    ),
    "$top": lambda chance: chance.choice(("0", "1", "3", "-1", "x", "2147483648")),
    "$skip": lambda chance: chance.choice(("0", "1", "3", "-1", "x", "2147483647")),
    "$inlinecount": lambda chance: chance.choice(("allpages", "none", "x", "1")),
    "$format": lambda chance: chance.choice(
        ("json", "verbosejson", "export", "table", "xml", "typescript", "atom")
    ),
    "metadata": lambda chance: chance.choice(("no", "minimal", "full", "x")),
    "version": lambda chance: chance.choice(("V1.0.A", "lastmajor", "lastminor", "0.1", "x", "1", "V1.1.D")),
    "scenario": lambda chance: chance.choice(("ListItem", "ContextMenu", "Browse", "x", "")),
    "richtexteditor": lambda chance: chance.choice(("all", "*", "Description", "x")),
    "enableautofilters": lambda chance: chance.choice(("true", "false", "x")),
    "enablelifespanfilter": lambda chance: chance.choice(("true", "false", "x")),
    "permanent": lambda chance: chance.choice(("true", "false", "x")),
    "multistepsave": lambda chance: chance.choice(("true", "false")),
    "apikey": lambda chance: chance.choice(("x", "")),
    "action": lambda chance: chance.choice(("Browse", "Edit", "x")),
}

_OF_KIND: dict[str, Sequence[Json]] = {
    "string": ["", "x", "/Root/Content/w", "/Root/IMS/Public/kim", "kim", "1", "V1.0.A", "Task", "en", None, "/Root/Content"],
    "int": [0, 1, -1, 5, 1397, "7", None, 2**31],
    "long": [0, 1, 20, -1, "9", 2**63],
    "number": [0, 1.5, -1e9, "x"],
    "bool": [True, False, "true", 1, None],
    "string[]": [["Open"], ["Task", "File"], [], "See", ["x", None], ["/Root/Content/w/list"]],
    "int[]": [[1], [6, 7], [], "1", ["1"], [None], [1397]],
}  # fmt: skip
_ENTRIES: list[Json] = [
    [{"identity": "/Root/IMS/Public/kim", "Open": "allow"}], [{"identity": "/Root/IMS/Public/kim", "See": "deny", "localOnly": True}],
    [{"identity": 1}], [{}], [{"identity": "/Root/IMS/Public/kim", "Nope": "allow"}], {"inheritance": "break"}, ["/Root/Content/w/list/t1"],
    [1397, "1398"], ["/Root/Content/w/docs/a.txt", None],
]  # fmt: skip


def call(chance: random.Random) -> Request:
    """Return a call of an operation, with parameters mostly of the declared types."""
    one = chance.choice(chance.choice(_OPERATIONS))
    given: dict[str, Json] = {}
    for parameter in one.parameters:
        if not parameter.required and chance.random() < 0.5:
            continue
        if "|" in parameter.kind:
            values: Sequence[Json] = [*parameter.kind.split("|"), "x", 1]
        else:
            values = _OF_KIND.get(parameter.kind, _ENTRIES)
        given[parameter.name] = chance.choice(values) if chance.random() < 0.85 else chance.choice(LEAVES)
    if chance.random() < 0.1:
        given["extra"] = chance.choice(LEAVES)
    target = f"/odata.svc{chance.choice(PLACES)}/{one.name}"
    if not one.action and chance.random() < 0.8:
        query = "&".join(
            f"{name}={quote(str(value).encode('utf-8', 'replace'))}" for name, value in given.items()
        )
        return Request("GET", f"{target}?{query}&{options_text(chance)}")
    return Request("POST", f"{target}?{options_text(chance)}", json.dumps(given).encode())


def read(chance: random.Random) -> Request:
    """Return a reading of a list, an entity, a property or a file."""
    place = chance.choice(PLACES)
    more = chance.choice(
        (
            "",
            "",
            "",
            "/$count",
            "/$metadata",
            f"/{chance.choice(FIELDS)}",
            f"/{chance.choice(FIELDS)}/$value",
            "/$value",
        )
    )
    if chance.random() < 0.08:
        file = chance.choice(
            (
                "/Root/Content/w/docs/a.txt",
                "/Root/Content/w/docs/a.png",
                "/binaryhandler.ashx",
                "/Root",
                "/health",
                "/",
            )
        )
        query = chance.choice(
            (
                "",
                "nodeid=1400",
                "nodeid=x",
                "nodeid=1400&propertyname=Binary",
                "version=V1.0.A",
                "download",
                "width=5&height=x",
            )
        )
        return Request("GET", f"{file}?{query}")
    return Request("GET", f"/odata.svc{place}{more}?{options_text(chance)}")


def write(chance: random.Random) -> Request:
    """Return a creation, a change or a deletion."""
    model: dict[str, Json] = {}
    for _ in range(chance.choice((1, 1, 2, 3))):
        model[chance.choice(FIELDS)] = chance.choice(LEAVES)
    method = chance.choice(("POST", "POST", "PATCH", "PATCH", "PATCH", "PUT", "MERGE", "DELETE"))
    if method in ("POST", "PUT"):
        model["__ContentType"] = chance.choice(TYPES)
        model["Name"] = chance.choice(
            ("", "n", "new", "a.txt", "t1", f"x{chance.randrange(50)}", chance.choice(ODD))
        )
    place = chance.choice(PLACES)
    if method == "DELETE":
        place = f"/Root/Content/w/{chance.choice(('list', 'custom', 'docs'))}('x{chance.randrange(50)}')"
    return Request(method, f"/odata.svc{place}?{options_text(chance)}", json.dumps(model).encode())


def upload(chance: random.Random) -> Request:
    """Return a request of an upload: whole, as text, or a chunk."""
    target = f"/odata.svc/Root/Content/w('docs')/Upload?{chance.choice(('', 'create=1', 'upload=1', 'create=1&metadata=no'))}"
    name = chance.choice(("a.txt", "new.bin", "x" * 200, "..", "", "ü.png", f"f{chance.randrange(9)}.txt"))
    if chance.random() < 0.3:
        given = {
            "FileName": name,
            "FileText": "alder",
            "Overwrite": chance.choice((True, False)),
            "ContentType": chance.choice(TYPES),
        }
        for one in chance.sample(sorted(given), chance.randrange(3)):
            given[one] = chance.choice(LEAVES)
        return Request("POST", target, json.dumps(given).encode())
    fields = {"ContentType": "File", "FileName": name, "Overwrite": "true", "UseChunk": chance.choice(("true", "false")),
              "FileLength": chance.choice(("5", "0", "-1", "x", "99999999999")), "ChunkToken": chance.choice(("0*0*False*False", "1400*1*True*True", "x", "", "1*2*3"))}  # fmt: skip
    for one in chance.sample(sorted(fields), chance.randrange(5)):
        del fields[one]
    parts = [
        f'--x\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'
        for key, value in fields.items()
    ]
    parts.append(
        f'--x\r\nContent-Disposition: form-data; name="files[]"; filename="{name}"\r\n\r\nalder\r\n--x--\r\n'
    )
    headers = {
        "Content-Type": chance.choice(
            ("multipart/form-data; boundary=x",) * 5
            + ("multipart/form-data", "multipart/form-data; boundary=y")
        )
    }
    if chance.random() < 0.5:
        headers["Content-Range"] = chance.choice(
            ("bytes 0-4/5", "bytes 0-1/5", "bytes 5-4/5", "bytes x", "bytes 0-4/*", "bytes 99-104/105")
        )
    body = "".join(parts).encode()
    return Request(
        "POST", target, _spoilt_bytes(chance, body, body) if chance.random() < 0.1 else body, headers
    )


def build(application: Application) -> None:
    """Make the contents at `PLACES`."""

    def post(place: str, kind: str, name: str, **fields: Json) -> None:
        body = {"__ContentType": kind, "Name": name, **fields}
        status, _, text = send(application, "POST", f"/odata.svc{place}", json.dumps(body).encode())
        assert status == 200, text

    if application.store.by_path("/Root/Content") is None:
        post("/('Root')", "Workspace", "Content")
    kinds = [
        "Task",
        "File",
        "Folder",
        "TaskList",
        "DocumentLibrary",
        "CustomList",
        "SmartFolder",
        "Memo",
        "Image",
    ]
    post("/Root/Content", "Workspace", "w", AllowedChildTypes=kinds)
    post("/Root/Content/w", "TaskList", "list", AllowedChildTypes=kinds, InheritableVersioningMode=["3"])
    for name in ("t1", "t2"):
        post(
            "/Root/Content/w/list",
            "Task",
            name,
            Description="alder and birch",
            DueDate="2026-01-05T08:00:00Z",
        )
    post("/Root/Content/w", "DocumentLibrary", "docs", InheritableVersioningMode=["3"])
    for name in ("a.txt", "a.png"):
        given = json.dumps({"FileName": name, "FileText": "alder"}).encode()
        send(application, "POST", "/odata.svc/Root/Content/w('docs')/Upload", given)
    post("/Root/Content/w", "CustomList", "custom")
    post("/Root/Content/w('custom')", "IntegerFieldSetting", "F")
    post("/Root/Content/w/custom", "ListItem", "i")
    post("/Root/Content/w", "SmartFolder", "smart", Query="+TypeIs:Task")
    if application.store.by_path("/Root/IMS/Public/kim") is None:
        post(
            "/Root/IMS('Public')",
            "User",
            "kim",
            LoginName="kim",
            FullName="Kim",
            Email="k@example.com",
            Password="Secret-1",
        )


def made(chance: random.Random) -> Request:
    """Return a request made by the grammar."""
    one = chance.choices((read, write, call, upload), (9, 4, 5, 2))[0](chance)
    if chance.random() < 0.2:
        one = _other_header(chance, one, _NOTHING)
    return one


_NOTHING = Pool([])


# Bytes on a socket


def wire_bytes(chance: random.Random, one: Request) -> bytes:
    """Return a request as bytes: rightly framed, in good or bad chunks, or with a broken head."""
    body = one.body or b""
    line = f"{one.method} {one.target} HTTP/1.1".encode("utf-8", "replace")
    head = [b"Host: localhost", b"Connection: close"]
    head += [
        f"{name}: {value}".encode("latin-1", "replace")
        for name, value in one.headers.items()
        if name in _SAFE
    ]
    framing = chance.randrange(8)
    if framing < 4:
        head.append(b"Content-Length: %d" % len(body))
    elif framing < 6:
        head.append(b"Transfer-Encoding: chunked")
        body = _chunks(chance, body)
    else:
        head.append(chance.choice((b"Content-Length: 5", b"Content-Length: -1", b"Content-Length: x", b"Content-Length: 1, 1",
                                   b"Transfer-Encoding: gzip", b"Transfer-Encoding: chunked, chunked", b"Transfer-Encoding : chunked",
                                   b"Content-Length: 3\r\nTransfer-Encoding: chunked", b"Content-Length: 99999999999")))  # fmt: skip
    data = b"\r\n".join([line, *head, b"", body])
    if chance.random() < 0.2:
        data = _spoilt_bytes(chance, data, data)
    return data


_SAFE = frozenset(
    ("Content-Type", "apikey", "Origin", "X-Visitor", "Authorization", "Content-Range", "If-Modified-Since")
)


def _chunks(chance: random.Random, body: bytes) -> bytes:
    """Return a body in chunks, now and then with a wrong size or without its end."""
    found, rest = [], body
    while rest:
        size = chance.randint(1, len(rest))
        said = size if chance.random() < 0.95 else chance.choice((0, size + 3, 2**40))
        found.append(b"%x%s\r\n%s\r\n" % (said, chance.choice((b"", b"", b";a=b", b" ")), rest[:size]))
        rest = rest[size:]
    return b"".join(found) + chance.choice(
        (b"0\r\n\r\n",) * 6 + (b"0\r\nX: y\r\n\r\n", b"", b"0\r\n", b"\r\n")
    )
