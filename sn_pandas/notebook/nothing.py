"""Why a read may have found nothing, and what finds it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..odata.errors import SensenetError

if TYPE_CHECKING:
    import pandas as pd

    from ..frames.repository import Repository
    from ..odata.query import Query


def found(repo: Repository, query: Query, frame: pd.DataFrame) -> str:
    """Say why a read of children gave no row; empty if it gave some, or if there is nothing to say.

    It asks the server for one number, and never fails.
    """
    if len(frame) or query.query or query.property or query.single or query.skip:
        return ""
    try:
        children = repo.count(query.path) if query.filter else 0
    except SensenetError:
        return ""
    if not children:
        return f"{query.path} has no children; repo.get({query.path!r}) reads the content itself"
    kind = re.search(r"isof\('(\w+)'\)", str(query.filter))
    return (
        f"a path lists its direct children, here {children:,}; a content query finds what is anywhere below, "
        f"such as query=TypeIs:{kind[1] if kind else 'Task'}"
    )
