"""Who the server takes us for; it never says so by itself."""

from __future__ import annotations

from ...odata.addresses import entity
from ...odata.errors import AuthenticationError, NotFoundError
from ...odata.query import target
from ...odata.transport import Client

VISITOR = "/Root/IMS/BuiltIn/Portal/Visitor"
_VISITOR_ID = 6


def who(client: Client, *, anonymous: bool = False) -> str:
    """Give the path of the user that the server takes us for.

    Raises
    ------
    AuthenticationError
        If we did not mean to be anonymous and are the Visitor all the same.
    AnswerError
        If there is no sensenet.
    """
    address = entity("/Root") + "/GetCurrentUser"
    try:
        answer = client.get(target(address, {"$select": "Id,Path", "metadata": "no"}))["d"]
    except NotFoundError:  # the Visitor may not even see the root
        answer = {"Id": _VISITOR_ID, "Path": VISITOR}
    if answer["Id"] == _VISITOR_ID and not anonymous:
        raise AuthenticationError(
            f"{client.origin} takes us for the Visitor: the key or token is wrong, expired or missing "
            "(the server never says so by itself); pass anonymous=True to go on as Visitor"
        )
    return str(answer["Path"] or VISITOR)
