"""Names of contents: allowed characters, generated names, and free ones for taken names."""

from __future__ import annotations

import re
from collections.abc import Callable

from sn_pandas.embedded.errors import bad_request, invalid_content, server_error

FORBIDDEN = re.compile(r"""["'+%#&?:/\\*<>|$,;=@{}^~\[\]’`\t\r\n]""")
REPLACED = re.compile(r"""["#$%&'*+,/:;<=>?@\[\\\]^{|}~`’\t\r\n]""")
LONGEST_PATH = 450


def name_from(text: str) -> str:
    """Return the name that a new content gets for the name or display name that was sent."""
    return re.sub("-{2,}", "-", REPLACED.sub("-", text)).rstrip("-.")


def check(name: str) -> None:
    """Reject a name that no content may have.

    Raises
    ------
    ODataError
        400 for an empty one, 500 for the others, as the real server does.
    """
    if name == "":
        raise invalid_content(["Name"])
    if FORBIDDEN.search(name):
        raise server_error(
            "InvalidPathException", "A content name may only contain letters, digits and a few signs."
        )
    if name[0].isspace():
        raise server_error("InvalidPathException", "Name cannot start with whitespace.")
    if name[-1].isspace():
        raise server_error("InvalidPathException", "Name cannot end with whitespace.")
    if name.endswith("."):
        raise server_error("InvalidPathException", "Path cannot end with '.' character.")


def check_path(path: str) -> None:
    """Reject a path that is too long."""
    if len(path) > LONGEST_PATH:
        raise bad_request(
            "RepositoryPathTooLongException", f"Cannot save the content, because its path is too long: {path}"
        )


def add_number(name: str, taken: Callable[[str], list[str]]) -> str:
    """Return the first free form of a taken name: ``A.txt`` becomes ``A(1).txt``, then ``a(2).txt``.

    From the second number on the real server takes the name from its index, in lower case.

    Parameters
    ----------
    name
        The name that is taken.
    taken
        Returns the names in the place that begin with a text.
    """
    stem, dot, extension = name.rpartition(".")
    if not dot:
        stem, extension = name, ""
    base = re.sub(r"\(\d+\)$", "", stem)
    number = 1
    if base != stem:
        number = int(stem[len(base) + 1 : -1]) + 1
    names = {other.lower() for other in taken(f"{base}(")}
    while f"{base}({number}){dot}{extension}".lower() in names:
        number += 1
    made = f"{base}({number}){dot}{extension}"
    return made if number == 1 else made.lower()
