# ruff: noqa: E501
"""Values of typed content queries that find something else on a production server than one would think."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator

import pytest

from sn_pandas.frames import Repository
from sn_pandas.notebook.explaining import explain

from ..fakes import FakeServer
from ..frames.people import RIGHTS

PLACE = "/Root/Content/Herons"
TYPES = "/Root/System/Schema/ContentTypes"
FIELDS = {
    "Note": "LongText",
    "Story": "RichText",
    "Label": "ShortText",
    "Done": "Boolean",
    "Day": "DateTime",
    "Keeper": "Reference",
}


def _definition() -> bytes:
    fields = "".join(f'<Field name="{name}" type="{kind}"/>' for name, kind in FIELDS.items())
    options = "<Options><Option value='new'>Brand new</Option><Option value='used'>Old</Option></Options>"
    fields += f'<Field name="State" type="Choice"><Configuration>{options}</Configuration></Field>'
    return (
        '<ContentType name="Heron" parentType="GenericContent" handler="SenseNet.ContentRepository.GenericContent" '
        'xmlns="http://schemas.sensenet.com/SenseNet/ContentRepository/ContentTypeDefinition">'
        f"<Fields>{fields}</Fields></ContentType>"
    ).encode()


@pytest.fixture(scope="module")
def erin() -> Iterator[Repository]:
    server = FakeServer(sample=False)
    admin = server.connect()
    admin.upload(TYPES, {"Heron": _definition()}, type="ContentType")
    everyone = {"identity": "/Root/IMS/BuiltIn/Portal/Everyone", "See": "allow"}
    admin.call(f"{TYPES}/GenericContent/Heron", "SetPermissions", r=[everyone])
    admin = server.connect()
    admin.create("/Root/Content", "Workspace", "Herons")
    admin.call(PLACE, "AddAllowedChildTypes", contentTypes=["Heron"])
    texts = {"Note": "cat on the roof", "Label": "box", "Day": "2024-02-22T00:00:00Z", "State": ["used"]}
    admin.create(PLACE, "Heron", "one", texts)
    admin.create(PLACE, "Heron", "two", {"Keeper": f"{PLACE}/one", "Note": "blue herons", "Label": "1.2.3"})
    admin.create(PLACE, "Heron", "three")
    server.add_user("erin", {PLACE: RIGHTS})
    with server.connect(user="erin") as repo:
        yield repo
    server.end()


SURPRISING = [
    ("Note:the", "servers drop all its words", None, []),
    ("Note:'!;'", "servers drop all its words", None, []),
    ("Note:''", "an empty text has no words", None, []),
    ("is", "servers drop all its words", None, []),
    ("+roof +the", "servers drop all its words", "+roof", ["one"]),
    ('Note:"cat on the roof"', "leave a gap in the texts", 'Note:"cat on the roof"~2', ["one"]),
    ('"cat on the roof"', "leave a gap in the texts", '"cat on the roof"~2', ["one"]),
    ('Note:(herons OR "cat on the roof"~1)', "leave a gap", 'Note:"cat on the roof"~2', ["one"]),
    ("Note:'blue h*'", "none has a blank in it", "+Note:blue +Note:h*", ["two"]),
    (f"InFolder:'{PLACE}/'", "regular expression", f"InFolder:'{PLACE}'", ["one", "three", "two"]),
    (f"InTree:{PLACE}/", "regular expression", f"InTree:'{PLACE}'", ["Herons", "one", "three", "two"]),
    ("Label:'/ox/'", "regular expression", None, ["one"]),
    ("Note:'/oo/'", "regular expression", None, ["one"]),
    ("Index:0~", "compared exactly", None, ["Herons", "one", "three", "two"]),
    ("Keeper:7~", "compared exactly", None, []),
    ("Day:2024.02.22", "ends before its second dot", 'Day:"2024.02.22"', ["one"]),
    ("Day:<'2024-06-01'", "whose Day is not set", "+Day:<'2024-06-01' +Day:>'0001-01-01'", ["one"]),
    ("Day:[ TO '2024-06-01']", "whose Day is not set", "+Day:<='2024-06-01' +Day:>'0001-01-01'", ["one"]),
    ("Day:'2024-02-22 00:00:30'", "by the minute", 'Day:"2024-02-22 00:00:00"', ["one"]),
    ("Note:blue-herons", "must be quoted", "Note:'blue-herons'", ["two"]),
    ("Note:blue roof", "roof is looked for in the full text, not in Note", "Note:'blue roof'", []),
    ("Note:[a TO bly]", "each word of Note", None, ["two"]),
    ("Note:>the", "each word of Note", None, []),
    ("Label:*", "whose Label is empty", "Label:?*", ["one", "two"]),
    ("Label:<c", "whose Label is empty", "+Label:<c +Label:?*", ["one", "two"]),
    ("Label:null", "looks for the text null", "Label:''", ["three"]),
    ("State:used", "write State:$used", "State:$used", ["one"]),
    ("State:''", "do not find empty choices", None, []),
    ("Keeper:null", "do not find empty references", None, []),
    ("Label:1.2.3", "ends before its second dot", 'Label:"1.2.3"', ["two"]),
]
FAILING = [
    ("Done:>no", "booleans have no order"),
    ("Done:[no TO yes]", "booleans have no order"),
    ("State:>a", "options have no order"),
    ("Label:box~1", "similarity after a value"),
    ("Note:'the cat'~2", "similarity after a value"),
    ("Note:cat~3", "similarity after a value"),
    ("Day:*", "Day holds no texts"),
    ("Index:1?", "Index holds no texts"),
    ("Done:y*", "Done holds no texts"),
]
FINE = [
    "Note:herons", "roof the", 'Note:"the cat"', 'Note:"cat on the roof"~2', "Label:the", "Label:b?x", "Label:why?",
    "Note:her*", "Label:[a TO the]", "State:old", "State:$used", "Day:['2024-01-01' TO '2024-06-01']", "-Label:a", "Id:(1 2 3)", "Keeper:{{Note:the}}", f"Path:{PLACE}/*", "Label:1.2", "v1.0.a",
    "Day:>@@Today.AddDays(-3)@@", "/* the */ Note:cat", "TypeIs:Heron .SORT:Label .TOP:5", r"Note:cat\ roof", "Done:yes",
    "Label:box~0.7", f"InTree:{PLACE}", "Note:<>cat", "Day:'2024.02.22'", "'blue herons'~3", "Note:o\\'brien",
    "+Note:cat +roof", "Note:cat AND roof", "Note:(cat roof)", "TypeIs:Heron roof", "Note:'cat' roof", "Note:her* roof",
]  # fmt: skip


def _names(repo: Repository, query: str) -> list[str]:
    return sorted(repo.read(PLACE, select="Name", query=query)["Name"])


@pytest.mark.parametrize(
    ("text", "words", "instead", "names"), SURPRISING, ids=[case[0] for case in SURPRISING]
)
def test_a_surprising_value_is_told_of_with_what_does_it(
    erin: Repository, text: str, words: str, instead: str | None, names: list[str]
) -> None:
    with pytest.warns(UserWarning, match=re.escape(words)):
        found = _names(erin, text)
    told = "\n".join(explain(PLACE, [("query", text)], erin.schema).traps)
    assert words in told
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert _names(erin, text) == found
        if instead is None:
            assert found == names
        else:
            assert found != names or text.startswith("In")  # nothing lies beside the place here
            assert _names(erin, instead) == names
    if instead is not None and instead.startswith(text.partition(":")[0]) and " +" not in instead:
        assert instead in told


@pytest.mark.parametrize("text", [f"Keeper:{PLACE}/one", "Keeper:one"])
def test_a_path_or_a_name_for_a_reference_is_explained(erin: Repository, text: str) -> None:
    assert _names(erin, text) == []
    told = "\n".join(explain(PLACE, [("query", text)], erin.schema).traps)
    assert "references are found by id" in told
    instead = told.partition("; write ")[2].splitlines()[0]
    assert _names(erin, instead) == ["two"]


@pytest.mark.parametrize(("text", "words"), FAILING)
def test_a_value_that_fails_is_told_of(erin: Repository, text: str, words: str) -> None:
    assert words in "\n".join(explain(PLACE, [("query", text)], erin.schema).traps)


@pytest.mark.parametrize("text", FINE)
def test_of_others_nothing_is_told(erin: Repository, text: str) -> None:
    _names(erin, text)
    told = "\n".join(explain(PLACE, [("query", text)], erin.schema).traps)
    assert "finds nothing" not in told
    assert "fails:" not in told
    assert "regular expression" not in told
    assert "in the full text, not in" not in told


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("herons", "looks for whole words in the full text"),
        ("Label:box", "compares the whole of Label, ignoring case; Label:*part* finds a part of it"),
        ("+Note:herons +Story:red", "searches Note, Story word by word"),
        ("Note:*", "Note:* finds contents with a word in Note"),
        ("Story:**", "Story:** finds contents with a word in Story"),
        (
            "Note:her?n*",
            "compares each word of Note with her?n*, ignoring case: * is any characters, ? is one",
        ),
        ("her*", "compares each word of the full text with her*"),
        ("Label:'b?x 1*'", "compares the whole of Label with b?x 1*"),
        (
            "Label:bok~",
            "Label:bok~ finds texts of Label that differ from bok in less than 50 % of the letters",
        ),
        (
            "Label:'red box'~0.8",
            "finds texts of Label that differ from red box in less than 20 % of the letters",
        ),
        ("Note:heren~0.6", "finds words of Note that differ from heren in less than 40 % of the letters"),
        ("heren~", "finds words of the full text that differ from heren in less than 50 %"),
        ("Note:'blue herons'~2", "blue herons side by side in Note, moved by up to 2 places in all"),
        ("+Label:box Note:herons", "finds only what all parts with + find"),
        ("+Note:roof (Label:box Label:bax)", "finds only what all parts with + find"),
        ("Label:box +(Note:cat +roof)", "finds only what all parts with + find"),
    ],
)
def test_explain_says_how_texts_are_looked_for(erin: Repository, text: str, words: str) -> None:
    assert any(words in line for line in explain(PLACE, [("query", text)], erin.schema).does)


@pytest.mark.parametrize("text", ["+Label:box +Note:herons", "Label:box Note:herons", "+Label:box -Note:herons",
    "+Label:(box bax)", "+(Label:box) .TOP:5", "Label:box AND Note:'+ herons'", "+Keeper:{{Name:a +Label:b}}",
    "+Day:[2024 TO 2025]"])  # fmt: skip
def test_explain_speaks_of_parts_without_a_sign_only_beside_a_plus(erin: Repository, text: str) -> None:
    assert "parts with +" not in "\n".join(explain(PLACE, [("query", text)], erin.schema).does)


def test_a_part_without_a_sign_beside_a_plus_decides_nothing(erin: Repository) -> None:
    assert _names(erin, "+Label:nosuch Label:box") == []
    assert _names(erin, "+Label:box Label:nosuch") == ["one"]
