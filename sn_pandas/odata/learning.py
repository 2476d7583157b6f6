"""Learn a content type that the caller may not see from one of its contents."""

from __future__ import annotations

from . import shapes
from .addresses import entity
from .client import Client
from .errors import AnswerError, ServerError
from .query_text import target
from .type_documents import TypeDescription, read_metadata, read_values


def describe_type(client: Client, place: int | str) -> TypeDescription | None:
    """Return the type of a content as described by its metadata, or else by the shape of its values.

    Parameters
    ----------
    client : Client
        Where the content is.
    place : int or str
        The id of the content, or its path.

    Returns
    -------
    TypeDescription or None
        None if it says nothing.
    """
    for describe in (_by_metadata, _by_values):
        try:
            return describe(client, place)
        except (ServerError, AnswerError):  # the next layer may know
            continue
    return None


def type_names(client: Client) -> list[str] | None:
    """Return the names of all content types, hidden ones included; None if that fails."""
    try:
        return list(type_paths(client))
    except (ServerError, AnswerError):
        return None


def type_paths(client: Client) -> dict[str, str]:
    """Return the paths of all content types by name, whether or not the caller may see them."""
    address = f"{entity('/Root')}/GetAllContentTypes"
    shape = shapes.contents("Name", "Path")
    rows = client.get(target(address, {"$select": "Name,Path", "metadata": "no"}), shape)
    return {str(row["Name"]): str(row["Path"]) for row in rows}


def _by_metadata(client: Client, place: int | str) -> TypeDescription:
    return read_metadata(client.get(f"{entity(place)}/$metadata", shapes.xml))


def _by_values(client: Client, place: int | str) -> TypeDescription:
    content = client.get(target(entity(place), {"metadata": "no"}), shapes.content("Id", "Type"))
    if content.get("Version") is None:
        raise AnswerError(f"{place} may be seen but not opened, so its values are hidden")
    return read_values(content)
