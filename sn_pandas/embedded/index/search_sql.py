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
from typing import TypeGuard

from sn_pandas.embedded.errors import server_error
from sn_pandas.embedded.index import sharing_search
from sn_pandas.embedded.index.collation import collation_key
from sn_pandas.embedded.index.index_fields import CHOICES, MODES, NUMBERS, REFERENCES, field_of, kind_of
from sn_pandas.embedded.index.index_terms import WORD_COLUMNS
from sn_pandas.embedded.index.matching import (
    AnyOf,
    Exactly,
    Matcher,
    Never,
    Phrase,
    Wildcards,
    analysis_of,
    is_tags,
    matcher_of,
    select_matching,
)
from sn_pandas.embedded.index.predicates import (
    NULL_REFERENCE,
    Group,
    Nothing,
    Predicate,
    Range,
    Term,
    Value,
    fields_in,
)
from sn_pandas.embedded.index.search_columns import (
    COLUMNS,
    NAME,
    column_condition,
    column_order,
    domain_condition,
    domain_order,
    state_condition,
    workspace_condition,
)
from sn_pandas.embedded.index.search_plans import SHUFFLED, Plan, Planner
from sn_pandas.embedded.index.search_words import phrase_in_field, word_condition
from sn_pandas.embedded.index.sql import (
    NEVER,
    Condition,
    Sql,
    any_condition,
    compare,
    is_one_of,
    join,
    negate,
)
from sn_pandas.embedded.schema import field_settings
from sn_pandas.embedded.schema.types import Types

NULL_BY_NATURE = frozenset({"BrowseApplication"})
"""References that hold a real null where they hold nothing."""


RATING = "sensenet.contentrepository.fields.votedata"
"""The term of every rating: the index calls it by its class."""
COMMON_WORDS = ("inherited", "finalized", "0", RATING)
"""Words of the full text of every content: of its modes, its state, numbers that are 0, and its rating."""
_VERSION_WORD = re.compile(r"v\d+\.\d+\.[a-z]", re.ASCII)
NUMBER_WORD = re.compile(r"0|[1-9]\d{0,9}", re.ASCII)

_NUMBERS = ("c.id", "c.version_id", "abs(c.idx)", "c.owner", "c.created_by", "c.modified_by")
"""Columns whose numbers are words of the full text."""

Asked = Matcher | Range
"""What is asked of the terms of a field."""


_TIES = ("rtrim(c.modified, 'Z')", "c.id")
"""Ties stand in the order of the last saves."""


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
        self._asks_for_sharings = False

    def where(self, predicate: Predicate) -> Sql:
        """Return the condition on ``contents AS c``."""
        return self._planner.choose_driver(self._all_of(predicate))

    def page(self, predicate: Predicate, sort: Sequence[tuple[str, bool]], rows: int) -> Plan:
        """Return how to find the first rows in an order; 0 = all."""
        order, first = self._order(sort)
        return self._planner.page(self._all_of(predicate), order, first, rows)

    def _order(self, sort: Sequence[tuple[str, bool]]) -> tuple[Sql, str]:
        """Return what to order by, and the first key; unknown fields have no effect.

        Ties follow the order of the last saves.
        """
        if not sort:
            return Sql(f"{SHUFFLED}, c.id"), SHUFFLED
        keys = self.sort_keys(sort)
        order = ", ".join(f"{key.text} DESC" if down else key.text for key, down in keys)
        first = keys[0][0].text if len(keys) > len(_TIES) else ""
        return Sql(order, [v for key, _ in keys for v in key.parameters]), first

    def sort_keys(self, sort: Sequence[tuple[str, bool]]) -> list[tuple[Sql, bool]]:
        """Return what to sort by, with what decides ties; True = descending. Nothing without an order."""
        if not sort:
            return []
        keys = [(key, down) for name, down in sort if (key := self._sort_key(name)) is not None]
        return [*keys, *((Sql(text), False) for text in _TIES)]

    # Groups

    def _all_of(self, predicate: Predicate) -> list[Condition]:
        """Return the conditions of a complete search."""
        self._asks_for_sharings = not fields_in(predicate).isdisjoint(sharing_search.FIELDS)
        return self._musts(predicate)

    def _musts(self, predicate: Predicate) -> list[Condition]:
        """Return conditions that all must hold."""
        if self._asks_for_sharings and sharing_search.asks_only(predicate):
            return [sharing_search.condition(self.db, self.types, [predicate])]
        if not isinstance(predicate, Group):
            return [self._leaf(predicate)]
        musts, shoulds, nots = (
            [c.predicate for c in predicate.clauses if c.occur == occur]
            for occur in ("must", "should", "not")
        )
        shared = []
        if self._asks_for_sharings:
            sharing_search.reject_sharing(nots)
            shared = [p for p in musts if sharing_search.asks_only(p)]
        others = [p for p in musts if p not in shared] if shared else musts
        conditions = [c for p in _merge_predicates(others, self.types) for c in self._musts(p)]
        if shared:
            conditions.append(sharing_search.condition(self.db, self.types, shared))
        if not musts:
            conditions = [any_condition(self._alternatives(shoulds))] if shoulds else [NEVER]
        return [*conditions, negate(any_condition(self._alternatives(nots)))] if nots else conditions

    def _condition(self, predicate: Predicate) -> Condition:
        if isinstance(predicate, Group):
            conditions = self._musts(predicate)
            if len(conditions) == 1:
                return conditions[0]
            driver = self._planner.choose_driver(conditions) if any(c.driver for c in conditions) else None
            return Condition(join("AND", [c.check for c in conditions]), driver)
        return self._leaf(predicate)

    def _alternatives(self, predicates: list[Predicate]) -> list[Condition]:
        """Return the conditions of which one must hold; the terms and patterns of one field become one."""
        joint: dict[str, list[Exactly | Wildcards]] = {}
        conditions = []
        for predicate in predicates:
            asked = self._matcher(predicate) if isinstance(predicate, Term) else None
            if isinstance(predicate, Term) and self._may_be_joint(asked, predicate.field):
                joint.setdefault(predicate.field, []).append(asked)
            else:
                conditions.append(self._condition(predicate))
        for name, parts in joint.items():
            conditions.append(
                self._value_condition(name, AnyOf(tuple(parts)) if len(parts) > 1 else parts[0])
            )
        return conditions

    def _may_be_joint(self, asked: Matcher | None, name: str) -> TypeGuard[Exactly | Wildcards]:
        """Return whether the condition on a field may be combined with others of its kind."""
        if not isinstance(asked, Exactly | Wildcards) or name in sharing_search.FIELDS:
            return False
        column = COLUMNS.get(name)
        if column is None:
            return name != "Workspace" and kind_of(name, self.types) != "AllowedChildTypes"
        if column.kind in ("number", "reference"):
            return isinstance(asked, Exactly) and type(asked.value) is int
        if column.kind == "tree":
            return isinstance(asked, Exactly)
        return column.kind in ("text", "type", "lineage", "parent")

    # Leaves

    def _leaf(self, predicate: Predicate) -> Condition:
        if self._asks_for_sharings and sharing_search.asks_only(predicate):
            return sharing_search.condition(self.db, self.types, [predicate])
        if isinstance(predicate, Nothing | Group):
            return NEVER
        asked = predicate if isinstance(predicate, Range) else self._matcher(predicate)
        return self._value_condition(predicate.field, asked)

    def _matcher(self, term: Term) -> Matcher:
        is_typed = kind_of(term.field, self.types) == "ShortText" and term.field not in COLUMNS
        return matcher_of(term, analysis_of(term.field, self.types), as_typed=is_typed)

    def _value_condition(self, name: str, asked: Asked) -> Condition:
        """Return the condition for a value of a field."""
        kind = kind_of(name, self.types)
        if name == "_Text" or name in WORD_COLUMNS:
            found = word_condition(self.db, name, asked)
            return found if name in WORD_COLUMNS else any_condition([found, *self._head_words(asked)])
        if isinstance(asked, Never):
            return NEVER
        if name == "SavingState":
            found = column_condition(self.db, self.types, name, asked)
            return any_condition([found, state_condition(self._options(name, asked))])
        if name in COLUMNS:
            return column_condition(self.db, self.types, name, asked)
        if name == "Workspace":
            return workspace_condition(self.db, self.types, asked)
        definition = field_of(name, self.types)
        if kind is None or definition is None or kind == "Password" or not definition.indexed:
            return NEVER
        if kind == "Boolean" and isinstance(asked, Range):
            raise server_error("NotSupportedException", "A range of booleans is not supported.")
        if isinstance(asked, Phrase):
            return self._phrase(name, kind, asked)
        if kind == "AllowedChildTypes" and asked != Exactly(""):
            return NEVER  # the index keeps capitals, queries do not
        if kind in CHOICES or kind in MODES:
            return self._choice(name, asked, kind)
        condition = self._terms(name, self._test(name, asked))
        if name == "DisplayName":
            return any_condition([condition, self._shown_name(asked)])
        if name == "Icon":
            return any_condition([condition, self._shown_icon(asked)])
        if name == "Domain":
            return any_condition([condition, domain_condition(self.db, self.types, asked)])
        default = self._default(name, kind)
        if default is None or not _fits(default, asked):
            return condition
        return any_condition([condition, self._has_default(name)])

    def _test(self, name: str, asked: Asked) -> Callable[[str], Sql]:
        """Return the condition on a column of terms; what SQL cannot say is looked up beforehand."""
        if isinstance(asked, Range):
            return lambda column: compare(column, asked)
        if isinstance(asked, Exactly | Wildcards) or (isinstance(asked, AnyOf) and asked.is_plain):
            return asked.test
        number = self._number(name)
        rows = self.db.execute("SELECT DISTINCT value FROM terms WHERE field = ?", [number])
        return partial(is_one_of, values=select_matching((row[0] for row in rows), asked))

    def _phrase(self, name: str, kind: str, phrase: Phrase) -> Condition:
        if kind == "Binary":  # its words stand in the full text
            words = [self._terms(name, Exactly(word).test).check for word in phrase.words]
            anywhere = word_condition(self.db, "_Text", phrase)
            return Condition(join("AND", [anywhere.check, *words]))
        number = self._number(name)
        if number is None:
            return NEVER
        first = Sql("SELECT node FROM terms WHERE field = ? AND value = ?", [number, phrase.words[0]])
        return phrase_in_field(name, first, phrase)

    def _number(self, name: str) -> int | None:
        row = self.db.execute("SELECT id FROM term_fields WHERE name = ?", (name,)).fetchone()
        return None if row is None else int(row[0])

    def _terms(self, name: str, test: Callable[[str], Sql]) -> Condition:
        """Return the condition that a content has a term that passes a test."""
        number = self._number(name)
        if number is None:
            return NEVER
        passes = test("t.value")
        parameters = [number, *passes.parameters]
        check = f"EXISTS (SELECT 1 FROM terms AS t WHERE t.node = c.id AND t.field = ? AND {passes.text})"
        ids = Sql(f"SELECT t.node FROM terms AS t WHERE t.field = ? AND {passes.text}", parameters)
        driver = f"c.id IN ({ids.text})"
        return Condition(
            Sql(check, parameters), Sql(driver, parameters), Sql("+" + driver, parameters), ids=ids
        )

    def _default(self, name: str, kind: str) -> Value | None:
        """Return the term of contents with an empty field, None if they have none."""
        if kind == "Boolean":
            return False
        if kind == "Rating":
            return RATING
        if name == "FullSize":
            return -1
        if kind in ("Integer", "DateTime") or kind in NUMBERS:
            return 0
        if kind in REFERENCES:
            return NULL_REFERENCE if name in NULL_BY_NATURE else None
        if kind in ("HyperLink", "Image") or name == "EffectiveAllowedChildTypes":
            return None
        if (definition := field_of(name, self.types)) is not None and is_tags(definition):
            return None
        return "" if analysis_of(name, self.types) == "whole" else None

    def _has_default(self, name: str) -> Condition:
        """Return the condition that a content has the field, and no term in it."""
        number = self._number(name)
        owners = self.types.types_with.get(name, frozenset())
        parts = []
        if name.startswith("#"):
            parts.append(self._in_a_list_with(name))
        elif "." in name:
            parts.append(self._has_an_aspect_with(name))
        elif not owners:
            return NEVER
        elif len(owners) < len(self.types):
            parts.append(Sql(f"+c.type IN ({','.join('?' * len(owners))})", sorted(owners)))
        if number is not None:
            parts.append(
                Sql("NOT EXISTS (SELECT 1 FROM terms AS t WHERE t.node = c.id AND t.field = ?)", [number])
            )
        return Condition(join("AND", parts or [Sql("1")]))

    def _in_a_list_with(self, name: str) -> Sql:
        """Return the condition that a content is in a list which has a field of its own."""
        lists = self.types.derived_names("ContentList")
        rows = self.db.execute(
            "SELECT l.key, d.text FROM field_definitions AS d JOIN contents AS l ON l.id = d.content_id"
            f" WHERE d.aspect = '' AND l.type IN ({','.join('?' * len(lists))})",
            lists,
        )
        keys = [key for key, text in rows if any(field.name == name for field in field_settings.parse(text))]
        inside = [Sql("(c.key >= ? AND c.key < ?)", [f"{key}/", f"{key}0"]) for key in keys]
        return join("OR", inside or [Sql("0")])

    def _has_an_aspect_with(self, name: str) -> Sql:
        """Return the condition that a content refers to an aspect which has a field."""
        number, aspect = self._number("Aspects"), name.partition(".")[0]
        rows = self.db.execute("SELECT content_id, text FROM field_definitions WHERE aspect = ?", [aspect])
        ids = [
            i for i, text in rows if any(field.name == name for field in field_settings.parse(text, aspect))
        ]
        if number is None or not ids:
            return Sql("0")
        one = is_one_of("t.value", ids)
        return Sql(
            f"EXISTS (SELECT 1 FROM terms AS t WHERE t.node = c.id AND t.field = ? AND {one.text})",
            [number, *one.parameters],
        )

    def _shown_name(self, asked: Asked) -> Condition:
        """Return the condition that a content without a display name has a name that is asked for."""
        named = column_condition(self.db, self.types, "Name", asked)
        unset = self._has_default("DisplayName").check
        driver = None if named.driver is None else named.driver.and_(unset)
        return Condition(named.check.and_(unset), driver)

    def _head_words(self, asked: Asked) -> list[Condition]:
        """Return the conditions that a word of the full text occurs in the head of a content.

        Every content has such words: its version, its numbers, its icon, and those that all have in common.
        """
        if isinstance(asked, Never | Phrase):
            return []
        fits = partial(_fits, asked=asked)
        conditions = []
        if any(fits(word) for word in COMMON_WORDS):
            conditions.append(Condition(Sql("c.type <> 'ContentType'")))
        words = asked.values if isinstance(asked, AnyOf) else [getattr(asked, "value", "")]
        is_plain = isinstance(asked, Exactly) or (isinstance(asked, AnyOf) and not asked.patterns)
        if not is_plain or any(_VERSION_WORD.fullmatch(str(word)) for word in words):
            found = self.db.execute("SELECT DISTINCT lower(version) FROM contents")  # a walk through them all
            if versions := [version for (version,) in found if fits(version)]:
                conditions.append(Condition(is_one_of("lower(c.version)", versions)))
        numbers = [int(word) for word in map(str, words) if NUMBER_WORD.fullmatch(word)]
        if numbers:
            conditions.append(Condition(join("OR", [is_one_of(column, numbers) for column in _NUMBERS])))
        if any(fits(t.icon.lower()) for t in self.types.values()):
            conditions.append(self._shown_icon(asked))
        return conditions

    def _shown_icon(self, asked: Asked) -> Condition:
        """Return the condition that a content without an icon is of a type whose icon is asked for."""
        names = [t.name for t in self.types.values() if _fits(t.icon.lower(), asked)]
        of_type = Sql(f"c.type IN ({','.join('?' * len(names))})", names)
        unset = self._has_default("Icon").check
        return Condition(Sql("+" + of_type.text, names).and_(unset), of_type.and_(unset))

    def _choice(self, name: str, asked: Asked, kind: str) -> Condition:
        """Return the condition of a choice, whose options are found by ``$value`` and by their labels."""
        options = self._options(name, asked)
        condition = self._terms(name, self._test(name, asked))
        if options:
            found = self._terms(name, partial(is_one_of, values=sorted(options)))
            condition = any_condition([condition, found])
        if kind in MODES and (_fits("$0", asked) or "$0" in options):
            condition = any_condition([condition, self._has_default(name)])
        return condition

    def _options(self, name: str, asked: Asked) -> set[str]:
        """Return the terms of the options of a choice whose labels are asked for."""
        return {
            f"${value.lower()}"
            for definition in self._variants(name)
            for value, labels in definition.items()
            if any(_fits(label.lower(), asked) for label in labels)
        }

    def _variants(self, name: str) -> list[dict[str, tuple[str, ...]]]:
        extra = self.types.extra_fields.get(name)
        return [v.options for v in self.types.variants.get(name, [extra] if extra else [])]

    # Order

    def _sort_key(self, name: str) -> Sql | None:
        if name == "IsFolder":
            folders = self.types.derived_names("Folder")
            return Sql(f"c.type IN ({','.join('?' * len(folders))})", folders)
        if name in COLUMNS:
            return column_order(name)
        if name in WORD_COLUMNS:
            column = WORD_COLUMNS[name]
            found = f"(SELECT greatest_word(f.{column}) FROM fulltext AS f WHERE f.rowid = c.id)"
            return Sql(f"collation_key({found})")
        definition = field_of(name, self.types)
        kind = kind_of(name, self.types)
        if definition is None or kind is None or not definition.indexed:
            return None
        if name == "Domain":
            return domain_order(self.db, self.types)
        number = self._number(name) or 0
        greatest = "(SELECT max(t.value) FROM terms AS t WHERE t.node = c.id AND t.field = ?)"
        if kind in REFERENCES:
            return Sql(greatest, [number])
        if kind in ("Integer", "DateTime") or kind in NUMBERS:
            return Sql(f"coalesce({greatest}, 0)", [number])  # what is missing counts as 0
        if name == "Icon":
            icons = [part for t in self.types.values() for part in (t.name, t.icon.lower())]
            cases = "WHEN ? THEN ? " * len(self.types)
            shown = f"coalesce({greatest}, CASE c.type {cases}END)"
            return Sql(f"collation_key({shown})", [number, *icons])
        if analysis_of(name, self.types) != "whole":
            return Sql(f"collation_key({greatest})", [number])
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
        order = Sql(f"coalesce({term}, {fallback})", [number, *owners, default])
        return Sql(f"collation_key({order.text})", order.parameters) if isinstance(default, str) else order

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
    """Return the sort key of a choice that holds values which are not options, from its JSON."""
    keys = [("~" if value.startswith("~other") else "$") + value.lower() for value in json.loads(values)]
    return "-".join(sorted(keys, key=lambda key: collation_key(key) or ""))


def _merge_predicates(predicates: list[Predicate], types: Types) -> list[Predicate]:
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


def _fits(value: Value, asked: Asked) -> bool:
    """Return whether a single term matches."""
    if not isinstance(asked, Range):
        return asked.fits(value)
    for end, above in ((asked.low, True), (asked.high, False)):
        if end is None:
            continue
        if isinstance(end, str) != isinstance(value, str):
            return False
        inclusive = asked.includes_low if above else asked.includes_high
        first, second = (value, end) if above else (end, value)
        if first < second or (first == second and not inclusive):  # type: ignore[operator]  # same types: see above
            return False
    return True
