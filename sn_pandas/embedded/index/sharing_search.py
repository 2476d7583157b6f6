"""Search in what a content is shared with: who shared it, with whom, as what.

What is asked together must be true of one sharing, not of several of the same content. A sharing can only be
asked for; what is not shared, or a range, is an error.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from typing import Any

from sn_pandas.embedded.errors import ODataError, server_error
from sn_pandas.embedded.index.matching import Wildcards
from sn_pandas.embedded.index.predicates import Group, Nothing, Predicate, Range, Term, fields_in
from sn_pandas.embedded.index.sql import Condition, is_one_of
from sn_pandas.embedded.schema.types import Types

STORED = "SharingData"
"""The stored field that holds the sharings of a content, as JSON."""
FIELDS = frozenset(("SharedBy", "SharedWith", "SharingMode", "SharingLevel"))

_SHARED = f"instr(data, '\"{STORED}\"')"
TABLES = f"CREATE INDEX IF NOT EXISTS contents_shared ON contents (id) WHERE {_SHARED};"


def asks_only(predicate: Predicate) -> bool:
    """Return whether a predicate asks for nothing but sharings."""
    fields = fields_in(predicate)
    return bool(fields) and fields <= FIELDS


def reject_sharing(predicates: list[Predicate]) -> None:
    """Raise for a search of something that is not shared.

    Raises
    ------
    ODataError
        If one of the predicates that must not hold asks for a sharing.
    """
    if any(fields_in(one) & FIELDS for one in predicates):
        raise _invalid("A sharing cannot be negated.")


def condition(db: sqlite3.Connection, types: Types, predicates: list[Predicate]) -> Condition:
    """Return the condition that a content has a sharing of which all predicates hold."""
    asked = _Sharings(db, types)
    for predicate in predicates:
        _check(predicate)
    rows = db.execute(f"SELECT id, json_extract(data, '$.{STORED}') FROM contents WHERE {_SHARED}")
    found = [
        content_id
        for content_id, text in rows.fetchall()
        if any(all(asked.holds(predicate, item) for predicate in predicates) for item in _items(text))
    ]
    return Condition(is_one_of("+c.id", found), is_one_of("c.id", found))


def _check(predicate: Predicate) -> None:
    """Reject what cannot be asked for, whether or not anything is shared."""
    if isinstance(predicate, Range):
        raise _invalid("A sharing has no order.")
    if isinstance(predicate, Group):
        reject_sharing([one.predicate for one in predicate.clauses if one.occur == "not"])
        for clause in predicate.clauses:
            _check(clause.predicate)


def _items(text: str | None) -> Iterator[dict[str, Any]]:
    yield from json.loads(text or "[]")


class _Sharings:
    """Tells of what sharings a predicate holds."""

    def __init__(self, db: sqlite3.Connection, types: Types) -> None:
        self._db = db
        self._types = types
        self._users: dict[str, set[int]] = {}

    def holds(self, predicate: Predicate, item: dict[str, Any]) -> bool:
        """Return whether a predicate is true of a sharing."""
        if isinstance(predicate, Group):
            musts = [one.predicate for one in predicate.clauses if one.occur == "must"]
            if musts:
                return all(self.holds(one, item) for one in musts)
            return any(self.holds(one.predicate, item) for one in predicate.clauses)
        if isinstance(predicate, Nothing | Range):
            return False
        return self._fits(predicate, item)

    def _fits(self, term: Term, item: dict[str, Any]) -> bool:
        text = str(term.value).lower()
        if term.field == "SharedBy":
            return item.get("CreatorId") in self._find_users(text)
        if term.field == "SharedWith":
            token = str(item.get("Token") or "").lower()
            if re.fullmatch(r"[0-9]{1,10}", text):
                return bool(item.get("Identity") == int(text))
            return Wildcards(text).fits(token)
        return str(item.get("Mode" if term.field == "SharingMode" else "Level")).lower() == text

    def _find_users(self, text: str) -> set[int]:
        """Return the ids of the users for an id, a path, or a name with or without a domain."""
        if text not in self._users:
            self._users[text] = self._find(text)
        return self._users[text]

    def _find(self, text: str) -> set[int]:
        if re.fullmatch(r"[0-9]{1,10}", text):
            return {int(text)}
        users = self._types.derived_names("User")
        of_type = f"+type IN ({','.join('?' * len(users))})"
        if text.startswith("/"):
            rows = self._db.execute(f"SELECT id FROM contents WHERE key = ? AND {of_type}", (text, *users))
            return {row[0] for row in rows}
        domain, _, name = text.rpartition("\\")
        return self._in_domain(domain, name) or self._in_domain(*self._split_domain(text))

    def _split_domain(self, text: str) -> tuple[str, str]:
        """Split a text into domain and name, if its backslash was lost as an escape."""
        domains = self._types.derived_names("Domain")
        rows = self._db.execute(
            f"SELECT key FROM contents WHERE type IN ({','.join('?' * len(domains))})", domains
        )
        names = (str(row[0]).rpartition("/")[2] for row in rows)
        domain = next((name for name in names if text.startswith(name) and text != name), "")
        return domain, text[len(domain) :]

    def _in_domain(self, domain: str, name: str) -> set[int]:
        users = self._types.derived_names("User")
        of_type = f"+type IN ({','.join('?' * len(users))})"
        place = f"/root/ims/{domain}" if domain else "/root/ims"
        rows = self._db.execute(
            "SELECT id FROM contents WHERE substr(key, length(rtrim(key, replace(key, '/', ''))) + 1) = ?"
            f" AND {of_type} AND substr(key, 1, ?) = ?",
            (name, *users, len(place) + 1, f"{place}/"),
        )
        return {row[0] for row in rows}


def _invalid(message: str) -> ODataError:
    return server_error("InvalidContentSharingQueryException", f"Invalid sharing query. {message}")
