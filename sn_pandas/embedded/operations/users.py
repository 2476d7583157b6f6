"""Users: the caller, passwords, new users."""

from __future__ import annotations

import hmac
import json
from typing import Any

from sn_pandas.embedded.changes import writes
from sn_pandas.embedded.contents import SOMEBODY, SYSTEM, VISITOR, Content
from sn_pandas.embedded.errors import forbidden, server_error
from sn_pandas.embedded.operations import clients
from sn_pandas.embedded.operations.registry import ALL, ROOT, operation
from sn_pandas.embedded.security import accounts
from sn_pandas.embedded.security.passwords import hash_password, is_right
from sn_pandas.embedded.session import Session

Json = Any

ADMINISTRATORS_ONLY = ("Administrators",)
PUBLIC = "/Root/IMS/Public"


@operation("GetCurrentUser", action=False, types=ROOT, roles=ALL)
def current_user(session: Session, content: Content) -> Content | None:
    """Return the user who sends the request."""
    return session.store.load(session.caller.id)


@operation(
    "ValidateCredentials", types=ROOT, roles=ALL, parameters=[("userName", "string"), ("password", "string")]
)
def validate_credentials(
    session: Session, content: Content, user_name: str | None, password: str | None
) -> Json:
    """Return the user with a login name and a password."""
    user = with_password(session, user_name or "", password or "")
    if user is None:
        raise forbidden("Invalid username or password.")
    login = user.fields.get("LoginName") or user.name
    return {
        "id": user.id,
        "email": user.fields.get("Email"),
        "username": f"{accounts.domain(session.store, user)}\\{login}",
        "name": user.name,
        "loginName": login,
    }


@operation(
    "ChangePassword",
    types=("User",),
    title="Change password",
    roles=ALL,
    scenarios=["ContextMenu"],
    parameters=[("password", "string")],
)
def change_password(session: Session, content: Content, password: str | None) -> None:
    """Change the password of a user; users may change their own."""
    if not password:
        raise server_error("ArgumentNullException", "Value cannot be null. (Parameter 'password')")
    mine = content.id == session.caller.id and content.id != VISITOR
    if not mine and not session.can(content, "Save"):
        raise forbidden()
    with session.store.transaction():
        content.fields["Password"] = {"Hash": hash_password(password)}
        session.store.save(content)


@operation(
    "SendChangePasswordMail",
    partial="no mail is sent",
    types=("User",),
    title="Send change password email",
    roles=ALL,
    parameters=[("returnUrl", "string", False)],
)
def send_mail_to_user(session: Session, content: Content, return_url: str | None = None) -> None:
    """Accept a mail without sending it."""


@operation(
    "SendChangePasswordMail",
    partial="no mail is sent",
    types=ROOT,
    title="Send change password email",
    roles=ALL,
    parameters=[("email", "string"), ("returnUrl", "string", False)],
)
def send_mail_to_address(
    session: Session, content: Content, email: str | None, return_url: str | None = None
) -> None:
    """Accept a mail without sending it."""


@operation(
    "CreateLocalUser",
    types=ROOT,
    roles=ADMINISTRATORS_ONLY,
    parameters=[("loginName", "string"), ("password", "string"), ("email", "string")],
)
def create_local_user(
    session: Session, content: Content, login_name: str | None, password: str | None, email: str | None
) -> Content:
    """Create a user with a login name."""
    return _create(
        session, {"LoginName": login_name, "Password": password, "Email": email, "FullName": login_name}
    )


@operation(
    "CreateUserByProvider",
    types=ROOT,
    roles=ADMINISTRATORS_ONLY,
    parameters=[("provider", "string"), ("userId", "string"), ("claims", "string")],
)
def create_user_by_provider(
    session: Session, content: Content, provider: str | None, user_id: str | None, claims: str | None
) -> Content:
    """Create a user who is authenticated by an external provider."""
    found = _claims(claims or "[]")
    login = found.get("name") or found.get("preferred_username")
    external = json.dumps({provider: {"Id": user_id, "Completed": False}})
    return _create(
        session,
        {
            "LoginName": login,
            "Email": found.get("email"),
            "FullName": found.get("fullname") or login,
            "Password": found.get("password"),
            "ExternalUserProviders": external,
        },
    )


@operation(
    "GetClientRequestParameters", action=False, types=ROOT, roles=ALL, parameters=[("clientType", "string")]
)
def client_request_parameters(session: Session, content: Content, client_type: str | None) -> dict[str, Json]:
    """Return where a client of a kind logs in, and as which client."""
    if client_type not in ("client", "adminui"):
        return {}
    rules = session.repository.tokens
    client_id = "client" if client_type == "client" else clients.initial_id(session, "AdminUi")
    return {
        "authority": rules.authority if rules is not None else "",
        "type": rules.kind if rules is not None else "IdentityServer",
        "client_id": client_id,
    }


def with_password(session: Session, user_name: str, password: str) -> Content | None:
    """Return the enabled user with a login name and a password; None if there is none."""
    user = accounts.by_login(session.store, user_name)
    stored = user.fields.get("Password") if user is not None else None
    is_own = is_right(password, stored["Hash"] if stored else None)
    common = session.repository.password or ""
    is_common = bool(common) and hmac.compare_digest(password.encode("utf-8", "replace"), common.encode())
    if user is None or user.id in (VISITOR, SOMEBODY) or not user.fields.get("Enabled"):
        return None
    return user if is_own or is_common else None


def _create(session: Session, fields: dict[str, Json]) -> Content:
    name = fields["LoginName"]
    if name and accounts.by_login(session.store, name) is not None:
        raise server_error(
            "InvalidOperationException", f"There is already a user or group under the domain Public: {name}"
        )
    system = session.repository.session(SYSTEM)
    parent = system.by_path(PUBLIC)
    if parent is None:
        raise server_error("InvalidOperationException", "The domain Public is missing.")
    model = {"__ContentType": "User", "Name": name, "Enabled": True, **fields}
    if not name:
        del model["Name"]
    return writes.create(system, parent, model)


def _claims(text: str) -> dict[str, Json]:
    """Return the claims of a JSON array of types and values."""
    try:
        items = json.loads(text)
    except ValueError as problem:
        raise server_error("JsonReaderException", f"The claims are not JSON: {problem}") from problem
    if not isinstance(items, list) or not all(isinstance(one, dict) for one in items):
        raise server_error("JsonSerializationException", "The claims are not an array of objects.")
    return {str(one.get("type")): one.get("value") for one in items}
