# ruff: noqa: E501 - tables of samples read better in long lines
"""Rules of the wire that hold for any value: addresses, options, bodies, kinds of fields, names."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from sn_pandas.embedded import Application

from ..wsgi import request

Json = Any
REQUEST, SERVER = (400, "RequestError"), (500, "NotSpecified")

GADGET = """<ContentType name="Gadget" parentType="GenericContent"
  handler="SenseNet.ContentRepository.GenericContent"
  xmlns="http://schemas.sensenet.com/SenseNet/ContentRepository/ContentTypeDefinition">
  <Fields>
    <Field name="Text" type="LongText"/>
    <Field name="Rich" type="RichText"/>
    <Field name="Count" type="Integer"><Configuration><MaxValue>1000</MaxValue></Configuration></Field>
    <Field name="Weight" type="Number"/>
    <Field name="Used" type="Boolean"/>
    <Field name="Bought" type="DateTime"/>
    <Field name="State" type="Choice"><Configuration><AllowMultiple>false</AllowMultiple><Options>
      <Option value="new">New</Option><Option value="used">Used</Option></Options></Configuration></Field>
    <Field name="Labels" type="Choice"><Configuration><AllowMultiple>true</AllowMultiple><Options>
      <Option value="red">Red</Option></Options></Configuration></Field>
    <Field name="Keeper" type="Reference"><Configuration><AllowMultiple>false</AllowMultiple>
      <AllowedTypes><Type>User</Type></AllowedTypes></Configuration></Field>
    <Field name="Parts" type="Reference"><Configuration><AllowMultiple>true</AllowMultiple></Configuration></Field>
    <Field name="Page" type="HyperLink"/>
    <Field name="Data" type="Binary"/>
    <Field name="Tint" type="Color"/>
    <Field name="Secret" type="Password"/>
    <Field name="Tree" type="Xml"/>
    <Field name="Part" type="ShortText"><Configuration><MaxLength>3</MaxLength><Regex>a|ab|(?&lt;x&gt;[A-Z]+)$|🎉+</Regex>
      </Configuration></Field>
    <Field name="Amount" type="Currency"><Configuration><Compulsory>true</Compulsory></Configuration></Field>
    <Field name="Sure" type="Boolean"><Configuration><Compulsory>true</Compulsory></Configuration></Field>
    <Field name="Until" type="DateTime"><Configuration><MaxValue>2026-01-01</MaxValue></Configuration></Field>
    <Field name="Must" type="ShortText"><Configuration><Compulsory>true</Compulsory></Configuration></Field>
  </Fields>
</ContentType>"""
HERE = "/odata.svc/Root/Content/w"
GADGETS = f"{HERE}('g')"


class Repository:
    """A repository with one gadget, ``/Root/Content/w/g``."""

    def __init__(self) -> None:
        self.application = Application(sample=False, admin=True)
        upload = {"FileName": "Gadget", "ContentType": "ContentType", "FileText": GADGET}
        self.json("POST", "/odata.svc/Root/System/Schema('ContentTypes')/Upload", upload)
        self.json("POST", "/odata.svc/Root('Content')", {"__ContentType": "Workspace", "Name": "w"})
        types = {"contentTypes": ["Gadget", "Memo", "Task", "Link"]}
        self.send("POST", "/odata.svc/Root/Content('w')/AddAllowedChildTypes", types)
        self.json(
            "POST",
            "/odata.svc/Root/Content('w')",
            {"__ContentType": "Gadget", "Name": "g", "Must": "x", "Part": "a"},
        )

    def send(self, method: str, target: str, body: Json = None) -> tuple[int, dict[str, str], bytes]:
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        return request(self.application, method, target, data)

    def json(self, method: str, target: str, body: Json = None) -> Json:
        status, _, answer = self.send(method, target, body)
        assert status == 200, answer
        return json.loads(answer)

    def problem(self, method: str, target: str, body: Json = None) -> tuple[Json, ...]:
        status, _, answer = self.send(method, target, body)
        if not answer.startswith(b'{"error"'):
            return (status,)
        error = json.loads(answer)["error"]
        return status, error["code"], error["exceptiontype"]

    def patched(self, field: str, value: Json) -> Json:
        """Write a field; return how it reads afterwards, or the error."""
        target = f"{GADGETS}?metadata=no&$select={field}"
        status, _, answer = self.send("PATCH", target, {field: value})
        if status == 200:
            return json.loads(answer)["d"][field]
        error = json.loads(answer)["error"]
        return status, error["code"], error["exceptiontype"]


@pytest.fixture(scope="module")
def repository() -> Iterator[Repository]:
    repository = Repository()
    yield repository
    repository.application.close()


BLACK = {"Alpha": 255, "Red": 0, "Green": 0, "Blue": 0, "Hue": 0.0}
NO_COLOR = {**BLACK, "Alpha": 0}
NO_LINK = {"Href": None, "Text": None, "Title": None, "Target": None}
CAST = (*SERVER, "InvalidCastException")
INVALID = (*REQUEST, "InvalidContentException")


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("Count", 3.7, 4), ("Count", 2.5, 2), ("Count", 3.5, 4), ("Count", True, 1), ("Count", None, 0),
        ("Count", " 12 ", 12), ("Count", "+3", 3), ("Count", 1001, INVALID),
        ("Count", "abc", (*REQUEST, "FormatException")), ("Count", "", (*REQUEST, "FormatException")),
        ("Count", 2**63, (*REQUEST, "InvalidCastException")), ("Count", "\u00a07", (*REQUEST, "FormatException")),
        ("Count", "1.0", (*REQUEST, "FormatException")), ("Count", 2**31, (*REQUEST, "OverflowException")),
        ("Weight", "2,5", 25.0), ("Weight", None, 0.0), ("Weight", True, 1.0), ("Weight", " 1.50 ", 1.5),
        ("Weight", 922337203685477.58071, 922337203685478.0), ("Weight", {}, CAST),
        ("Weight", "1e2", (*SERVER, "FormatException")), ("Weight", 8e28, (*SERVER, "OverflowException")),
        ("Weight", "7 -", -7.0), ("Weight", "-7-", (*SERVER, "FormatException")), ("Weight", "1,,0.5", 10.5),
        ("Weight", 1e-30, 0.0), ("Weight", "0.12345678901234567890123456785", 0.1234567890123456789012345678),
        ("Weight", 79228162514264337593543950335.0, (*SERVER, "OverflowException")), ("Weight", "79228162514264337593543950335", 79228162514264337593543950335.0),
        ("Weight", "79228162514264337593543950336", (*SERVER, "OverflowException")), ("Weight", "9" * 5000, (*SERVER, "OverflowException")),
        ("Count", "9" * 5000, (*REQUEST, "OverflowException")),
        ("Used", True, True), ("Used", 1, False), ("Used", "true", False), ("Used", None, False), ("Used", {}, False),
        ("Bought", "2026-01-02T03:04:05", "2026-01-02T03:04:05Z"),
        ("Bought", "2026-01-02T03:04:05.1234567+02:00", "2026-01-02T01:04:05.1234567Z"),
        ("Bought", "2026-01-02T03:04:05.12345678Z", CAST), ("Text", "2026-01-02T03:04:05.12345678Z", "2026-01-02T03:04:05.12345678Z"),
        ("Bought", "2026-01-02T03:04:05z", CAST), ("Bought", "0001-01-01T00:00:00+02:00", "0001-01-01T00:00:00Z"),
        ("Bought", "9999-12-31T23:59:59-01:00", "9999-12-31T23:59:59.9999999Z"),
        ("Bought", "2026-01-02T24:00:00", "2026-01-03T00:00:00Z"), ("Bought", "/Date(0)/", "1970-01-01T00:00:00Z"),
        ("Bought", None, "1970-01-01T00:00:00Z"), ("Bought", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
        ("Bought", "2026-01-01", CAST), ("Bought", "", CAST), ("Bought", 5, CAST),
        ("Text", "2024-01-31T10:00", "2024-01-31T10:00"), ("Text", "2026-01-02T03:04:05", CAST), ("Text", 5, CAST),
        ("Text", "$Nope,Title", "$Nope,Title"), ("Text", "", ""), ("Text", None, None), ("Text", ["x"], None),
        ("DisplayName", "$Nope,Title", "Nopeen-USTitle"), ("DisplayName", "$x", "$x"), ("DisplayName", None, "g"),
        ("Rich", "a", "a"), ("Rich", {"text": "b", "editor": "c"}, "b"), ("Rich", 5, None),
        ("State", "used", ["used"]), ("State", ["new", "used"], INVALID), ("State", "Used", INVALID),
        ("State", "", INVALID), ("State", True, INVALID), ("State", None, []),
        ("State", [[]], (*REQUEST, "Exception")), ("State", {}, []), ("State", {"a": 1}, INVALID), ("State", 2**33, INVALID),
        ("State", ["~other.x", "~other.y"], INVALID), ("State", "~other", INVALID), ("State", "~other.x", ["~other.x"]),
        ("Labels", ["red", "~other.x", "red", "~other.y"], ["red", "~other.x;red;~other.y"]), ("Labels", [], []),
        ("Labels", ["~other.x", "nope"], ["~other.x;nope"]), ("Labels", ["nope", "~other.x"], INVALID),
        ("Page", {"Href": "x"}, NO_LINK), ("Page", "http://x", NO_LINK),
        ("Tint", "#00FF00", {**BLACK, "Green": 255, "Hue": 119.99999}), ("Tint", "red", {**BLACK, "Red": 255}),
        ("Tint", "Red", NO_COLOR), ("Tint", "", NO_COLOR), ("Tint", None, BLACK),
        ("Tint", 5, (*SERVER, "NotSupportedException")),
        ("Secret", "x", None), ("Secret", None, INVALID), ("Secret", {"Text": "x"}, INVALID),
        ("Tree", "<a/>", "<a/>"), ("Tree", "<a", INVALID), ("Tree", 5, CAST),
        ("Data", "x", CAST), ("Must", None, INVALID), ("Must", " ", " "),
        ("VersioningMode", 2, (*SERVER, "ArgumentException")), ("VersioningMode", None, (*SERVER, "ArgumentException")),
        ("VersioningMode", "MajorOnly", INVALID), ("VersioningMode", ["1", "2"], INVALID),
        ("Name", "a*b", (*SERVER, "InvalidPathException")), ("Name", "..", (*SERVER, "InvalidPathException")), ("Name", None, INVALID),
        ("Owner", None, (*SERVER, "ArgumentNullException")), ("Owner", 2, (*SERVER, "ArgumentOutOfRangeException")),
        ("VersioningMode", 9, INVALID), ("VersioningMode", {}, (*SERVER, "ArgumentException")), ("VersioningMode", True, INVALID),
        ("Keeper", {"Id": 1}, CAST), ("Keeper", 2, INVALID), ("Keeper", -(2**31) - 1, (*REQUEST, "OverflowException")),
        ("Keeper", 2**31, (*REQUEST, "OverflowException")), ("Keeper", 2**63, (*REQUEST, "InvalidCastException")),
        ("Parts", [1, 2**63], (*REQUEST, "OverflowException")),
        ("Part", "a", "a"), ("Part", "ab", INVALID), ("Part", "ABC", "ABC"), ("Part", "🎉🎉", INVALID), ("Part", "AB\n", INVALID),
        ("Amount", None, INVALID), ("Amount", 0, 0.0), ("Sure", None, INVALID), ("Sure", False, False), ("Sure", 5, False),
        ("Until", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z"), ("Until", "2026-01-01T00:00:00.5Z", INVALID),
    ],
)  # fmt: skip
def test_what_a_field_makes_of_a_value(
    repository: Repository, field: str, value: Json, expected: Json
) -> None:
    assert repository.patched(field, value) == expected


@pytest.mark.parametrize(
    ("value", "ids"),
    [
        (1, [1]), ("1", [1]), ("/Root/IMS/BuiltIn/Portal/ADMIN", [1]), ([1, 6, 1], [1, 6, 1]), ([[1], [6]], [1, 6]),
        (None, []), ("", []), (99999, []), ("/nope", []), (True, []), ("Admin", []), ([1, 99999, {"Id": 6}], [1]),
        ("+1", [1]), (1.0, [1]), ([[[1]], 6], [6]), (2**31 - 1, []), ("9" * 5000, []),
    ],
)  # fmt: skip
def test_references_take_what_they_find(repository: Repository, value: Json, ids: list[int]) -> None:
    target = f"{GADGETS}?metadata=no&$select=Parts/Id&$expand=Parts"
    answer = repository.json("PATCH", target, {"Parts": value})
    assert [part["Id"] for part in answer["d"]["Parts"]] == ids


def test_numbers_are_written_without_exponent(repository: Repository) -> None:
    for value, text in ((1e-7, b"0.0000001"), (1e20, b"100000000000000000000.0"), (3, b"3.0")):
        body = repository.send("PATCH", f"{GADGETS}?metadata=no&$select=Weight", {"Weight": value})[2]
        assert body == b'{"d":{"Weight":' + text + b"}}"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'[{"Count":5}]', 5), (b'(models=[{"Count":6}])', 6), (b'any text{"Count":7}', 7), (b"Count=8&Used=true", 8),
        (b"{Count:9,}", 9), (b"{'Count':/* c */10}", 10), (b'{"Count":1,"Count":11}', 11), (b'{"Count":12}{"Count":1}', 12),
        (b"Count=\\u0031\\u0035", 15), (b'{"Count":010}', 8), (b'{"Count":0x10}', 16), (b'{"Count":.5e1}', 5), (b'{"Count":5.}', 5),
        (b'{"Count":,"Text":[1,,2]}', 0), (b'{"Count":' + b"9" * 5000 + b"}", (*SERVER, "JsonReaderException")),
        (b'{"Count":+3}', (*SERVER, "JsonReaderException")), (b'{"Count":09}', (*SERVER, "JsonReaderException")),
        (b'Count="3"', (*SERVER, "JsonReaderException")), (b"Count=3=4", (*SERVER, "JsonReaderException")),
        (b'{"Count":1e2}', 100), (b"\xef\xbb\xbf" + b'{"Count":13}', 13), ('{"Count":14}'.encode("utf-16"), 14),
        (b"", (*SERVER, "ArgumentNullException")), (b"[]", (*SERVER, "ArgumentOutOfRangeException")),
        (b"[1]", (*SERVER, "NullReferenceException")), (b"42", (*SERVER, "SnNotSupportedException")),
        (b" ", (*SERVER, "SnNotSupportedException")), (b'{"Text":"a=b"}\n', (*SERVER, "JsonReaderException")),
        (b'{"Count":' + b"[" * 70 + b"]" * 70 + b"}", (*SERVER, "JsonReaderException")),
    ],
)  # fmt: skip
def test_bodies(repository: Repository, body: bytes, expected: Json) -> None:
    status, _, answer = repository.send("PATCH", f"{GADGETS}?metadata=no&$select=Count", body)
    if status == 200:
        assert json.loads(answer)["d"]["Count"] == expected
    else:
        error = json.loads(answer)["error"]
        assert (status, error["code"], error["exceptiontype"]) == expected


@pytest.mark.parametrize(
    ("target", "name"),
    [
        ("//Root/('Content')", "Content"), ("/Root('Content')/", "Content"), ("/content(%203%20)", "IMS"),
        ("/content(+3)", "IMS"), ("/CONTENT((3))", "IMS"), ("/Root(''IMS'')", "IMS"), ("/Root('Content%2Fw')", "w"),
        ("/Root('Content%252Fw')", "w"), ("/('Root')", "Root"), ("/root('ims')", "IMS"),
        ("/Root/IMS/../('Content')", "Content"),
    ],
)  # fmt: skip
def test_spellings_of_an_entity(repository: Repository, target: str, name: str) -> None:
    assert repository.json("GET", f"/odata.svc{target}?metadata=no&$select=Name") == {"d": {"Name": name}}


@pytest.mark.parametrize(
    "target",
    ["/content(0)", "/content(-3)", "/content('x')", "/content(3", "/content(3)x", "/('IMS", "/(IMS)", "/Root('')",
     "/Root('IMS')('BuiltIn')", "/Root('Content%2fw')", "%2FRoot", "/Root/%FF", "/Root/%", "/nope", "x"],
)  # fmt: skip
def test_what_is_not_there_is_404_without_a_body(repository: Repository, target: str) -> None:
    status, _, body = repository.send("GET", f"/odata.svc{target}")
    assert (status, body) == (404, b"")


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("/content(abc)", (500, "InvalidId", "ODataException")),
        ("/content(99999999999)", (500, "InvalidId", "ODataException")),
        ("/content()", (*REQUEST, "IndexOutOfRangeException")),
        ("/Root/IMS')", (*REQUEST, "ArgumentOutOfRangeException")),
        ("/Root('IMS/BuiltIn')", (*REQUEST, "ArgumentOutOfRangeException")),
        ("/Root/a b", (400,)), ("/Root/é", (400,)), ("/Root%00", (400,)), ("/" + "x" * 8200, (414,)),
        ("/Root('IMS')/nope", (500, "UnknownAction", "InvalidContentActionException")),
        ("/Root('IMS')/IsFile", (500, "UnknownAction", "InvalidContentActionException")),
        ("/Root?$top=", (400, "InvalidTopParameter", "ODataException")),
        ("/Root?$top=1e1", (400, "InvalidTopParameter", "ODataException")),
        ("/Root?$top=-1", (400, "NegativeTopParameter", "ODataException")),
        ("/Root?$skip=x", (400, "InvalidSkipParameter", "ODataException")),
        ("/Root?$orderby=a%20b%20c", (400, "InvalidOrderByParameter", "ODataException")),
        ("/Root?$orderby=a%20DESC", (400, "InvalidOrderByDirectionParameter", "ODataException")),
        ("/Root?$orderby=%20", (*REQUEST, "IndexOutOfRangeException")),
        ("/Root?$inlinecount=2", (400, "InvalidInlineCountParameter", "ODataException")),
        ("/Root?$format=atom", (400, "InvalidFormatParameter", "ODataException")),
        ("?$filter=Nope%20eq%201", (*REQUEST, "InvalidOperationException")),
        ("/Root?query=%20", (*SERVER, "InvalidOperationException")),
        ("/Root?$select=CreatedBy/Name", (400, "InvalidSelectParameter", "ODataException")),
        ("/Root?$select=CreatedBy/Name&$expand=createdBy", (400, "InvalidSelectParameter", "ODataException")),
        ("/('Root')?$select=CreatedBy/Name&$expand=CreatedBy/Manager/CreatedBy",
         (400, "InvalidSelectParameter", "ODataException")),
        ("/Root?$format=xml", (500,)), ("/$metadata?$top=x", (500,)),
    ],
)  # fmt: skip
def test_what_is_refused(repository: Repository, target: str, expected: tuple[Json, ...]) -> None:
    assert repository.problem("GET", f"/odata.svc{target}") == expected


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        ("*_|abc", "-_-abc"),
        ("it's", "it-s"),
        ("dots...", "dots"),
        ("a+#b", "a-b"),
        ("Q+A: up? 100%", "Q-A- up- 100"),
    ],
)
def test_names_are_made_of_what_was_sent(repository: Repository, sent: str, name: str) -> None:
    target = f"{HERE}?metadata=no&$select=Name"
    assert repository.json("POST", target, {"__ContentType": "Folder", "Name": sent})["d"]["Name"] == name


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ({"Name": ""}, INVALID), ({"Name": None, "DisplayName": "x"}, INVALID), ({"Name": "..."}, INVALID),
        ({"Name": " a"}, (*SERVER, "InvalidPathException")), ({"Name": 5}, CAST), ({"DisplayName": 5}, CAST),
        ({"__ContentType": "folder", "Name": "x"}, (*REQUEST, "ApplicationException")),
        ({"__ContentType": 5, "Name": "x"}, CAST), ({"__ContentType": "Link", "Name": "x"}, INVALID),
        ({"__ContentType": "Workspace", "Name": "x" * 450}, (*REQUEST, "RepositoryPathTooLongException")),
        ({"Name": "G"}, (403, "ContentAlreadyExists", "NodeAlreadyExistsException")),
        ({"Name": "", "Index": "x"}, (*REQUEST, "FormatException")), ({"Name": " a", "Index": "x"}, (*REQUEST, "FormatException")),
        ({"__ContentType": "Gadget", "Name": " a"}, INVALID), ({"__ContentType": "GenericContent", "Name": " a"}, (*SERVER, "InvalidOperationException")),
    ],
)  # fmt: skip
def test_what_is_not_created(repository: Repository, model: Json, expected: tuple[Json, ...]) -> None:
    assert repository.problem("POST", HERE, {"__ContentType": "Folder", **model}) == expected


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ({"Weight": "x", "Text": 5}, CAST), ({"Text": 5, "Weight": "x"}, CAST),
        ({"DisplayName": 5, "Weight": "x"}, (*SERVER, "FormatException")), ({"State": "x", "Weight": "x"}, (*SERVER, "FormatException")),
        ({"Owner": None, "Weight": "x"}, (*SERVER, "FormatException")),
        ({"Text": 5, "Count": "x", "Keeper": 2**31}, (*REQUEST, "FormatException")),
        ({"Text": 5, "Keeper": 2**31, "Count": "x"}, (*REQUEST, "OverflowException")),
    ],
)  # fmt: skip
def test_of_several_bad_values_the_first_is_named(
    repository: Repository, model: Json, expected: tuple[Json, ...]
) -> None:
    """What is found at once in the order of the body, what is found on saving in that of the type."""
    assert repository.problem("PATCH", GADGETS, model) == expected


def test_names_that_are_no_text_are_passed_over(repository: Repository) -> None:
    model = {"__ContentType": {"a": 1}, "Name": ["x"], "DisplayName": "shown"}
    made = repository.json("POST", f"{HERE}?metadata=no&$select=Name,Type", model)["d"]
    assert made == {"Name": "shown", "Type": "Folder"}
    assert repository.problem("POST", HERE, {**model, "Name": {"a": 1}}) == CAST


def test_taken_names_get_numbers_if_the_type_wants_it(repository: Repository) -> None:
    model = {"__ContentType": "Memo", "Name": "m.txt", "Date": "2026-01-01T00:00:00Z"}
    made = [repository.json("POST", HERE, model)["d"]["Name"] for _ in range(3)]
    assert made == ["m.txt", "m(1).txt", "m(2).txt"]


def test_nothing_is_saved_where_nothing_differs(repository: Repository) -> None:
    target = f"{GADGETS}?metadata=no&$select=ModificationDate"
    before = repository.json("GET", target)
    assert repository.json("PATCH", target, {"nope": 1, "Description": None, "Hidden": False}) == before


def test_what_fails_while_the_answer_is_written_fails_after_saving(repository: Repository) -> None:
    for value, options in ((901, "$select=CreatedBy/Name"), (902, "$format=xml")):
        status, _, _ = repository.send("PATCH", f"{GADGETS}?{options}", {"Index": value})
        assert status in (400, 500)
        assert repository.json("GET", f"{GADGETS}/Index") == {"d": {"Index": value}}
    assert repository.send("PATCH", f"{GADGETS}?$top=x", {"Index": 903})[0] == 400
    assert repository.json("GET", f"{GADGETS}/Index") == {"d": {"Index": 902}}


def test_keys_stand_in_the_order_of_the_select(repository: Repository) -> None:
    group = "/odata.svc/Root/IMS/BuiltIn/Portal('Administrators')"
    options = "$expand=Members,ModifiedBy&$select=Id,Members/Id,Name,Members/Name&metadata=minimal"
    found = repository.json("GET", f"{group}?{options}")["d"]
    assert list(found) == ["__metadata", "Id", "Members", "Name"]
    assert list(found["Members"][0]) == ["__metadata", "Id", "Name"]


def test_head_honours_the_version(repository: Repository) -> None:
    assert repository.send("HEAD", f"{GADGETS}?version=1.0")[0] == 200
    assert repository.send("HEAD", f"{GADGETS}?version=9.0")[0] == 404
    assert repository.send("PATCH", f"{GADGETS}?version=9.0", {"Index": 1})[0] == 200


def test_a_value_that_became_invalid_fails_only_when_it_is_written(repository: Repository) -> None:
    definition = """<ContentType name="Shrinking" parentType="GenericContent"
      handler="SenseNet.ContentRepository.GenericContent"
      xmlns="http://schemas.sensenet.com/SenseNet/ContentRepository/ContentTypeDefinition">
      <Fields><Field name="Brief" type="ShortText"><Configuration>%s</Configuration></Field></Fields>
    </ContentType>"""
    upload = "/odata.svc/Root/System/Schema('ContentTypes')/Upload"
    model = {"FileName": "Shrinking", "ContentType": "ContentType", "FileText": definition % ""}
    repository.json("POST", upload, model)
    types = {"contentTypes": ["Shrinking"]}
    repository.send("POST", "/odata.svc/Root/Content('w')/AddAllowedChildTypes", types)
    repository.json("POST", HERE, {"__ContentType": "Shrinking", "Name": "s", "Brief": "long"})
    repository.json("POST", upload, {**model, "FileText": definition % "<MaxLength>3</MaxLength>"})
    assert repository.problem("PATCH", f"{HERE}('s')", {"Index": 1}) == (200,)
    assert repository.problem("PATCH", f"{HERE}('s')", {"Brief": "long"}) == INVALID


def test_a_missing_content_is_404_with_an_empty_body_too(repository: Repository) -> None:
    for method in ("PATCH", "PUT", "MERGE", "POST"):
        status, _, answer = repository.send(method, f"{HERE}('nope')", b"")
        assert (status, answer) == (404, b"")
    assert repository.problem("PATCH", f"{HERE}('nope')", b'{"a') == (*SERVER, "JsonReaderException")


def test_a_folder_shows_the_types_of_what_it_is_in_and_takes_none_of_its_own(repository: Repository) -> None:
    def listed(place: str) -> list[str]:
        found = repository.json("GET", f"{place}/AllowedChildTypes?metadata=no&$select=Name")
        return [row["Name"] for row in found["d"]["results"]]

    repository.json("POST", HERE, {"__ContentType": "Folder", "Name": "f"})
    for name in ("f", "g"):
        repository.json("PATCH", f"{HERE}('{name}')", {"AllowedChildTypes": ["Task"]})
    assert listed(f"{HERE}('f')") == listed("/odata.svc/Root/Content('w')") != ["Task"]
    assert listed(f"{HERE}('g')") == ["Task"]
