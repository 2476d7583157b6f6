"""Members of groups."""

from __future__ import annotations

from collections import Counter

from sn_pandas.embedded.changes import saving
from sn_pandas.embedded.contents import Content
from sn_pandas.embedded.errors import server_error
from sn_pandas.embedded.operations.registry import Contents, operation
from sn_pandas.embedded.reads.references import targets
from sn_pandas.embedded.security import entries
from sn_pandas.embedded.session import Session

IDS = [("contentIds", "int[]")]


@operation("AddMembers", types=("Group",), parameters=IDS)
def add_members(session: Session, content: Content, content_ids: list[int] | None) -> None:
    """Add contents to a group, at its end, even those that are members already."""
    wanted = content_ids or []
    if content.id in wanted:
        raise server_error(
            "InvalidOperationException", f"Group cannot contain itself as a member. Path: {content.path}"
        )
    before = content.copy()
    added = [one.id for one in session.load_many(wanted)]
    content.fields["Members"] = [*targets(session, content, "Members"), *added]
    saving.update(session, before, content, {"Members"})


@operation("RemoveMembers", types=("Group",), parameters=IDS)
def remove_members(session: Session, content: Content, content_ids: list[int] | None) -> None:
    """Take contents out of a group: of one that is in it twice, once."""
    before = content.copy()
    leaving = Counter(content_ids or ())
    staying = []
    for member in targets(session, content, "Members"):
        if leaving[member]:
            leaving[member] -= 1
        else:
            staying.append(member)
    content.fields["Members"] = staying
    saving.update(session, before, content, {"Members"})


@operation("GetParentGroups", action=False, types=("User", "Group"), parameters=[("directOnly", "bool")])
def parent_groups(session: Session, content: Content, direct_only: bool | None) -> Contents:
    """Return the groups that have the content as a member; Everyone is not among them."""
    found = entries.groups_of(session.store, [content.id], directly=bool(direct_only))
    return Contents(session.load_many(found))
