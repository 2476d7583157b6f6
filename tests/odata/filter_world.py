# ruff: noqa: E501
"""Contents with every kind of field, texts of every kind of sign, and random filters on them."""

from __future__ import annotations

import datetime as dt
import random
from typing import Any

import pandas as pd
from hypothesis import strategies as st

import sn_pandas as sn
from sn_pandas.frames import Repository

from ..fakes import FakeServer

PLACE = "/Root/Content/Things"
_TYPES = "/Root/System/Schema/ContentTypes"
_EVERYONE = "/Root/IMS/BuiltIn/Portal/Everyone"
_OPTIONS = "<Options><Option value='new'>Brand new</Option><Option value='Used'>Old</Option></Options>"
_LINKS = [
    '&lt;a href="https://herons.example" title="blue" target="_blank"&gt;Blue herons&lt;/a&gt;',
    '&lt;a href="/Root/Content" title="" target=""&gt;cat on the roof&lt;/a&gt;',
]
_FIELDS = {
    "Code": ("ShortText", ""),
    "Notes": ("LongText", ""),
    "Story": ("RichText", ""),
    "Tags": ("LongText", ""),
    "Quantity": ("Integer", ""),
    "Weight": ("Number", ""),
    "Price": ("Currency", ""),
    "InUse": ("Boolean", ""),
    "BoughtOn": ("DateTime", ""),
    "SeenAt": ("DateTime", "<Precision>Second</Precision>"),
    "Shape": ("Choice", _OPTIONS),
    "Uses": ("Choice", f"<AllowMultiple>true</AllowMultiple>{_OPTIONS}"),
    "Keeper": ("Reference", ""),
    "Keepers": ("Reference", "<AllowMultiple>true</AllowMultiple>"),
    "Home": ("HyperLink", f"<DefaultValue>{_LINKS[0]}</DefaultValue>"),
    "Paint": ("Color", ""),
    "Aspects": ("Reference", "<AllowMultiple>true</AllowMultiple>"),
}
#: Fields of the list in which the contents stand, which no type has.
_LIST_FIELDS = {
    "#Mark": "ShortText",
    "#Note": "LongText",
    "#Count": "Integer",
    "#Amount": "Number",
    "#Price": "Currency",
    "#Done": "Boolean",
    "#When": "DateTime",
    "#Story": "RichText",
    "#Shape": "Choice",
    "#Uses": "Choice",
    "#Keeper": "Reference",
    "#Home": "HyperLink",
    "#Paint": "Color",
}
#: Fields of an aspect that some of the contents have.
_ASPECT_FIELDS = {
    "Extra.Mark": ("ShortText", ""),
    "Extra.Note": ("LongText", ""),
    "Extra.Count": ("Integer", ""),
    "Extra.Amount": ("Number", ""),
    "Extra.Done": ("Boolean", ""),
    "Extra.When": ("DateTime", ""),
    "Extra.SeenAt": ("DateTime", "<Precision>Second</Precision>"),
    "Extra.Shape": ("Choice", _OPTIONS),
    "Extra.Keeper": ("Reference", ""),
}
ASPECT = "/Root/System/Schema/Aspects/Extra"
#: Fields that are filtered by, with those that every content has.
NAMES = [
    *_FIELDS, *_LIST_FIELDS, *_ASPECT_FIELDS, "Name", "DisplayName", "Index", "CreationDate", "Type", "Description",
]  # fmt: skip
TEXTS = [
    "Blue herons, and grey ones", "blue", "BLUE", "grey herons stand on the bank", "the", "It is a pity", "o'brien's",
    "r&d: wi-fi", "files.zip 2024-05-01", "été à Paris", "ΣΑΣ σας", "日本 と 中国", "한국어 글", "İstanbul ılık", "a'b''c",
    "C++ #1", "100%", "x_9", "null", "[a]", "a(b", "tab\tand\nline", "  blank  ", "U.K.", "ann@site.org", "\U0001f600 smile",
    "", "-1", "straße", "ﬁne",
]  # fmt: skip
_COLOURS = ["#ff0000", "red", "#112233"]
_NUMBERS = [0, 1, -1, 7, 2**31 - 1, -(2**31), 1000]
_DECIMALS = [0, 0.5, -0.25, 1.5, 10, 1e-3, 123456.789]
DATES = [
    dt.datetime(2026, 1, 31, 12, 30, 15),
    dt.datetime(2026, 1, 31, 12, 30),
    dt.datetime(1999, 12, 31, 23, 59, 59),
    dt.datetime(2026, 2, 1),
]


def _definition() -> bytes:
    fields = "".join(
        f'<Field name="{name}" type="{kind}"><Configuration>{more}</Configuration></Field>'
        for name, (kind, more) in _FIELDS.items()
        if name != "Tags"
    )
    return (
        '<ContentType name="Thing" parentType="GenericContent" handler="SenseNet.ContentRepository.GenericContent" '
        'xmlns="http://schemas.sensenet.com/SenseNet/ContentRepository/ContentTypeDefinition">'
        f"<DisplayName>Thing</DisplayName><Fields>{fields}<Field name='Tags' type='LongText'/></Fields></ContentType>"
    ).encode()


def _derived() -> bytes:
    """Return a type whose link is another one: a link comes into a content only as the default of its type."""
    link = f"<Configuration><DefaultValue>{_LINKS[1]}</DefaultValue></Configuration>"
    return (
        '<ContentType name="Gadget" parentType="Thing" handler="SenseNet.ContentRepository.GenericContent" '
        'xmlns="http://schemas.sensenet.com/SenseNet/ContentRepository/ContentTypeDefinition">'
        f"<DisplayName>Gadget</DisplayName><Fields><Field name='Home' type='HyperLink'>{link}</Field></Fields></ContentType>"
    ).encode()


def _list_definition() -> str:
    more = {
        "#Shape": _OPTIONS,
        "#Uses": f"<AllowMultiple>true</AllowMultiple>{_OPTIONS}",
        "#Home": f"<DefaultValue>{_LINKS[0]}</DefaultValue>",
    }
    fields = "".join(
        f"<ContentListField name='{name}' type='{kind}'><Configuration>{more.get(name, '')}</Configuration></ContentListField>"
        for name, kind in _LIST_FIELDS.items()
    )
    return f"<ContentListDefinition><Fields>{fields}</Fields></ContentListDefinition>"


def _aspect_definition() -> str:
    fields = "".join(
        f"<AspectField name='{name.partition('.')[2]}' type='{kind}'><Configuration>{more}</Configuration></AspectField>"
        for name, (kind, more) in _ASPECT_FIELDS.items()
    )
    return (
        "<AspectDefinition xmlns='http://schemas.sensenet.com/SenseNet/ContentRepository/AspectDefinition'>"
        f"<Fields>{fields}</Fields></AspectDefinition>"
    )


def fill(server: FakeServer) -> None:
    """Make things with random fields, and contents of types that lack these."""
    admin = server.connect()
    assert admin.upload(_TYPES, {"Thing": _definition()}, type="ContentType").ok
    assert admin.upload(_TYPES, {"Gadget": _derived()}, type="ContentType").ok
    for name in ("Thing", "Thing/Gadget"):
        admin.call(
            f"{_TYPES}/GenericContent/{name}", "SetPermissions", r=[{"identity": _EVERYONE, "See": "allow"}]
        )
    admin = server.connect()
    admin.create("/Root/System/Schema", "SystemFolder", "Aspects")
    admin.create("/Root/System/Schema/Aspects", "Aspect", "Extra", {"AspectDefinition": _aspect_definition()})
    admin.create("/Root/Content", "CustomList", "Things", {"ContentListDefinition": _list_definition()})
    admin = server.connect()
    admin.call(PLACE, "AddAllowedChildTypes", contentTypes=["Thing", "Gadget", "Folder", "Task"])
    pick = random.Random(16)
    for number, text in enumerate(TEXTS[:5]):
        admin.create(
            PLACE, "Folder", f"f{number}", {"DisplayName": text, "Description": text, "Index": number}
        )
        admin.create(PLACE, "Task", f"k{number}", {"DisplayName": text, "Index": -number})
    for number in range(45):
        kind = "Gadget" if number % 5 == 4 else "Thing"
        admin.create(PLACE, kind, f"t{number}", _thing(pick))
        if number % 3:
            admin.patch(f"{PLACE}/t{number}", {"Aspects": [ASPECT]})
            if extra := _extra(pick):
                admin.client.send(
                    "PATCH",
                    f"/odata.svc{PLACE}('t{number}')?metadata=no&$select=Id",
                    body=extra,
                )
    server.add_user("erin", {PLACE: ["Open", "OpenMinor", "Save"], ASPECT: ["Open"]})


def _thing(pick: random.Random) -> dict[str, Any]:
    def some(values: list[Any]) -> Any:
        return pick.choice(values) if pick.random() < 0.8 else None

    date = some(DATES)
    seen = some(DATES)
    tags = [text for text in (some(TEXTS[:8]), some(TEXTS[9:12])) if text]
    fields = {
        "Code": some(TEXTS),
        "DisplayName": some(TEXTS),
        "Description": some(TEXTS),
        "Notes": " ".join(filter(None, (some(TEXTS), some(TEXTS)))) or None,
        "Story": some(TEXTS),
        "Tags": ",".join(tags) or None,
        "Index": some(_NUMBERS),
        "Quantity": some(_NUMBERS),
        "Weight": some(_DECIMALS),
        "Price": some(_DECIMALS),
        "InUse": some([True, False]),
        "BoughtOn": date and f"{date.isoformat()}Z",
        "SeenAt": seen and f"{seen.isoformat()}Z",
        "#Mark": some(TEXTS),
        "#Note": some(TEXTS),
        "#Count": some(_NUMBERS),
        "#Amount": some(_DECIMALS),
        "#Done": some([True, False]),
        "#When": date and f"{date.isoformat()}Z",
        "#Price": some(_DECIMALS),
        "#Story": some(TEXTS),
        "#Shape": some([["new"], ["Used"]]),
        "#Uses": some([["new"], ["Used"], ["new", "Used"], []]),
        "#Keeper": some([f"{PLACE}/f0", f"{PLACE}/f1"]),
        "#Paint": some(_COLOURS),
        "Shape": some([["new"], ["Used"]]),
        "Uses": some([["new"], ["Used"], ["new", "Used"], []]),
        "Keeper": some([f"{PLACE}/f0", f"{PLACE}/f1"]),
        "Keepers": some([[f"{PLACE}/f0"], [f"{PLACE}/f1", f"{PLACE}/f0"]]),
        "Paint": some(_COLOURS),
    }
    return {name: value for name, value in fields.items() if value or (name == "InUse" and value is not None)}


def _extra(pick: random.Random) -> dict[str, Any]:
    def some(values: list[Any]) -> Any:
        return pick.choice(values) if pick.random() < 0.7 else None

    when, seen = some(DATES), some(DATES)
    fields = {
        "Mark": some(TEXTS),
        "Note": some(TEXTS),
        "Count": some(_NUMBERS),
        "Amount": some(_DECIMALS),
        "Done": some([True, False]),
        "When": when and f"{when.isoformat()}Z",
        "SeenAt": seen and f"{seen.isoformat()}Z",
        "Shape": some([["new"], ["Used"]]),
        "Keeper": some([f"{PLACE}/f0"]),
    }
    return {f"Extra.{name}": value for name, value in fields.items() if value is not None}


def frame_of(repo: Repository) -> pd.DataFrame:
    """Read all contents with all fields that filters name."""
    return repo.read(PLACE, select=NAMES)


#: Values of every kind, many of them as the contents have them.
_SOME_TEXTS = st.one_of(
    st.sampled_from(TEXTS),
    st.sampled_from(TEXTS).map(lambda text: text[1:-1]),
    st.sampled_from(TEXTS).map(str.upper),
    st.sampled_from(" ".join(TEXTS).split()),
    st.text(st.sampled_from("ab éßΣ日.'&-_@/,12 *?[\\"), max_size=4),
)
VALUES = st.one_of(
    st.none(),
    _SOME_TEXTS,
    st.sampled_from(_NUMBERS),
    st.sampled_from(_DECIMALS),
    st.booleans(),
    st.sampled_from(DATES),
    st.sampled_from([dt.date(2026, 1, 31), dt.datetime(1, 1, 1), dt.datetime(2026, 1, 31, 12, 31)]),
    st.sampled_from(["new", "Used", "Old", "Brand new", "Thing", "folder"]),
)
_WITH_FRACTION = ["Weight", "Price", "#Amount", "#Price", "Extra.Amount"]
_CHOICES = ["Shape", "Uses", "#Shape", "#Uses", "Extra.Shape"]
_FITTING = {
    **dict.fromkeys(["Quantity", "Index", "#Count", "Extra.Count"], st.sampled_from(_NUMBERS)),
    **dict.fromkeys(_WITH_FRACTION, st.sampled_from(_DECIMALS)),
    **dict.fromkeys(["InUse", "#Done", "Extra.Done"], st.booleans()),
    **dict.fromkeys(
        ["BoughtOn", "SeenAt", "CreationDate", "#When", "Extra.When", "Extra.SeenAt"], st.sampled_from(DATES)
    ),
    **dict.fromkeys(_CHOICES, st.sampled_from(["new", "Used", "used"])),
    "Type": st.sampled_from(["Thing", "folder", "Task"]),
}
OPERATORS = [
    "eq",
    "ne",
    "lt",
    "le",
    "gt",
    "ge",
    "startswith",
    "endswith",
    "contains",
    "has_words",
    "has_phrase",
]


#: A value of every kind.
KINDS = [
    None, "", "blue", "Blue herons", "cat on the roof", "the", "b*e?", "/b/", "null", "$new", "Old", 0, -1, 2**31 - 1, 1.5,
    True, False, "https://herons.example", "red", "#ff0000", f"{PLACE}/f0", 1000.5, "*", "**",
    dt.date(2026, 1, 31), DATES[0], dt.datetime(1, 1, 1), dt.datetime(2026, 1, 31, 12, 30),
]  # fmt: skip


def test_of(name: str, operator: str, value: Any) -> Any:
    """Return a test of a field; None where it cannot even be made."""
    field = sn.F(name)
    try:
        return getattr(field, f"__{operator}__" if len(operator) == 2 else operator)(value)
    except sn.QueryError:
        return None


test_of.__test__ = False  # type: ignore[attr-defined]  # not one of pytest's


def _literal(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, dt.date):
        return f"datetime'{value.isoformat()}'"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return f"{value:f}m" if isinstance(value, float) else str(value)


def typed_test(name: str, operator: str, value: Any) -> str:
    """Return a test in the words of the server."""
    name = "ContentType" if name == "Type" else name
    if name in _WITH_FRACTION and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    name = name.replace(".", "/")
    literal = _literal(value)
    if operator in ("startswith", "endswith"):
        return f"{operator}({name},{literal})"
    if operator == "contains":
        return f"substringof({literal},{name})"
    return f"{name} {'eq' if operator.startswith('has') else operator} {literal}"


@st.composite
def _tests(draw: st.DrawFn, make: Any, marked: bool) -> Any:
    name = draw(st.sampled_from(NAMES))
    fits = draw(st.integers(0, 9)) > 0
    value = draw(_FITTING.get(name, _SOME_TEXTS) if fits else VALUES)
    is_order = name in _FITTING and name not in (*_CHOICES, "Type")
    few = OPERATORS[:6] if is_order else OPERATORS[:2] if name in _FITTING else OPERATORS[:2] + OPERATORS[6:]
    operator = draw(st.sampled_from(few if fits else OPERATORS))
    if marked and name in _CHOICES and isinstance(value, str) and fits:
        value = f"${value}"
    return make(name, operator, value)


def _joined(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(
        st.tuples(inner, inner).map(lambda pair: pair[0] & pair[1]),
        st.tuples(inner, inner).map(lambda pair: pair[0] | pair[1]),
        inner.map(lambda one: ~one),
    )


_MADE = _tests(test_of, False).filter(lambda made: made is not None) | st.sampled_from(
    ["Thing", "Folder", "Task"]
).map(sn.isof)
#: Conditions made in Python, single ones and joined.
CONDITIONS = st.one_of(_MADE, st.recursive(_MADE, _joined, max_leaves=4))


def _raw_joined(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    pairs = st.tuples(inner, st.sampled_from([" and ", " or "]), inner)
    return pairs.map(lambda three: f"({''.join(three)})") | inner.map(lambda one: f"not ({one})")


_RAW = _tests(typed_test, True) | st.sampled_from(["InUse", "isof('Thing')", "isof('Folder')"])
#: Filters as they are typed.
TYPED = st.one_of(_RAW, st.recursive(_RAW, _raw_joined, max_leaves=4))
