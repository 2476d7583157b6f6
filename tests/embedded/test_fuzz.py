# ruff: noqa: E501 - the lists of samples read better in long lines
"""No request, however odd, meets an error of our own."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sn_pandas.embedded import Application

from ..wsgi import request

NAMES = [
    "Root",
    "Content",
    "IMS",
    "BuiltIn",
    "Portal",
    "Admin",
    "System",
    "Schema",
    "ContentTypes",
    "fuzz",
    "T1",
    "A1",
    "Trash",
]
FIELDS = ["Id", "Name", "Path", "Type", "DisplayName", "Index", "CreatedBy", "CreationDate", "AssignedTo", "DueDate", "Status",
          "Priority", "TaskCompletion", "Description", "Members", "AllowedChildTypes", "Children", "Actions", "Binary",
          "VersioningMode", "Owner", "Hidden", "InTree", "InFolder", "Versions", "Workspace", "Avatar", "Password", "nope", "*",
          "ModificationDate", "Version", "Locked", "SavingState", "Size", "IsFile"]  # fmt: skip
MEMBERS = ["Children", "Actions", "GetSchema", "Ancestors", "CheckOut", "CheckIn", "Publish", "Delete", "MoveBatch",
           "GetPermissionInfo", "HasPermission", "Upload", "Browse", "GetAcl", "SetPermissions", "nope", *FIELDS]  # fmt: skip
OPERATORS = ["eq", "ne", "lt", "gt", "le", "ge", "add", "mul", "and", "or", "div"]
LITERALS = ["1", "-5", "0", "null", "'x'", "'*'", "'T?'", "true", "1.5m", "1.5", "5L", "datetime'2026-01-05'", "datetime'x'", "''",
            "9999999999", "Name", "Index", "concat('a','b')", "tolower(Name)", "(1 add 2)"]  # fmt: skip

words = st.sampled_from([*NAMES, *FIELDS])
text = st.text(max_size=12)


@st.composite
def filters(draw: st.DrawFn) -> str:
    left = draw(
        st.sampled_from(
            [*FIELDS, *LITERALS, "startswith(Name,'T')", "isof('Task')", "not Hidden", "length(Name)"]
        )
    )
    whole = f"{left} {draw(st.sampled_from(OPERATORS))} {draw(st.sampled_from([*LITERALS, *FIELDS]))}"
    if draw(st.booleans()):
        whole = f"({whole}) {draw(st.sampled_from(['and', 'or']))} {draw(st.sampled_from(FIELDS))} eq {draw(st.sampled_from(LITERALS))}"
    return draw(st.sampled_from([whole, f"not ({whole})", left, whole + draw(text)]))


@st.composite
def queries(draw: st.DrawFn) -> str:
    terms = st.sampled_from(["Name:T1", "TypeIs:Task", "Index:>3", "Id:(1 2 3)", "InTree:/Root", "Index:[1 TO 5}", "DueDate:<@@Today@@",
                             "Name:*", "t*", "'a b'", "_Text:x", "Nope:1", "{{TypeIs:User}}", ".TOP:3", ".SORT:Name", ".SKIP:1",
                             ".AUTOFILTERS:OFF", "NOT Name:x", "(", ")", "+", "-", "AND", "OR", "Hidden:no", "CreatedBy:{{Name:Admin}}"])  # fmt: skip
    return " ".join(draw(st.lists(st.one_of(terms, text), min_size=1, max_size=5)))


chains = st.lists(st.lists(st.sampled_from(FIELDS), min_size=1, max_size=3).map("/".join), max_size=4).map(
    ",".join
)
option = st.one_of(
    st.tuples(st.just("$filter"), st.one_of(filters(), text)),
    st.tuples(st.just("query"), st.one_of(queries(), text)),
    st.tuples(st.sampled_from(["$select", "$expand", "$orderby"]), st.one_of(chains, text)),
    st.tuples(st.sampled_from(["$top", "$skip", "$inlinecount"]), st.one_of(st.integers(-3, 9).map(str), text, st.just("allpages"))),
    st.tuples(st.just("metadata"), st.sampled_from(["no", "minimal", "full", "x"])),
    st.tuples(st.just("$format"), st.sampled_from(["json", "export", "table", "xml", "typescript", "atom"])),
    st.tuples(st.sampled_from(["version", "scenario", "richtexteditor", "enableautofilters", "enablelifespanfilter", "permanent",
                               "multistepsave", "apikey"]), st.one_of(text, st.sampled_from(["true", "V1.0.A", "all", "ListItem"]))),
)  # fmt: skip
query_strings = st.lists(option, max_size=5).map(
    lambda pairs: "&".join(f"{k}={quote(v.encode('utf-8', 'replace'))}" for k, v in pairs)
)


@st.composite
def paths(draw: st.DrawFn) -> str:
    if draw(st.booleans()):
        known = ["/Root/Content/fuzz('T1')", "/Root/Content/fuzz", "/Root/Content('fuzz')", "/Root/Content/fuzz('A1')", "/Root/IMS",
                 "/Root/IMS/BuiltIn/Portal('Admin')", "/('Root')", "/content(2)", "/Root/System/Schema/ContentTypes", "/Root('Trash')"]  # fmt: skip
        place = draw(st.sampled_from(known))
        members = draw(st.lists(st.sampled_from([*MEMBERS, "$count", "$value", "$metadata"]), max_size=2))
        return "/odata.svc" + place + "".join(f"/{m}" for m in members)
    steps = draw(
        st.lists(
            st.one_of(
                words,
                text,
                words.map(lambda w: f"('{w}')"),
                st.sampled_from(["content(1)", "content(x)", "..", "$count"]),
            ),
            max_size=4,
        )
    )
    return "/odata.svc/" + "/".join(quote(s.encode("utf-8", "replace"), safe="()'$") for s in steps)


json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(), text,
              st.sampled_from(["2026-01-02T03:04:05Z", "/Root/IMS", "1", "~other.x", "$Class,Key"])),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(["Text", "Hash", "Url", "text", "x"]), inner, max_size=2)),
    max_leaves=5,
)  # fmt: skip
bodies = st.one_of(
    st.dictionaries(
        st.sampled_from([*FIELDS, "__ContentType", "__ContentTemplate", "paths", "targetPath", "r"]),
        json_values,
        max_size=5,
    ).map(lambda model: json.dumps(model).encode()),
    st.binary(max_size=40),
    st.sampled_from(
        [b"", b"[]", b"{", b"a=b&c=d", b"models=[{'Index': 3}]", b"{Index: 0x1F}", b"null", b'{"Name":"x"}\n']
    ),
)


class Failures(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.seen: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.seen.append(self.format(record))


PLACES = (
    ("/Root", "Content", {"__ContentType": "Workspace"}),
    ("/Root/Content", "fuzz", {"__ContentType": "TaskList", "AllowedChildTypes": ["Task", "Folder", "File"]}),
    ("/Root/Content/fuzz", "T1", {"__ContentType": "Task", "Index": 4, "DueDate": "2026-01-05T08:00:00Z"}),
    ("/Root/Content/fuzz", "A1", {"__ContentType": "File"}),
)


@pytest.fixture(scope="module")
def application() -> Iterator[Application]:
    application = Application(sample=False, admin=True)
    yield application
    application.close()


def prepare(application: Application) -> None:
    """Put back what earlier requests removed."""
    for parent, name, model in PLACES:
        if application.store.by_path(f"{parent}/{name}") is None:
            body = json.dumps({"Name": name, **model}).encode()
            send(
                application,
                "POST",
                f"/odata.svc{parent}" if parent != "/Root" else "/odata.svc/('Root')",
                body,
            )


def send(application: Application, method: str, target: str, body: bytes) -> int:
    return request(application, method, target, body)[0]


def check(application: Application, method: str, target: str, body: bytes) -> None:
    prepare(application)
    failures = Failures()
    logger = logging.getLogger("sn_pandas.embedded")
    logger.addHandler(failures)
    try:
        status = send(application, method, target, body)
    finally:
        logger.removeHandler(failures)
    assert not failures.seen, failures.seen[0]
    assert status in (200, 204, 400, 401, 403, 404, 405, 414, 500)


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(path=paths(), query=query_strings)
def test_reads(application: Application, path: str, query: str) -> None:
    check(application, "GET", f"{path}?{query}", b"")


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    method=st.sampled_from(["POST", "PATCH", "MERGE", "PUT", "DELETE", "HEAD", "OPTIONS", "patch"]),
    path=paths(),
    query=query_strings,
    body=bodies,
)
def test_writes(application: Application, method: str, path: str, query: str, body: bytes) -> None:
    check(application, method, f"{path}?{query}", body)
