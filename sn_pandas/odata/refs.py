"""References by name: ``ref("Olga Okafor")`` refers to the content with this name."""

from __future__ import annotations

import re
from typing import Any

from .errors import QueryError

_MARK = re.compile(r"ref(?: (?P<type>\w+))?:(?P<name>.*)", re.DOTALL)


class Ref(str):
    """The name of a content in place of a reference; created by :func:`sn_pandas.ref`.

    It is a text with a mark before the name, ``ref:Olga Okafor`` or ``ref User:Olga Okafor``, so that it
    survives columns of texts, CSV files and spreadsheets.
    """

    __slots__ = ()

    @property
    def name(self) -> str:
        """The name."""
        return parse_ref(self)[1]

    @property
    def type(self) -> str | None:
        """The requested content type, if any."""
        return parse_ref(self)[0]

    def __repr__(self) -> str:
        kind, name = parse_ref(self)
        return f"ref({name!r}, type={kind!r})" if kind else f"ref({name!r})"


def ref(name: str, type: str | None = None) -> Ref:
    """Return a reference by name: the name, display name, login or e-mail address of one content.

    It stands in a cell of a reference field, alone or in a list, among the fields of ``repo.create`` and
    ``repo.patch``, among members of groups, and in cells: ``query=AssignedTo:{sn.ref("Olga Okafor")}``. It is
    looked up when it is saved. A name that several contents have, or none, is rejected with the candidates.

    Parameters
    ----------
    name : str
        The name; letter case does not matter.
    type : str, optional
        A content type: only contents of it, or of types derived from it, are meant. Without it, a field that
        takes certain types only decides.

    Raises
    ------
    QueryError
        If it is not a name.

    Examples
    --------
    >>> ref("Olga Okafor", type="User")
    ref('Olga Okafor', type='User')
    >>> import sn_pandas as sn
    >>> repo = sn.connect(user="olga.okafor")
    >>> tasks = repo.read("/Root/Content/IT/Tasks", select=["Name", "AssignedTo"], top=1)  # doctest: +SKIP
    >>> tasks["AssignedTo"] = sn.ref("Olga Okafor")  # doctest: +SKIP
    """
    if not isinstance(name, str) or not name.strip():
        raise QueryError(f"ref takes a name, such as ref('Olga Okafor'), not {name!r}")
    if type is not None and not re.fullmatch(r"\w+", type):
        raise QueryError(f"{type!r} is not the name of a content type")
    return Ref(f"ref {type}:{name.strip()}" if type else f"ref:{name.strip()}")


def as_ref(value: Any) -> Ref | None:
    """Return the reference by name in a cell, even if it has become text in a column or a file.

    Examples
    --------
    >>> as_ref("ref User:Olga Okafor"), as_ref("/Root/IMS")
    (ref('Olga Okafor', type='User'), None)
    """
    if isinstance(value, Ref):
        return value
    if not isinstance(value, str) or not value.startswith("ref"):
        return None
    found = _MARK.fullmatch(value)
    return Ref(value) if found and found["name"].strip() else None


def parse_ref(text: str) -> tuple[str | None, str]:
    """Return the type, if any, and the name in a marked text."""
    found = _MARK.fullmatch(str.__str__(text))
    return (found["type"], found["name"].strip()) if found else (None, str.__str__(text))
