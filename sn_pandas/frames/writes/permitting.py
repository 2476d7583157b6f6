"""The permissions set on a content itself, without inherited ones."""

from __future__ import annotations

from typing import Any

from ...odata import shapes
from ...odata.addresses import entity
from ...odata.client import Client


def build_own_entry(client: Client, id_: int, identity: str, *, local: bool) -> dict[str, str]:
    """Return the permissions set on a content for an identity, each ``"allow"`` or ``"deny"``.

    The server merges what comes from above into the same entry; there ``from`` names the content it comes
    from.
    """
    acl: Any = client.get(f"{entity(id_)}/GetAcl", shapes.entries, fresh=True)
    own: dict[str, str] = {}
    for entry in acl["entries"]:
        same = str(entry["identity"]["path"]).lower() == identity.lower()
        if same and entry.get("propagates", True) != local:
            own.update(
                (name, str(held["value"]))
                for name, held in entry["permissions"].items()
                if held and held.get("from") is None and held["value"] in ("allow", "deny")
            )
    return own
