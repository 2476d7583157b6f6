"""Search in the head of contents, and so in columns of ``contents``."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

from sn_pandas.embedded import dates
from sn_pandas.embedded.errors import server_error
from sn_pandas.embedded.index.matching import AnyOf, Exactly, Matcher, Wildcards, select_matching
from sn_pandas.embedded.index.predicates import NULL_REFERENCE, Range, Value
from sn_pandas.embedded.index.sql import (
    ALWAYS,
    NEVER,
    Condition,
    Sql,
    any_condition,
    compare,
    is_one_of,
    negate,
)
from sn_pandas.embedded.schema.types import Types

NAME = "substr(c.key, length(rtrim(c.key, replace(c.key, '/', ''))) + 1)"
"""The name in lower case."""
DEPTH = "length(c.key) - length(replace(c.key, '/', '')) - 1"
CREATED, MODIFIED = "substr(c.created, 1, 16)", "substr(c.modified, 1, 16)"
"""Dates up to the minute, which is all of them that searches and orders look at."""


@dataclass(frozen=True, slots=True)
class Column:
    """The column of a field of the head, and how it is searched."""

    sql: str
    kind: str
    indexed: bool = False


COLUMNS = {
    "Id": Column("c.id", "number", indexed=True),
    "ParentId": Column("c.parent_id", "number", indexed=True),
    "VersionId": Column("c.version_id", "number"),
    "Index": Column("c.idx", "number", indexed=True),
    "Depth": Column(DEPTH, "number"),
    "CreatedById": Column("c.created_by", "number"),
    "ModifiedById": Column("c.modified_by", "number"),
    "OwnerId": Column("c.owner", "number"),
    "Name": Column(NAME, "text", indexed=True),
    "Path": Column("c.key", "text", indexed=True),
    "Version": Column("lower(c.version)", "text"),
    "CreationDate": Column(CREATED, "date", indexed=True),
    "ModificationDate": Column(MODIFIED, "date", indexed=True),
    "VersionCreationDate": Column("c.version_created", "date"),
    "VersionModificationDate": Column("c.version_modified", "date"),
    "Owner": Column("c.owner", "reference"),
    "CreatedBy": Column("c.created_by", "reference"),
    "ModifiedBy": Column("c.modified_by", "reference"),
    "VersionCreatedBy": Column("c.version_created_by", "reference"),
    "VersionModifiedBy": Column("c.version_modified_by", "reference"),
    "CheckedOutTo": Column("c.locked_by", "reference"),
    "IsSystemContent": Column("c.is_system", "truth"),
    "Locked": Column("c.locked_by <> 0", "truth"),
    "IsFolder": Column("", "folder"),
    "Type": Column("c.type", "type", indexed=True),
    "TypeIs": Column("c.type", "lineage", indexed=True),
    "InTree": Column("c.key", "tree", indexed=True),
    "InFolder": Column("c.parent_id", "parent", indexed=True),
    "SavingState": Column("'$' || c.saving_state", "text"),
}
"""Field -> column. They win over the terms of a field."""


def column_condition(db: sqlite3.Connection, types: Types, name: str, asked: Matcher | Range) -> Condition:
    """Return the condition of a field of the head."""
    column = COLUMNS[name]
    if column.kind in ("type", "lineage", "folder"):
        return _type_condition(types, column, asked)
    if column.kind == "parent":
        return _parent_condition(db, asked)
    if column.kind == "date":
        return condition_on(column, lambda sql: _date_test(sql, asked))
    if column.kind == "reference":
        return _reference_condition(column, asked)
    if column.kind == "truth":
        if isinstance(asked, Range):
            raise server_error("NotSupportedException", "A range of booleans is not supported.")
        return Condition(Sql(column.sql if _value(asked) else f"NOT ({column.sql})"))
    if column.kind == "tree" and not isinstance(asked, Range):
        return _tree(db, str(asked.value)) if isinstance(asked, Exactly) else _tree_pattern(db, asked)
    if column.kind == "number" and (isinstance(asked, Wildcards) or isinstance(_value(asked), str)):
        return NEVER
    test = _column_test(db, column, asked)
    return condition_on(column, test)


def _value(asked: Matcher | Range) -> Value | None:
    return asked.value if isinstance(asked, Exactly) else None


def _column_test(db: sqlite3.Connection, column: Column, asked: Matcher | Range) -> Callable[[str], Sql]:
    """Return the condition on a column; what SQL cannot say is looked up beforehand."""
    if isinstance(asked, Range):
        return lambda sql: _range_test(sql, asked)
    if isinstance(asked, Exactly) or (isinstance(asked, AnyOf) and asked.is_plain):
        return asked.test
    if isinstance(asked, Wildcards):
        return lambda sql: _pattern_test(sql, asked)
    rows = db.execute(f"SELECT DISTINCT {column.sql} FROM contents AS c")
    return partial(is_one_of, values=select_matching((row[0] for row in rows), asked))


def condition_on(column: Column, test: Callable[[str], Sql]) -> Condition:
    """Return a condition that may drive if the column has an index; its check keeps out of the index."""
    check = test(f"+({column.sql})")
    driver = test(column.sql) if column.indexed else None
    return Condition(check, driver, column=column.sql)


def workspace_condition(db: sqlite3.Connection, types: Types, asked: Matcher | Range) -> Condition:
    """Return the condition on the nearest workspace at or above a content; null = it has none."""
    names = types.derived_names("Workspace")
    marks = ",".join("?" * len(names))
    rows = db.execute(f"SELECT id, key FROM contents WHERE type IN ({marks})", names)
    keys: dict[int, str] = dict(rows.fetchall())
    value = _value(asked)
    if value == NULL_REFERENCE:
        return negate(any_condition(_tree(db, key) for key in keys.values()))
    if not isinstance(value, int) or value not in keys:
        return NEVER
    own = keys[value]
    inside = _tree(db, own)
    nested = [_tree(db, key) for key in keys.values() if key.startswith(own + "/")]
    if not nested:
        return inside
    outside = negate(any_condition(nested)).check
    driver = None if inside.driver is None else inside.driver.and_(outside)
    return Condition(inside.check.and_(outside), driver)


def state_condition(states: Iterable[str]) -> Condition:
    """Return the condition that a save is in one of some states."""
    return Condition(is_one_of(COLUMNS["SavingState"].sql, sorted(states)))


def domain_condition(db: sqlite3.Connection, types: Types, asked: Matcher | Range) -> Condition:
    """Return the condition that a content is a user of a domain whose name is asked for."""
    fitting = [key for key in _domains(db, types) if _name_fits(key.rpartition("/")[2], asked)]
    names = types.derived_names("User")
    users = Sql(f"+c.type IN ({','.join('?' * len(names))})", names)
    below = [_tree(db, key) for key in fitting]
    return Condition(any_condition(below).check.and_(users)) if below else NEVER


def domain_order(db: sqlite3.Connection, types: Types) -> Sql:
    """Return what to sort by the names of domains."""
    cases, parameters = "", []
    for key in _domains(db, types):
        cases += "WHEN c.key > ? AND c.key < ? THEN ? "
        parameters += [key + "/", key + "0", key.rpartition("/")[2]]
    names = types.derived_names("User")
    key = f"CASE WHEN c.type IN ({','.join('?' * len(names))}) THEN CASE {cases}WHEN 0 THEN '' END END"
    return Sql(f"collation_key({key})", [*names, *parameters])


def _domains(db: sqlite3.Connection, types: Types) -> list[str]:
    names = types.derived_names("Domain")
    rows = db.execute(f"SELECT key FROM contents WHERE type IN ({','.join('?' * len(names))})", names)
    return [str(row[0]) for row in rows]


def column_order(name: str) -> Sql | None:
    """Return what to sort a field of the head by."""
    column = COLUMNS[name]
    if column.kind == "date":
        return Sql(column.sql if column.indexed else f"substr({column.sql}, 1, 16)")
    if column.kind == "text":
        return Sql(f"collation_key({column.sql})")
    if column.kind in ("type", "lineage"):
        return Sql("lower(c.type)")
    if name == "CheckedOutTo":
        return Sql("CASE c.locked_by WHEN 0 THEN 9e18 ELSE c.locked_by END")  # null comes after all ids
    if column.kind == "tree":
        return Sql("collation_key(c.key)")
    if column.kind == "parent":
        return Sql(f"collation_key(substr(c.key, 1, length(c.key) - length({NAME}) - 1))")
    return Sql(column.sql)


def _range_test(sql: str, span: Range) -> Sql:
    found = compare(sql, span)
    return Sql(found.text.rpartition(" AND typeof")[0], found.parameters)


def _pattern_test(sql: str, pattern: Wildcards) -> Sql:
    found = pattern.test(sql)
    return Sql(found.text.partition(" AND ")[2] or "1", found.parameters)


def _tree(db: sqlite3.Connection, key: str) -> Condition:
    """Return the condition that a content is at or below a path."""
    if not _is_in_tree(key):
        return NEVER
    if key == "/root":
        return ALWAYS
    # One range of the index, as it covers a count: two joined by OR would read the table. Between a content
    # and what is below it stand those whose names go on by a character before the slash, if there are any.
    text, parameters = "{0} >= ? AND {0} < ?", [key, key + "0"]
    between = "SELECT 1 FROM contents WHERE key > ? AND key < ? LIMIT 1"
    if db.execute(between, (key, key + "/")).fetchone() is not None:
        text += " AND (+c.key = ? OR +c.key >= ?)"
        parameters += [key, key + "/"]
    return Condition(
        Sql(text.format("+c.key"), parameters), Sql(text.format("c.key"), parameters), column="c.key"
    )


def _is_in_tree(key: str) -> bool:
    return key.startswith("/root") and not key.endswith("/")


def _tree_pattern(db: sqlite3.Connection, asked: Matcher) -> Condition:
    """Return the condition that a content or one above it has a path that fits."""
    if isinstance(asked, Wildcards) and asked.prefix and asked.text == asked.prefix + "*":
        return condition_on(COLUMNS["Path"], lambda sql: _pattern_test(sql, asked))
    if isinstance(asked, Wildcards):
        fitting = asked.test("p.key")
        keys = [
            row[0]
            for row in db.execute(f"SELECT p.key FROM contents AS p WHERE {fitting.text}", fitting.parameters)
        ]
    elif isinstance(asked, AnyOf):
        keys = [key for key in map(str, asked.values) if _is_in_tree(key)]
    else:
        rows = db.execute("SELECT p.key FROM contents AS p")
        keys = [str(key) for key in select_matching((row[0] for row in rows), asked)]
    tops: list[str] = []
    for key in sorted(keys, key=lambda key: key + "/"):
        if not tops or not (key + "/").startswith(tops[-1] + "/"):
            tops.append(key)
    found = any_condition([_tree(db, key) for key in tops])
    return found


def _parent_condition(db: sqlite3.Connection, asked: Matcher | Range) -> Condition:
    if isinstance(asked, Exactly):
        row = db.execute("SELECT id FROM contents WHERE key = ?", (asked.value,)).fetchone()
        if row is None:
            return NEVER
        return Condition(Sql("+c.parent_id = ?", row), Sql("c.parent_id = ?", row), column="c.parent_id")
    test = _column_test(db, COLUMNS["Path"], asked)("p.key")
    text = f"c.parent_id IN (SELECT p.id FROM contents AS p WHERE {test.text})"
    return Condition(Sql(f"+{text}", test.parameters), Sql(text, test.parameters))


def _reference_condition(column: Column, asked: Matcher | Range) -> Condition:
    if isinstance(asked, AnyOf):
        return Condition(asked.test(column.sql))
    if isinstance(asked, Range):
        if isinstance(asked.low, str) or isinstance(asked.high, str):
            return NEVER
        return Condition(_range_test(column.sql, asked))
    value = _value(asked)
    if value == NULL_REFERENCE:
        return Condition(Sql(f"{column.sql} = 0")) if column.sql == "c.locked_by" else NEVER
    return Condition(Sql(f"{column.sql} = ?", [value]))


def _type_condition(types: Types, column: Column, asked: Matcher | Range) -> Condition:
    """Return the condition that a content has one of some types."""
    if column.kind == "folder":
        if isinstance(asked, Range):
            raise server_error("NotSupportedException", "A range of booleans is not supported.")
        names = [t.name for t in types.values() if t.is_a("Folder")]
        marks = ",".join("?" * len(names))
        return Condition(Sql(f"+c.type {'IN' if _value(asked) else 'NOT IN'} ({marks})", names))
    if column.kind == "type":
        names = [name for name in types if _name_fits(name.lower(), asked)]
    elif isinstance(asked, Exactly):
        names = types.derived_names(str(asked.value))
    else:
        names = [t.name for t in types.values() if any(_name_fits(a.lower(), asked) for a in t.lineage)]
    if not names:
        return NEVER
    text = f"c.type IN ({','.join('?' * len(names))})"
    return Condition(Sql("+" + text, names), Sql(text, names), column="c.type")


def _name_fits(name: str, asked: Matcher | Range) -> bool:
    if not isinstance(asked, Range):
        return asked.fits(name)
    low, high = asked.low, asked.high
    above = low is None or name > str(low) or (asked.includes_low and name == low)
    below = high is None or name < str(high) or (asked.includes_high and name == high)
    return above and below


def _date_test(sql: str, asked: Matcher | Range) -> Sql:
    """Return the condition on a date that is kept to the last digit, but searched by the minute."""
    parts: list[str] = []
    parameters: list[Any] = []
    span = asked if isinstance(asked, Range) else Range("", _value(asked), _value(asked))
    low, high = _ticks(span.low), _ticks(span.high)
    if low is not None:
        parts.append(f"{sql} >= ?")
        parameters.append(_minute(low, after=low % dates.MINUTE > 0 or not span.includes_low))
    if high is not None:
        parts.append(f"{sql} < ?")
        parameters.append(_minute(high, after=high % dates.MINUTE > 0 or span.includes_high))
    return Sql(" AND ".join(parts), parameters)


def _ticks(value: Value | None) -> int | None:
    return None if value is None else int(value)


def _minute(ticks: int, *, after: bool) -> str:
    """Return the start of the minute of a moment, or of the next one, as dates in columns begin."""
    whole = ticks - ticks % dates.MINUTE + (dates.MINUTE if after else 0)
    return dates.to_iso(min(whole, _LAST_MINUTE))[:16]


_LAST_MINUTE = dates.from_iso("9999-12-31T23:59:00")
