"""Errors in the form of answers: a code, an exception type, a message, a status."""

from __future__ import annotations

STATUS = {
    "NotSpecified": 500,
    "RequestError": 400,
    "InvalidId": 500,
    "InvalidTopParameter": 400,
    "NegativeTopParameter": 400,
    "InvalidSkipParameter": 400,
    "NegativeSkipParameter": 400,
    "InvalidInlineCountParameter": 400,
    "InvalidFormatParameter": 400,
    "InvalidOrderByParameter": 400,
    "InvalidOrderByDirectionParameter": 400,
    "InvalidSelectParameter": 400,
    "InvalidExpandParameter": 400,
    "ContentAlreadyExists": 403,
    "ResourceNotFound": 404,
    "IllegalInvoke": 500,
    "Forbidden": 403,
    "Unauthorized": 401,
}
"""HTTP status of each error code; a code that is not here (the reasons of refused actions) is 500."""


class ODataError(Exception):
    """An error answer.

    Parameters
    ----------
    code
        The word that clients look at first, such as ``RequestError``.
    exceptiontype
        Short name of the exception that the server names as the cause.
    message
        What happened, for people. Quotes and line breaks are blotted out when it is written.
    status
        HTTP status; follows from the code if it is not given.
    """

    def __init__(self, code: str, exceptiontype: str, message: str = "", status: int | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.exceptiontype = exceptiontype
        self.message = message
        self.status = STATUS.get(code, 500) if status is None else status

    def json(self) -> dict[str, object]:
        """Return the body of the answer."""
        text = self.message.replace("'", " ").replace('"', " ").replace("\r\n", "\\n").replace("\n", "\\n")
        return {
            "error": {
                "code": self.code,
                "exceptiontype": self.exceptiontype,
                "message": {"lang": "en-us", "value": text},
                "innererror": None,
            }
        }


class MissingError(Exception):
    """The content does not exist or the caller may not see it: 404 with an empty body."""


def bad_request(exceptiontype: str, message: str) -> ODataError:
    """Return the 400 of an option that cannot be read, a value that is refused, a rule that is broken."""
    return ODataError("RequestError", exceptiontype, message)


def parse_error(exceptiontype: str, message: str) -> ODataError:
    """Return the 400 of an address or an option that cannot be parsed."""
    return bad_request(exceptiontype, f"The request could not be parsed. {message}")


def server_error(exceptiontype: str, message: str) -> ODataError:
    """Return the 500 of what the server did not foresee."""
    return ODataError("NotSpecified", exceptiontype, message)


def forbidden(message: str = "Access denied.") -> ODataError:
    """Return the 403 of a caller without the permission for something that he can see."""
    return ODataError("Forbidden", "SenseNetSecurityException", message)


def invalid_content(fields: list[str]) -> ODataError:
    """Return the 400 of a content that breaks the rules of its fields, which are named by display name."""
    return bad_request(
        "InvalidContentException", f"Cannot save the Content. Invalid Fields: {', '.join(fields)}"
    )


def invalid_cast(source: str, target: str) -> ODataError:
    """Return the 500 of a value of the wrong JSON type."""
    return server_error(
        "InvalidCastException", f"Unable to cast object of type '{source}' to type '{target}'."
    )


def see_only() -> ODataError:
    """Return the error of a field that is read though the content may only be seen."""
    return server_error(
        "InvalidOperationException",
        "Invalid property access attempt on a See-only node. The content may be seen, but not opened.",
    )


def binary_closed() -> ODataError:
    """Return the error of bytes that are read though the content may only be seen and previewed."""
    return server_error(
        "InvalidOperationException",
        "Binary fields are inaccessible for users with See and Preview permissions only.",
    )


def action_not_allowed(reason: str, message: str | None = None) -> ODataError:
    """Return the 500 of an action that the state of a content, a lock or a permission prevents."""
    return ODataError(reason, "InvalidContentActionException", message or REASONS.get(reason, reason))


REASONS = {
    "InvalidStateAction": "Currently this action is not allowed on this content.",
    "CheckedOutToSomeoneElse": "The content is checked out by someone else.",
    "NotEnoughPermissions": "Not enough permissions, or not the right state for this action.",
    "MultistepSaveInProgress": "The content cannot be modified while a multistep save is in progress.",
    "UndoSingleVersion": "The only version of the content is locked and cannot be removed.",
}


def out_of_date(content_id: int, path: str) -> ODataError:
    """Return the 400 of a save that would overwrite one that came in between."""
    return bad_request(
        "NodeIsOutOfDateException",
        f"Node is out of date: somebody else saved it. Load it again. Id: {content_id}, path: {path}",
    )


def tree_is_locked(path: str) -> ODataError:
    """Return the 400 of a content that another request moves or deletes at the same moment."""
    return bad_request("LockedTreeException", f"The tree is locked by another operation. Path: {path}")


def already_exists() -> ODataError:
    """Return the 403 of a name that is taken."""
    return ODataError(
        "ContentAlreadyExists",
        "NodeAlreadyExistsException",
        "The content was not saved because it already exists.",
    )
