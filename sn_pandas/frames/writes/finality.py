"""Deletions that are permanent although that was not requested, and those that only others can undo."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from ...odata.addresses import TRASH, in_trash
from ...odata.errors import SaveWarning, SensenetError
from ...odata.schema import Field
from ...odata.warning import warn_user
from ...odata.wording import count_noun
from ..reads import lookup
from ..reads.lookup import Stored
from .hidden import explain_hidden_types, explain_how_to_show
from .works import Delete

if TYPE_CHECKING:
    from ..connection import Connection

#: What says of a content that it has no trash, and nothing in it.
FLAG = Field("TrashDisabled", "Boolean")
_ACTIVE = Field("IsActive", "Boolean")
# They are deleted for good wherever they are, and no flag says so.
_NEVER = frozenset(["User", "Group", "OrganizationalUnit"])


def explain_final(repo: Connection, works: Iterable[Delete], stored: Mapping[int, Stored]) -> dict[int, str]:
    """Return why contents do not go to the trash, by their ids; only those that do not.

    Parameters
    ----------
    works : iterable of Delete
        What is going to be deleted.
    stored : mapping
        What the server holds of them, with ``TrashDisabled``.
    """
    to_trash = [work for work in works if not work.permanent and not in_trash(work.path or "")]
    if not to_trash:
        return {}
    above = {_get_parent(work) for work in to_trash}
    try:
        places = lookup.read_by_path(repo.client, {*above, TRASH}, [FLAG, _ACTIVE], sure=False)
    except SensenetError:  # the deletion itself will say what is the matter
        return {}
    found: dict[int, str] = {}
    for work in to_trash:
        now = stored[work.id]
        if _NEVER & {str(now["Type"]), *repo.schema.bases(str(now["Type"]))}:
            found[work.id] = "users, groups and organizational units never go to the trash"
        elif places.get(TRASH.lower(), {}).get("IsActive") is False:
            found[work.id] = "the trash is switched off"
        elif now.get(FLAG.name) is True or places.get(_get_parent(work).lower(), {}).get(FLAG.name) is True:
            found[work.id] = "the trash is switched off there (TrashDisabled)"
    return found


def explain_irrecoverable(
    repo: Connection, works: Iterable[Delete], stored: Mapping[int, Stored]
) -> dict[int, str]:
    """Return, by id, why the caller cannot restore contents from the trash; only those.

    The server restores only contents of types that the caller sees, but deletes all of them.
    """
    hidden: dict[str, list[Delete]] = {}
    for work in works:
        kind = str(stored[work.id]["Type"])
        if not work.permanent and repo.schema.hides(kind):
            hidden.setdefault(kind, []).append(work)
    found: dict[int, str] = {}
    for kind, some in hidden.items():
        try:
            seen = kind not in explain_hidden_types(repo, _get_parent(some[0]), [kind], next_step=False)
        except SensenetError:  # it is only a word about what may come later
            continue
        if not seen:
            said = (
                "you cannot bring it back from the trash yourself, because you may not see the content type "
                f"{kind}.{explain_how_to_show(repo, kind)}"
            )
            found |= {work.id: said for work in some}
    return found


def warn(works: Iterable[Delete], reasons: Mapping[int, str]) -> None:
    """Warn of deletions that will be final before they are sent."""
    paths = [work.path or str(work.id) for work in works if work.id in reasons]
    if not paths:
        return
    more = "" if len(paths) <= 3 else ", …"
    said = (
        f"{count_noun(len(paths), 'content')} will be deleted for good, and undo cannot take that back: "
        f"{', '.join(paths[:3])}{more} ({'; '.join(dict.fromkeys(reasons.values()))}). Pass permanent=True "
        "to confirm"
    )
    warn_user(said, SaveWarning)


def _get_parent(work: Delete) -> str:
    return (work.path or "").rpartition("/")[0]
