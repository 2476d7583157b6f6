"""Names that must be free: those of new contents and of renamed ones."""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence

from ...odata.addresses import BAD_IN_NAMES
from ...odata.client import Client
from ...odata.fields import ALLOWED_TYPES
from ..reads import lookup, not_found
from ..reads.lookup import Stored
from .plan import Assignment, Refusal
from .works import Create

#: Characters of a path that the server takes.
LONGEST = 450
#: What is said of a name that the server would change, here and in the rules of `checking`.
NOT_A_NAME = "is not a valid name"
_NO_NAME = re.compile(f"[{BAD_IN_NAMES}-]+")


def propose_name(create: Create) -> str:
    """Return a name for a content without one, derived from the DisplayName as the server does."""
    shown = create.after.get("DisplayName")
    name = _NO_NAME.sub("-", str(shown)) if shown else ""
    return name[:80].strip("-. ") or create.template or create.type


def as_stored(name: str) -> str:
    """Return the name under which the server stores a content.

    Examples
    --------
    >>> as_stored("a*b?c.txt"), as_stored("dots...")
    ('a-b-c.txt', 'dots')
    """
    return _NO_NAME.sub("-", name).rstrip("-.")


def explain_alteration(name: str) -> str:
    """Explain why the server would change this name; empty if it would not.

    Examples
    --------
    >>> explain_alteration("a--b"), explain_alteration("plain")
    ("'a--b' is not a valid name: the server would make it 'a-b'. Use that, or choose another", '')
    """
    kept = as_stored(name)
    if not kept:
        return f"{name!r} {NOT_A_NAME}: the server would remove every character"
    if kept != name:
        return f"{name!r} {NOT_A_NAME}: the server would make it {kept!r}. Use that, or choose another"
    return ""


def give_names(creates: Iterable[Create], client: Client) -> None:
    """Assign a free name to every content without one."""
    taken = {create.path.lower() for create in creates if create.name}
    nameless = [create for create in creates if not create.name]
    bases = {create.row: propose_name(create) for create in nameless}
    tries = dict.fromkeys(bases, 0)
    while nameless:
        for create in nameless:
            create.name = _choose_next_name(create, bases[create.row], tries, taken)
            taken.add(create.path.lower())
        there = lookup.read_by_path(client, [create.path for create in nameless], sure=False)
        nameless = [create for create in nameless if create.path.lower() in there]


def find_misplaced(
    creates: Iterable[Create], refusal: Callable[[Create, str, str], Refusal], client: Client
) -> list[Refusal]:
    """Return the new contents whose name exists, or that are not allowed at their place.

    ``refusal`` makes one of a content, the column that is wrong, and the reason.
    """
    parents = lookup.read_by_path(client, {create.parent for create in creates}, [ALLOWED_TYPES])
    there = set(
        lookup.read_by_path(
            client, [p for create in creates for p in list_spellings(create.path)], sure=False
        )
    )
    alike = {compose(path): path for path in there}
    refused = []
    before: set[str] = set()
    for create in creates:
        if found := _explain_misplaced(create, parents.get(create.parent.lower()), there):
            refused.append(refusal(create, *found))
        elif create.path.lower() in before:
            refused.append(refusal(create, "Name", _describe_duplicate(create.path)))
        elif other := alike.get(compose(create.path)):
            refused.append(refusal(create, "Name", _looks_alike(create.path, other)))
        before.add(create.path.lower())
        alike.setdefault(compose(create.path), create.path)
    return refused


def list_spellings(path: str) -> list[str]:
    """Return a path in each Unicode form in which it looks the same.

    Examples
    --------
    >>> len(list_spellings("/Root/plain")), len(list_spellings("/Root/café"))
    (1, 2)
    """
    forms = [path, unicodedata.normalize("NFC", path), unicodedata.normalize("NFD", path)]
    return list(dict.fromkeys(forms))


def compose(path: str) -> str:
    """Return a canonical form of a path, equal for all its Unicode spellings."""
    return unicodedata.normalize("NFC", path).lower()


def _exists(path: str) -> str:
    return f"there is a {path} already: choose another Name"


def _describe_duplicate(path: str) -> str:
    return f"another row becomes {path}, too: choose another Name"


def _looks_alike(path: str, other: str) -> str:
    return (
        f"it looks like {other!a}, which exists or is about to be created and has the same letters in "
        f"another Unicode form than {path!a}: choose another Name"
    )


def find_renames_onto_others(
    assigned: Iterable[Assignment], paths: Mapping[int, str | None], client: Client
) -> list[Refusal]:
    """Return the renames onto a name that another content has: not every server refuses that."""
    wanted: dict[int, str] = {}
    renames = [assignment for assignment in assigned if assignment.field.name == "Name"]
    for edit, _ in renames:
        wanted[edit.row] = f"{(paths.get(edit.id) or '').rpartition('/')[0]}/{edit.after}"
    there = lookup.read_by_path(client, [form for path in wanted.values() for form in list_spellings(path)])
    refused = []
    seen: dict[str, str] = {}
    for edit, _ in renames:
        path = wanted[edit.row]
        found = next((row for form in list_spellings(path) if (row := there.get(form.lower()))), None)
        if found and found["Id"] != edit.id:
            taken = str(found["Path"])
            same = taken.lower() == path.lower()
            refused.append(Refusal(edit, _exists(path) if same else _looks_alike(path, taken)))
        elif earlier := seen.get(compose(path)):
            same = earlier.lower() == path.lower()
            refused.append(Refusal(edit, _describe_duplicate(path) if same else _looks_alike(path, earlier)))
        elif len(path) > LONGEST:
            refused.append(Refusal(edit, _describe_too_long(path)))
        seen.setdefault(compose(path), path)
    return refused


def are_nested(paths: Iterable[str]) -> bool:
    """Return whether one content is below another one."""
    ordered = sorted(f"{path}/".lower() for path in paths)
    return any(below.startswith(above) for above, below in itertools.pairwise(ordered))


def _choose_next_name(create: Create, base: str, tries: dict[int, int], taken: set[str]) -> str:
    while True:
        tries[create.row] += 1
        number = tries[create.row]
        name = base if number == 1 else f"{base}-{number}"
        if f"{create.parent}/{name}".lower() not in taken:
            return name


def _explain_misplaced(create: Create, parent: Stored | None, there: set[str]) -> tuple[str, str] | None:
    if parent is None:
        return "Path", not_found.describe_missing(create.parent)
    if reason := explain_alteration(create.name):
        return "Name", reason
    if create.path.lower() in there:
        return "Name", _exists(create.path)
    if len(create.path) > LONGEST:
        return "Name", _describe_too_long(create.path)
    allowed = [item["Name"] for item in parent.get(ALLOWED_TYPES.name) or ()]
    if allowed and create.type not in allowed:
        return "Type", f"{create.parent} takes {_join_some(allowed)}, and no {create.type}"
    return None


def _describe_too_long(path: str) -> str:
    return f"its path would have {len(path)} characters, the server allows {LONGEST}"


def _join_some(names: Sequence[str]) -> str:
    return ", ".join(names[:8]) + (", …" if len(names) > 8 else "")
