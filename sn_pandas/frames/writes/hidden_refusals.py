"""Why the server refuses to move, copy or restore a content of a hidden type."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...odata.errors import SensenetError, ServerError
from ..reads import lookup
from .hidden import explain_hidden_types, explain_how_to_show

if TYPE_CHECKING:
    from ..connection import Connection


def explain_refusal(repo: Connection, content: int, target: str, said: SensenetError | str) -> str:
    """Return why a content cannot be placed below a target: a hidden type, or the server's words.

    The server lets a caller put contents only where their type is one of the allowed types that the caller
    sees; it answers as if the place did not allow the type.

    Parameters
    ----------
    content : int
        The id of the content.
    target : str
        The path below which it was to come.
    said : SensenetError or str
        What the server answered.
    """
    words = said.reason if isinstance(said, ServerError) and said.reason else str(said)
    try:
        if not repo.schema.is_partial:
            return str(said)
        name = str(lookup.read_one(repo.client, content)["Type"])
        if not repo.schema.hides(name) or name not in explain_hidden_types(
            repo, target, [name], next_step=False
        ):
            return str(said)
    except SensenetError:
        return str(said)
    return (
        f"you may not see the content type {name}, and the server moves, copies and restores only contents "
        f"of types that you see.{explain_how_to_show(repo, name)} The server said: {words}"
    )
