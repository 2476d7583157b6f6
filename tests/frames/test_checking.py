# ruff: noqa: E501 - a rule is one line of the table
"""The table of what the server would refuse, change or ignore: a line a rule, as in ``checking``."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from sn_pandas.frames.writes.checking import EMPTY, FILLED, find_problem
from sn_pandas.odata.schema import Field, Option

OPTIONS = (Option("a", "Label A"), Option("b", "Label B"))
NUMBERED = (Option("1", "One"), Option("3", "Three"))
LIMITS = {"MinValue": 1, "MaxValue": 5}
#: For each rule of the table, by its words, a field and a value that break it, and a value that does not.
RULES = [
    ("an Integer cannot be empty", Field("F", "Integer"), None, 0),
    ("Number cannot be empty", Field("F", "Number"), np.nan, 0.0),
    ("Boolean cannot be empty", Field("F", "Boolean"), pd.NA, False),
    ("a content always has a name", Field("Name", "ShortText"), None, "a"),
    ("an empty DisplayName shows the Name", Field("DisplayName", "ShortText"), None, "a"),
    ("VersioningMode cannot be empty", Field("F", "VersioningMode", options=OPTIONS), None, "a"),
    ("Owner cannot be empty", Field("Owner", "Reference"), None, 1),
    ("is required by its type", Field("F", "Choice", compulsory=True, options=OPTIONS), [], "a"),
    ("so it cannot be emptied", Field("F", "ShortText", limits={"MinLength": 2}), None, "ab"),
    ("must match [0-9]+", Field("F", "ShortText", limits={"Regex": "[0-9]+"}), None, "12"),
    ("is not a text", Field("F", "ShortText"), 5, "5"),
    ("half a character", Field("F", "LongText"), "a\ud800", "a"),
    ("for a date", Field("F", "RichText"), "2026-01-02T03:04:05", "2026-01-02 03:04:05"),
    ("for a date", Field("F", "ShortText"), "/Date(1700000000000)/", "Date(1)"),
    ("is not a valid name", Field("Name", "ShortText"), "a/b", "a (b) ü.txt"),
    ("is not a valid name", Field("Name", "ShortText"), " a", "a b"),
    ("an empty DisplayName", Field("DisplayName", "ShortText"), "", " "),
    ("is required by its type", Field("F", "LongText", compulsory=True), "", " "),
    ("shorter than 3", Field("F", "LongText", limits={"MinLength": 3}), "ab", "abc"),
    ("longer than 3", Field("F", "ShortText", limits={"MaxLength": 3}), "abcd", "abc"),
    ("does not match", Field("F", "ShortText", limits={"Regex": "[a-c]+"}), "abcd", "abc"),
    ("not well-formed XML", Field("F", "Xml"), "<a>", "<a/>"),
    ("is a boolean", Field("F", "Integer"), True, 1),
    ("not an integer: write one", Field("F", "Integer"), "1e2", "100"),
    ("would round it", Field("F", "Integer"), 3.7, 3.0),
    ("32 bits", Field("F", "Integer"), 2**31, 2**31 - 1),
    ("is a boolean", Field("F", "Currency"), np.bool_(True), np.int64(1)),
    ("separator of thousands", Field("F", "Number"), "2,5", "2.5"),
    ("separator of thousands", Field("F", "Number"), np.inf, 1e27),
    ("too big", Field("F", "Number"), 1e29, 1e28),
    ("15 that the server keeps", Field("F", "Number"), 1234567890123456, 123456789012345),
    ("28 decimal places", Field("F", "Currency"), 1e-296, 1e-28),
    ("28 decimal places", Field("F", "Number"), 1.23456789012345e-20, 1.23456789e-20),
    ("below 1", Field("F", "Number", limits=LIMITS), 0.5, 1),
    ("above 5", Field("F", "Integer", limits=LIMITS), 6, 5),
    ("neither True nor False", Field("F", "Boolean"), 2, np.bool_(True)),
    ("is not a date", Field("F", "DateTime"), "tomorrow", "2026-01-02"),
    ("is in year 1", Field("F", "DateTime"), "0001-06-15", "0001-01-01"),
    ("text of a list", Field("F", "Choice", options=OPTIONS, multiple=True), "['a', x]", "['a', 'b']"),
    ("is before", Field("F", "DateTime", limits={"MinValue": "2026-01-01"}), "2025-12-31", dt.date(2026, 1, 1)),
    ("is after", Field("F", "DateTime", limits={"MaxValue": "2026-01-01"}), pd.Timestamp("2026-01-02"), "2026-01-01"),
    ("names no options", Field("F", "Choice", options=OPTIONS), 1.5, "a"),
    ("has no option '4'", Field("F", "Choice", options=NUMBERED), 4.0, 3.0),
    ("takes one", Field("F", "Choice", options=OPTIONS), ["a", "b"], ["a"]),
    ("has no option 'A'", Field("F", "YesNo", options=OPTIONS), "A", "Label A"),
    ("no other words", Field("F", "Choice", options=OPTIONS), "~other.x", "b"),
    ("joins several", Field("F", "Choice", options=OPTIONS, multiple=True, extra_values=True), ["~other.x", "~other.y"], ["a", "~other.x"]),
    ("names no content types", Field("F", "AllowedChildTypes"), [1], ["Task"]),
    ("no content has the id or path", Field("F", "Reference"), "IT/Tasks", "/Root/Content/IT"),
    ("takes one", Field("F", "Reference"), [1, 2], [1]),
    ("Somebody stands for a person", Field("F", "Reference"), "/Root/IMS/BuiltIn/Portal/Somebody", "/Root/IMS/BuiltIn/Portal/Admin"),
]  # fmt: skip


@pytest.mark.parametrize(("words", "field", "bad", "good"), RULES, ids=[rule[0] for rule in RULES])
def test_each_rule_of_the_table(words, field, bad, good):
    assert words in find_problem(field, bad)
    assert find_problem(field, good) == ""


def test_every_rule_of_the_table_is_tested():
    told = {find_problem(field, bad) for _, field, bad, _ in RULES}
    silent = [rule.reason for rule in EMPTY + FILLED if not any(like(rule.reason, words) for words in told)]
    assert silent == []


def like(reason, told):
    """Whether words are those of a rule, with something filled in for its braces."""
    parts, depth, part = [], 0, ""
    for c in reason.replace("{{", "\0").replace("}}", "\1"):
        if c == "{":
            depth, parts, part = 1, [*parts, part], ""
        elif c == "}":
            depth = 0
        elif not depth:
            part += {"\0": "{", "\1": "}"}.get(c, c)
    at = 0
    for piece in [*parts, part]:
        at = told.find(piece, at)
        if at < 0:
            return False
        at += len(piece)
    return True


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("HyperLink", "the server clears a hyperlink"),
        ("Binary", "upload the file"),
        ("Image", "repo.patch"),
        ("Color", "#112233"),
        ("Password", "never read back"),
        ("Rating", "computes"),
        ("Sharing", "sharing operations"),
        ("NodeType", "cannot be changed"),
        ("Version", "counts versions"),
        ("AllRoles", "members of the groups"),
        ("Lock", "check the content out"),
        ("Object", "cannot be written from a frame"),
    ],
)
def test_fields_that_cannot_be_written_name_the_way_round(kind, words):
    assert words in find_problem(Field("F", kind), "x")
    assert "read-only" in find_problem(Field("F", "ShortText", read_only=True), "x")
    assert "operators" in find_problem(Field("CreationDate", "DateTime"), "2026-01-01")
