"""Search in what stands in the head of every content, and so in columns of ``contents``."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sn_pandas.embedded import dates
from sn_pandas.embedded.content_types.types import Types
from sn_pandas.embedded.index.sql import ALWAYS, NEVER, Condition, Pattern, Sql, compared, either, negated
from sn_pandas.embedded.languages.predicates import NULL_REFERENCE, Range, Term, Value

NAME = "substr(c.key, length(rtrim(c.key, replace(c.key, '/', ''))) + 1)"
"""The name in lower case."""
DEPTH = "length(c.key) - length(replace(c.key, '/', '')) - 1"
CREATED, MODIFIED = "substr(c.created, 1, 16)", "substr(c.modified, 1, 16)"
"""Dates up to the minute, which is all of them that searches and orders look at."""


@dataclass(frozen=True, slots=True)
class Column:
    """Where a field of the head stands, and how it is searched."""

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


def column_condition(
    db: sqlite3.Connection, types: Types, predicate: Term | Range, pattern: Pattern | None
) -> Condition:
    """Return the condition of a field of the head."""
    column = COLUMNS[predicate.field]
    if column.kind in ("type", "lineage", "folder"):
        return _type_condition(types, column, predicate, pattern)
    if column.kind == "parent":
        return _parent_condition(db, predicate, pattern)
    if column.kind == "date":
        return columned(column, lambda sql: _date_test(sql, predicate))
    if column.kind == "reference":
        return _reference_condition(column, predicate)
    if column.kind == "truth":
        if isinstance(predicate, Range):
            return NEVER
        return Condition(Sql(column.sql if predicate.value else f"NOT ({column.sql})"))
    if isinstance(predicate, Range):
        return columned(column, lambda sql: _plain_range(sql, predicate))
    if column.kind == "number" and isinstance(predicate.value, str):
        return NEVER
    if pattern is not None:
        wanted = pattern
        if column.kind == "tree":
            return _tree_pattern(wanted)
        return columned(column, lambda sql: _plain_pattern(sql, wanted))
    value = predicate.value
    if column.kind == "tree":
        return _tree(db, str(value))
    return columned(column, lambda sql: Sql(f"{sql} = ?", [value]))


def columned(column: Column, test: Callable[[str], Sql]) -> Condition:
    """Return a condition that may drive if the column has an index; its check keeps out of the index."""
    check = test(f"+({column.sql})")
    driver = test(column.sql) if column.indexed else None
    return Condition(check, driver, column=column.sql)


def workspace_condition(db: sqlite3.Connection, types: Types, predicate: Term | Range) -> Condition:
    """Return the condition on the nearest workspace at or above a content; null = it has none."""
    names = types.derived("Workspace")
    marks = ",".join("?" * len(names))
    rows = db.execute(f"SELECT id, key FROM contents WHERE type IN ({marks})", names)
    keys: dict[int, str] = dict(rows.fetchall())
    if isinstance(predicate, Term) and predicate.value == NULL_REFERENCE:
        return negated(either(_tree(db, key) for key in keys.values()))
    if not isinstance(predicate, Term) or predicate.value not in keys:
        return NEVER
    own = keys[int(predicate.value)]
    inside = _tree(db, own)
    nested = [_tree(db, key) for key in keys.values() if key.startswith(own + "/")]
    if not nested:
        return inside
    outside = negated(either(nested)).check
    driver = None if inside.driver is None else inside.driver.and_(outside)
    return Condition(inside.check.and_(outside), driver)


def column_order(name: str) -> Sql | None:
    """Return what to sort a field of the head by."""
    column = COLUMNS[name]
    if column.kind == "folder":
        return None
    if column.kind == "date":
        return Sql(column.sql if column.indexed else f"substr({column.sql}, 1, 16)")
    if column.kind == "text":
        return Sql(f"collation_key({column.sql})")
    if column.kind in ("type", "lineage"):
        return Sql("lower(c.type)")
    if name == "CheckedOutTo":
        return Sql("CASE c.locked_by WHEN 0 THEN 9e18 ELSE c.locked_by END")  # null comes after all ids
    if column.kind in ("tree", "parent"):
        return Sql("collation_key(c.key)")
    return Sql(column.sql)


def _plain_range(sql: str, span: Range) -> Sql:
    found = compared(sql, span)
    return Sql(found.text.rpartition(" AND typeof")[0], found.parameters)


def _plain_pattern(sql: str, pattern: Pattern) -> Sql:
    found = pattern.test(sql)
    return Sql(found.text.partition(" AND ")[2], found.parameters)


def _tree(db: sqlite3.Connection, key: str) -> Condition:
    """Return the condition that a content is at or below a path."""
    if not key.startswith("/root") or key.endswith("/"):
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


def _tree_pattern(pattern: Pattern) -> Condition:
    """Return the condition that a content or one above it has a path that fits."""
    if pattern.prefix and not pattern.suffix:
        return columned(COLUMNS["Path"], lambda sql: _plain_pattern(sql, pattern))
    if pattern.middle:
        return Condition(Sql("instr(c.key, ?) > 0", [pattern.middle]))
    suffix = pattern.suffix
    return Condition(
        Sql(
            f"c.key >= ? AND (substr(c.key, -{len(suffix)}) = ? OR instr(c.key, ?) > 0)",
            [pattern.prefix, suffix, suffix + "/"],
        )
    )


def _parent_condition(db: sqlite3.Connection, predicate: Term | Range, pattern: Pattern | None) -> Condition:
    if isinstance(predicate, Term) and pattern is None:
        row = db.execute("SELECT id FROM contents WHERE key = ?", (predicate.value,)).fetchone()
        if row is None:
            return NEVER
        return Condition(Sql("+c.parent_id = ?", row), Sql("c.parent_id = ?", row), column="c.parent_id")
    if isinstance(predicate, Range):
        test = _plain_range("p.key", predicate)
    else:
        assert pattern is not None
        test = _plain_pattern("p.key", pattern)
    text = f"c.parent_id IN (SELECT p.id FROM contents AS p WHERE {test.text})"
    return Condition(Sql(f"+{text}", test.parameters), Sql(text, test.parameters))


def _reference_condition(column: Column, predicate: Term | Range) -> Condition:
    if isinstance(predicate, Range):
        if isinstance(predicate.low, str) or isinstance(predicate.high, str):
            return NEVER
        return Condition(_plain_range(column.sql, predicate))
    if predicate.value == NULL_REFERENCE:
        return Condition(Sql(f"{column.sql} = 0")) if column.sql == "c.locked_by" else NEVER
    return Condition(Sql(f"{column.sql} = ?", [predicate.value]))


def _type_condition(
    types: Types, column: Column, predicate: Term | Range, pattern: Pattern | None
) -> Condition:
    """Return the condition that the type of a content is one of some."""
    if column.kind == "folder":
        names = [t.name for t in types.values() if t.is_a("Folder")]
        if isinstance(predicate, Range):
            return NEVER
        marks = ",".join("?" * len(names))
        return Condition(Sql(f"+c.type {'IN' if predicate.value else 'NOT IN'} ({marks})", names))
    if column.kind == "type":
        names = [name for name in types if _named(name.lower(), predicate, pattern)]
    else:
        names = [
            t.name for t in types.values() if any(_named(a.lower(), predicate, pattern) for a in t.lineage)
        ]
    if not names:
        return NEVER
    text = f"c.type IN ({','.join('?' * len(names))})"
    return Condition(Sql("+" + text, names), Sql(text, names), column="c.type")


def _named(name: str, predicate: Term | Range, pattern: Pattern | None) -> bool:
    if isinstance(predicate, Term):
        return pattern.fits(name) if pattern else name == predicate.value
    low, high = predicate.low, predicate.high
    above = low is None or name > str(low) or (predicate.includes_low and name == low)
    below = high is None or name < str(high) or (predicate.includes_high and name == high)
    return above and below


def _date_test(sql: str, predicate: Term | Range) -> Sql:
    """Return the condition on a date that is kept to the last digit, but searched by the minute."""
    parts: list[str] = []
    parameters: list[Any] = []
    if isinstance(predicate, Term):
        predicate = Range(predicate.field, predicate.value, predicate.value)
    low, high = _ticks(predicate.low), _ticks(predicate.high)
    if low is not None:
        parts.append(f"{sql} >= ?")
        parameters.append(_minute(low, after=low % dates.MINUTE > 0 or not predicate.includes_low))
    if high is not None:
        parts.append(f"{sql} < ?")
        parameters.append(_minute(high, after=high % dates.MINUTE > 0 or predicate.includes_high))
    return Sql(" AND ".join(parts), parameters)


def _ticks(value: Value | None) -> int | None:
    return None if value is None else int(value)


def _minute(ticks: int, *, after: bool) -> str:
    """Return the start of the minute of a moment, or of the next one, as dates in columns begin."""
    whole = ticks - ticks % dates.MINUTE + (dates.MINUTE if after else 0)
    return dates.to_iso(min(whole, _LAST_MINUTE))[:16]


_LAST_MINUTE = dates.from_iso("9999-12-31T23:59:00")
