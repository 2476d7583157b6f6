"""Where a content differs from what was sent."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ...odata.schema import Field
from ..columns.cells import Json, are_same_json
from ..reads.lookup import Stored
from .works import Create, Patch

#: How the server takes a color: with three or six digits, or by its name in lower case.
COLOR = re.compile(r"#(?:[0-9a-fA-F]{3}){1,2}|[a-z]+")


def list_differing(work: Patch | Create, meant: Mapping[str, Json], stored: Stored) -> list[str]:
    """Return the fields that are stored differently than intended."""
    return [
        name for name, value in meant.items() if not _are_same(work.fields[name], value, stored.get(name))
    ]


def list_unverified(work: Patch | Create) -> list[str]:
    """Return the fields whose stored values cannot be verified."""
    return [name for name in work.after if work.fields[name].kind.unread]


def _are_same(field: Field, sent: Json, read: Json) -> bool:
    if field.type == "Color" and isinstance(sent, str) and isinstance(read, Mapping):
        return _are_same_colors(sent, read)
    return are_same_json(field, sent, read)


def _are_same_colors(sent: str, read: Mapping[str, Any]) -> bool:
    """Return whether the parts of a color match a text; an invalid text has zero parts."""
    if sent == "transparent":
        return read.get("Alpha") == 0
    digits = sent.removeprefix("#")
    if not sent.startswith("#"):
        return bool(read.get("Alpha"))
    digits = "".join(digit * 2 for digit in digits) if len(digits) == 3 else digits
    try:
        wanted = [int(digits[at : at + 2], 16) for at in (0, 2, 4)]
    except ValueError:
        return False
    return [read.get(part) for part in ("Red", "Green", "Blue")] == wanted and read.get("Alpha") == 255
