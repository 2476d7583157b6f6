"""Names that must be free: those of new contents and of renamed ones."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from ...odata.schema import Field
from ...odata.transport import Client
from . import looking
from .looking import Stored
from .plan import Assignment, Refusal
from .works import Create

#: Characters of a path that the server takes.
LONGEST = 450
_NO_NAME = re.compile(r"[\"#$%&'*+,/:;<=>?@\[\\\]^{|}~`\t\r\n-]+")
_ALLOWED = Field("EffectiveAllowedChildTypes", "AllowedChildTypes", multiple=True)


def proposed(create: Create) -> str:
    """Give a name for a content that was given none, as the server would make it of the DisplayName."""
    shown = create.after.get("DisplayName")
    name = _NO_NAME.sub("-", str(shown)) if shown else ""
    return name[:80].strip("-. ") or create.template or create.type


def as_stored(name: str) -> str:
    """Give a name as the server makes it of one that it is sent.

    Examples
    --------
    >>> as_stored("a*b?c.txt"), as_stored("dots...")
    ('a-b-c.txt', 'dots')
    """
    return _NO_NAME.sub("-", name).rstrip("-.")


def give_names(creates: Iterable[Create], client: Client) -> None:
    """Give a free name to every content that has none."""
    taken = {create.path.lower() for create in creates if create.name}
    nameless = [create for create in creates if not create.name]
    bases = {create.row: proposed(create) for create in nameless}
    tries = dict.fromkeys(bases, 0)
    while nameless:
        for create in nameless:
            create.name = _next(create, bases[create.row], tries, taken)
            taken.add(create.path.lower())
        there = looking.by_path(client, [create.path for create in nameless], sure=False)
        nameless = [create for create in nameless if create.path.lower() in there]


def misplaced(
    creates: Iterable[Create], refusal: Callable[[Create, str], Refusal], client: Client
) -> list[Refusal]:
    """Give the new contents whose name is taken, or that cannot be where they are to be."""
    parents = looking.by_path(client, {create.parent for create in creates}, [_ALLOWED])
    there = set(looking.by_path(client, [create.path for create in creates], sure=False))
    refused = []
    for create in creates:
        if reason := _misplaced(create, parents.get(create.parent.lower()), there):
            refused.append(refusal(create, reason))
        there.add(create.path.lower())
    return refused


def renamed_onto(
    assigned: Iterable[Assignment], paths: Mapping[int, str | None], client: Client
) -> list[Refusal]:
    """Give the renames onto a name that another content has: not every server refuses that."""
    wanted: dict[int, str] = {}
    renames = [assignment for assignment in assigned if assignment.field.name == "Name"]
    for edit, _ in renames:
        wanted[edit.row] = f"{(paths.get(edit.id) or '').rpartition('/')[0]}/{edit.after}"
    there = looking.by_path(client, wanted.values())
    refused = []
    seen: set[str] = set()
    for edit, _ in renames:
        path = wanted[edit.row]
        found = there.get(path.lower())
        if (found and found["Id"] != edit.id) or path.lower() in seen:
            refused.append(Refusal(edit, f"there is a {path} already: choose another Name"))
        elif len(path) > LONGEST:
            refused.append(Refusal(edit, _too_long(path)))
        seen.add(path.lower())
    return refused


def _next(create: Create, base: str, tries: dict[int, int], taken: set[str]) -> str:
    while True:
        tries[create.row] += 1
        number = tries[create.row]
        name = base if number == 1 else f"{base}-{number}"
        if f"{create.parent}/{name}".lower() not in taken:
            return name


def _misplaced(create: Create, parent: Stored | None, there: set[str]) -> str:
    if parent is None:
        return f"there is no {create.parent}, or you may not see it"
    if create.path.lower() in there:
        return f"there is a {create.path} already: choose another Name"
    if len(create.path) > LONGEST:
        return _too_long(create.path)
    allowed = [item["Name"] for item in parent.get(_ALLOWED.name) or ()]
    if allowed and create.type not in allowed:
        return f"{create.parent} takes {_some(allowed)}, and no {create.type}"
    return ""


def _too_long(path: str) -> str:
    return f"its path would have {len(path)} characters, the server takes {LONGEST}"


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:8]) + (", …" if len(names) > 8 else "")
