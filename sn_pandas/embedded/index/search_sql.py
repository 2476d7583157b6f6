"""From a predicate to SQL over the tables of `search`.

A condition has two forms: one that an index answers (``driver``), and one that is cheap to check row by row.
Which of them are used is decided in `search_plans`.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from sn_pandas.embedded.content_types.types import Types
from sn_pandas.embedded.index.collation import collation_key
from sn_pandas.embedded.index.index_fields import CHOICES, MODES, NUMBERS, REFERENCES, field_of, kind_of
from sn_pandas.embedded.index.index_terms import WORD_COLUMNS, is_analyzed
from sn_pandas.embedded.index.search_columns import (
    COLUMNS,
    NAME,
    column_condition,
    column_order,
    columned,
    workspace_condition,
)
from sn_pandas.embedded.index.search_plans import SHUFFLED, Plan, Planner
from sn_pandas.embedded.index.search_words import word_condition
from sn_pandas.embedded.index.sql import (
    NEVER,
    Condition,
    Pattern,
    Sql,
    compared,
    either,
    joined,
    negated,
    pattern_of,
)
from sn_pandas.embedded.languages.predicates import (
    NULL_REFERENCE,
    Group,
    Nothing,
    Predicate,
    Range,
    Term,
    Value,
)

NULL_BY_NATURE = frozenset({"BrowseApplication"})
"""References that hold a real null where they hold nothing."""


COMMON_WORDS = ("inherited", "finalized", "0", "sensenet", "contentrepository", "fields", "votedata")
"""Words of the full text of every content: of its modes, its state, numbers that are 0, and its rating."""
VERSION_WORD, NUMBER_WORD = re.compile(r"v?\d+", re.ASCII), re.compile(r"0|[1-9]\d{0,9}", re.ASCII)


class FieldIds(dict[str, int]):
    """Name of a field -> its number in ``terms``; a new name gets one.

    Numbers are read from the database, never kept between transactions, as one may be rolled back.
    """

    def __init__(self, db: sqlite3.Connection) -> None:
        super().__init__((name, number) for number, name in db.execute("SELECT id, name FROM term_fields"))
        self._db = db

    def __missing__(self, name: str) -> int:
        cursor = self._db.execute("INSERT INTO term_fields (name) VALUES (?)", (name,))
        self[name] = number = int(cursor.lastrowid or 0)
        return number


class Query:
    """Turns predicates and orders into SQL.

    Parameters
    ----------
    db
        The database, which is asked while the SQL is made: what is rare, and whether anything fits.
    types
        The content types.
    """

    def __init__(self, db: sqlite3.Connection, types: Types) -> None:
        self.db = db
        self.types = types
        self._planner = Planner(db)

    def where(self, predicate: Predicate) -> Sql:
        """Return the condition on ``contents AS c``."""
        return self._planner.driven(self._musts(predicate))

    def page(self, predicate: Predicate, sort: Sequence[tuple[str, bool]], rows: int) -> Plan:
        """Return how to find the first rows in an order; 0 = all."""
        order, first = self._order(sort)
        return self._planner.page(self._musts(predicate), order, first, rows)

    def _order(self, sort: Sequence[tuple[str, bool]]) -> tuple[Sql, str]:
        """Return what to order by, and the first key; unknown fields have no effect.

        Ties follow the order of the last saves.
        """
        if not sort:
            return Sql(f"{SHUFFLED}, c.id"), SHUFFLED
        keys = [(key, down) for name, down in sort if (key := self._sort_key(name)) is not None]
        parts = [f"{key.text} DESC" if down else key.text for key, down in keys]
        order = ", ".join([*parts, "rtrim(c.modified, 'Z'), c.id"])
        return Sql(order, [v for key, _ in keys for v in key.parameters]), keys[0][0].text if keys else ""

    # Groups

    def _musts(self, predicate: Predicate) -> list[Condition]:
        """Return conditions that all must hold."""
        if not isinstance(predicate, Group):
            return [self._leaf(predicate)]
        musts, shoulds, nots = (
            [c.predicate for c in predicate.clauses if c.occur == occur]
            for occur in ("must", "should", "not")
        )
        conditions = [c for p in _merged(musts, self.types) for c in self._musts(p)]
        if shoulds and (not musts or not self._exists(conditions)):
            conditions = [either(self._alternatives(shoulds))]
        elif not musts:
            return [NEVER]
        return conditions + [negated(self._condition(p)) for p in nots]

    def _condition(self, predicate: Predicate) -> Condition:
        if isinstance(predicate, Group):
            conditions = self._musts(predicate)
            if len(conditions) == 1:
                return conditions[0]
            driver = self._planner.driven(conditions) if any(c.driver for c in conditions) else None
            return Condition(joined("AND", [c.check for c in conditions]), driver)
        return self._leaf(predicate)

    def _alternatives(self, predicates: list[Predicate]) -> list[Condition]:
        """Return the conditions of which one must hold; many ids of one field become one condition."""
        ids: dict[str, list[Value]] = {}
        conditions = []
        for predicate in predicates:
            if (
                isinstance(predicate, Term)
                and type(predicate.value) is int
                and self._holds_ids(predicate.field)
            ):
                ids.setdefault(predicate.field, []).append(predicate.value)
            else:
                conditions.append(self._condition(predicate))
        for name, values in ids.items():
            test = partial(_is_one_of, values=values)
            is_column = name in COLUMNS
            conditions.append(columned(COLUMNS[name], test) if is_column else self._terms(name, test))
        return conditions

    def _holds_ids(self, name: str) -> bool:
        column = COLUMNS.get(name)
        if column is not None:
            return column.kind in ("number", "reference")
        return kind_of(name, self.types) in REFERENCES

    def _exists(self, conditions: list[Condition]) -> bool:
        where = self._planner.driven(conditions)
        sql = f"SELECT 1 FROM contents AS c WHERE {where.text} LIMIT 1"
        return self.db.execute(sql, where.parameters).fetchone() is not None

    # Leaves

    def _leaf(self, predicate: Predicate) -> Condition:
        if isinstance(predicate, Nothing | Group):
            return NEVER
        name = predicate.field
        pattern = pattern_of(predicate.value) if isinstance(predicate, Term) else None
        if name == "_Text" or name in WORD_COLUMNS:
            found = word_condition(self.db, predicate, pattern)
            return found if name in WORD_COLUMNS else either([found, *self._head_words(predicate, pattern)])
        if name in COLUMNS:
            return column_condition(self.db, self.types, predicate, pattern)
        if name == "Workspace":
            return workspace_condition(self.db, self.types, predicate)
        kind = kind_of(name, self.types)
        definition = field_of(name, self.types)
        if kind is None or definition is None or kind == "Password" or not definition.indexed:
            return NEVER
        if kind in CHOICES or kind in MODES:
            return self._choice(predicate, pattern, kind)
        test = _test(predicate, pattern)
        condition = self._terms(name, test)
        if name == "DisplayName":
            return either([condition, self._shown_name(predicate, pattern)])
        if name == "Icon":
            return either([condition, self._shown_icon(predicate, pattern)])
        default = self._default(name, kind)
        if default is None or not _fits(default, predicate, pattern):
            return condition
        return either([condition, self._has_default(name)])

    def _terms(self, name: str, test: Callable[[str], Sql]) -> Condition:
        """Return the condition that a content has a term that passes a test."""
        row = self.db.execute("SELECT id FROM term_fields WHERE name = ?", (name,)).fetchone()
        if row is None:
            return NEVER
        passes = test("t.value")
        parameters = [row[0], *passes.parameters]
        check = f"EXISTS (SELECT 1 FROM terms AS t WHERE t.node = c.id AND t.field = ? AND {passes.text})"
        ids = Sql(f"SELECT t.node FROM terms AS t WHERE t.field = ? AND {passes.text}", parameters)
        driver = f"c.id IN ({ids.text})"
        return Condition(
            Sql(check, parameters), Sql(driver, parameters), Sql("+" + driver, parameters), ids=ids
        )

    def _default(self, name: str, kind: str) -> Value | None:
        """Return the term that contents have whose field holds nothing, None if they have none."""
        if kind == "Boolean":
            return False
        if kind in ("Integer", "DateTime") or kind in NUMBERS:
            return 0
        if kind in REFERENCES:
            return NULL_REFERENCE if name in NULL_BY_NATURE else None
        if kind in ("HyperLink", "Rating", "Image") or name in ("Tags", "EffectiveAllowedChildTypes"):
            return None
        return None if is_analyzed(name, self.types) else ""

    def _has_default(self, name: str) -> Condition:
        """Return the condition that a content has the field, and no term in it."""
        row = self.db.execute("SELECT id FROM term_fields WHERE name = ?", (name,)).fetchone()
        owners = self.types.types_with.get(name, frozenset())
        if not owners:
            return NEVER
        parts = []
        if len(owners) < len(self.types):
            parts.append(Sql(f"+c.type IN ({','.join('?' * len(owners))})", sorted(owners)))
        if row is not None:
            parts.append(
                Sql("NOT EXISTS (SELECT 1 FROM terms AS t WHERE t.node = c.id AND t.field = ?)", [row[0]])
            )
        return Condition(joined("AND", parts or [Sql("1")]))

    def _shown_name(self, predicate: Term | Range, pattern: Pattern | None) -> Condition:
        """Return the condition that a content without a display name has a name that is asked for."""
        renamed = replace(predicate, field="Name")
        named = column_condition(self.db, self.types, renamed, pattern)
        unset = self._has_default("DisplayName").check
        driver = None if named.driver is None else named.driver.and_(unset)
        return Condition(named.check.and_(unset), driver)

    def _head_words(self, predicate: Term | Range, pattern: Pattern | None) -> list[Condition]:
        """Return the conditions that a word of the full text stands in the head of a content.

        Every content has such words: its version, its numbers, its icon, and those that all have in common.
        """
        fits = partial(_fits, predicate=predicate, pattern=pattern)
        conditions = []
        if any(fits(word) for word in COMMON_WORDS):
            conditions.append(Condition(Sql("c.type <> 'ContentType'")))
        if statuses := [letter for letter in "adlpr" if fits(letter)]:
            marks = ",".join("?" * len(statuses))
            conditions.append(Condition(Sql(f"lower(substr(c.version, -1)) IN ({marks})", statuses)))
        if isinstance(predicate, Term) and pattern is None:
            word = str(predicate.value)
            if VERSION_WORD.fullmatch(word):
                conditions.append(
                    Condition(Sql("instr('.' || lower(c.version) || '.', ?) > 0", [f".{word}."]))
                )
            if NUMBER_WORD.fullmatch(word):
                numbers = "c.id, c.version_id, abs(c.idx), c.owner, c.created_by, c.modified_by"
                conditions.append(Condition(Sql(f"? IN ({numbers})", [int(word)])))
        if any(fits(t.icon.lower()) for t in self.types.values()):
            conditions.append(self._shown_icon(predicate, pattern))
        return conditions

    def _shown_icon(self, predicate: Term | Range, pattern: Pattern | None) -> Condition:
        """Return the condition that a content without an icon is of a type whose icon is asked for."""
        names = [t.name for t in self.types.values() if _fits(t.icon.lower(), predicate, pattern)]
        of_type = Sql(f"c.type IN ({','.join('?' * len(names))})", names)
        unset = self._has_default("Icon").check
        return Condition(Sql("+" + of_type.text, names).and_(unset), of_type.and_(unset))

    def _choice(self, predicate: Term | Range, pattern: Pattern | None, kind: str) -> Condition:
        """Return the condition of a choice, whose options are found by ``$value`` and by their labels."""
        name = predicate.field
        options = {
            f"${value.lower()}"
            for definition in self._variants(name)
            for value, labels in definition.items()
            if any(_fits(label.lower(), predicate, pattern) for label in labels)
        }
        condition = self._terms(name, _test(predicate, pattern))
        if options:
            marks = ",".join("?" * len(options))
            found = self._terms(name, lambda column: Sql(f"{column} IN ({marks})", sorted(options)))
            condition = either([condition, found])
        if kind in MODES and (_fits("$0", predicate, pattern) or "$0" in options):
            condition = either([condition, self._has_default(name)])
        return condition

    def _variants(self, name: str) -> list[dict[str, tuple[str, ...]]]:
        extra = self.types.extra_fields.get(name)
        return [v.options for v in self.types.variants.get(name, [extra] if extra else [])]

    # Order

    def _sort_key(self, name: str) -> Sql | None:
        if name in COLUMNS:
            return column_order(name)
        definition = field_of(name, self.types)
        kind = kind_of(name, self.types)
        if definition is None or kind is None or is_analyzed(name, self.types):
            return None
        row = self.db.execute("SELECT id FROM term_fields WHERE name = ?", (name,)).fetchone()
        number = row[0] if row else 0
        if kind in REFERENCES:
            return Sql("json_extract(c.data, ?)", [f'$."{name}"[0]'])
        term = "(SELECT min(t.value) FROM terms AS t WHERE t.node = c.id AND t.field = ?)"
        if kind in CHOICES or kind in MODES:
            return self._choice_key(name, number, "$0" if kind in MODES else "")
        if name == "DisplayName":
            return Sql(f"collation_key(coalesce({term}, {NAME}))", [number])
        default = self._default(name, kind)
        if default is None:
            return Sql(term, [number])
        owners = sorted(self.types.types_with.get(name, ()))
        marks = ",".join("?" * len(owners))
        fallback = f"CASE WHEN c.type IN ({marks}) THEN ? END"
        key = Sql(f"coalesce({term}, {fallback})", [number, *owners, default])
        return Sql(f"collation_key({key.text})", key.parameters) if isinstance(default, str) else key

    def _choice_key(self, name: str, number: int, empty: str) -> Sql:
        """Return the values of a choice in order, options as ``$value``, others as ``~~other.text``."""
        of_field = "FROM terms AS t WHERE t.node = c.id AND t.field = ?"
        other = f"SELECT 1 {of_field} AND t.value = '~other'"
        options = f"SELECT t.value AS value {of_field} AND t.value GLOB '$*'"
        owners = sorted(self.types.types_with.get(name, ()))
        text = (
            f"CASE WHEN EXISTS ({other}) THEN choice_key(json_extract(c.data, ?))"
            f" ELSE coalesce((SELECT group_concat(value, '-') FROM ({options})),"
            f" CASE WHEN c.type IN ({','.join('?' * len(owners))}) THEN ? END) END"
        )
        return Sql(f"collation_key({text})", [number, f'$."{name}"', number, *owners, empty])


def choice_key(values: str) -> str:
    """Return the sort key of a choice that holds values which are no options, from its JSON."""
    keys = [("~" if value.startswith("~other") else "$") + value.lower() for value in json.loads(values)]
    return "-".join(sorted(keys, key=lambda key: collation_key(key) or ""))


def _merged(predicates: list[Predicate], types: Types) -> list[Predicate]:
    """Return what must hold once each, with two open ends of a field that has one term as one range."""
    found: list[Predicate] = []
    for predicate in dict.fromkeys(predicates):
        if isinstance(predicate, Range) and _has_one_term(predicate.field, types):
            for place, other in enumerate(found):
                if isinstance(other, Range) and other.field == predicate.field:
                    low, high = (other, predicate) if other.high is None else (predicate, other)
                    if low.high is None and high.low is None and type(low.low) is type(high.high):
                        found[place] = replace(low, high=high.high, includes_high=high.includes_high)
                        break
            else:
                found.append(predicate)
        else:
            found.append(predicate)
    return found


def _has_one_term(name: str, types: Types) -> bool:
    kind = kind_of(name, types)
    return kind in ("DateTime", "Integer") or kind in NUMBERS


def _is_one_of(column: str, values: Sequence[Value]) -> Sql:
    return Sql(f"{column} IN ({','.join('?' * len(values))})", values)


def _fits(value: Value, predicate: Term | Range, pattern: Pattern | None) -> bool:
    """Whether a single term is what a predicate asks for."""
    if isinstance(predicate, Term):
        return pattern.fits(str(value)) if pattern else value == predicate.value
    for end, above in ((predicate.low, True), (predicate.high, False)):
        if end is None:
            continue
        if isinstance(end, str) != isinstance(value, str):
            return False
        inclusive = predicate.includes_low if above else predicate.includes_high
        first, second = (value, end) if above else (end, value)
        if first < second or (first == second and not inclusive):  # type: ignore[operator]  # same types: see above
            return False
    return True


def _test(predicate: Term | Range, pattern: Pattern | None) -> Callable[[str], Sql]:
    if isinstance(predicate, Range):
        return lambda column: compared(column, predicate)
    if pattern is not None:
        return pattern.test
    return lambda column: Sql(f"{column} = ?", [predicate.value])
