"""Users for tests with exactly the given permissions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..frames import Repository

_GROUP = "/Root/IMS/BuiltIn/Portal"


def add_user(repo: Repository, name: str, permissions: Mapping[str, Sequence[str]] | None = None) -> str:
    """Create an ordinary user with these permissions, and return the path of the user.

    Parameters
    ----------
    repo : Repository
        A connection of an administrator.
    name : str
        The name, which is the login name, too.
    permissions : mapping of str to sequence of str, optional
        Path -> names of the permissions that are allowed there and below, such as ``["Open", "Save"]``.

    Examples
    --------
    >>> import sn_pandas as sn
    >>> add_user(sn.connect("embedded://"), "ann", {"/Root/Content/IT": ["Open"]})
    '/Root/IMS/BuiltIn/Portal/ann'
    """
    path = f"{_GROUP}/{name}"
    repo.create(_GROUP, "User", name, {
        "LoginName": name, "Email": f"{name}@example.com", "FullName": name.title(), "Enabled": True,
        "Password": "Hush-hush-1234",
    })  # fmt: skip
    for place, allowed in (permissions or {}).items():
        entry = {"identity": path, **dict.fromkeys(allowed, "allow")}
        repo.call(place, "SetPermissions", r=[entry])
    return path
