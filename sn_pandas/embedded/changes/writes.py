"""POST, PATCH, MERGE, PUT and DELETE of contents."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace as replace_in
from typing import Any

from sn_pandas.embedded.changes import naming, saving
from sn_pandas.embedded.content_types import added_fields, child_types, grown_fields
from sn_pandas.embedded.content_types.content_fields import fields_of
from sn_pandas.embedded.contents import HEAD, HEAD_REFERENCES, Content
from sn_pandas.embedded.errors import (
    ODataError,
    bad_request,
    forbidden,
    invalid_cast,
    invalid_content,
    see_only,
    server_error,
)
from sn_pandas.embedded.fields import IGNORED, SettingError, kind_of
from sn_pandas.embedded.fields.base import net_type
from sn_pandas.embedded.index.sharing_search import STORED as SHARINGS
from sn_pandas.embedded.schema.types import ContentType, Field
from sn_pandas.embedded.security import accounts
from sn_pandas.embedded.session import Session
from sn_pandas.embedded.storage import binaries

Json = Any
Model = dict[str, Json]

UNTOUCHED = frozenset(("__ContentType", "__ContentTemplate", "Type", "ContentType", ""))
"""Names in a body that are not fields."""
OPERATORS_ONLY = frozenset(("CreationDate", "VersionCreationDate"))
KEPT_BY_PUT = frozenset(
    ("Name", "CreatedBy", "CreatedById", "CreationDate", "ModifiedBy", "ModifiedById", "ModificationDate")
)


def create(session: Session, parent: Content, model: Model) -> Content:
    """Create a content below a parent.

    Raises
    ------
    ODataError
        If the body, the type, the name or a value is refused, or the caller may not.
    """
    lister = child_types.lister(parent, session)  # whose allowed child types are read
    if session.can_see(lister) and not session.can_open(lister):
        raise see_only()
    content_type = _type_of(session, parent, model)
    if content_type.name == "ContentType":  # one is made by uploading its definition
        raise server_error("NullReferenceException", "Object reference not set to an instance of an object.")
    _text(model, "DisplayName")
    template = _template(session, content_type, model)
    name = _name(session, content_type, model, template)
    content = new_content(session, parent, content_type, name)
    if template is not None:
        content.fields.update(template.fields)
        content.fields.pop(SHARINGS, None)  # they are of the template
        binaries.separate(session.store, content)
    touched = _apply(session, content, {k: v for k, v in model.items() if k != "Name"}, creating=True)
    if content_type.is_a("User") and "LoginName" not in model:
        content.fields["LoginName"] = content.name
    _validate(session, content, fields_of(session, content).values(), model, name=True)
    with session.store.transaction():
        saving.create(session, content, parent, touched, in_steps=session.options.multistep)
        if template is not None:
            _copy_children(session, template, content)
    return content


def update(session: Session, content: Content, model: Model) -> Content:
    """Set the fields of a body and save."""
    before = content.copy()
    touched = _apply(session, content, model)  # a bad value is refused before a lack of permissions
    if not session.can_open(before):
        raise see_only()
    written = [f for f in fields_of(session, content).values() if f.name in touched]
    _validate(session, content, written, model, name="Name" in touched)
    saving.update(session, before, content, touched, in_steps=session.options.multistep)
    return content


def replace(session: Session, content: Content, model: Model) -> Content:
    """Set all fields to what a new content would have, then those of the body, and save."""
    before = content.copy()
    if not session.caller.is_operator:
        raise server_error(
            "NotSupportedException", "Cannot write the VersionCreationDate property because it is read only."
        )
    if not session.can(content, "TakeOwnership"):
        raise forbidden()
    reset(session, content)
    touched = _apply(session, content, model)
    _validate(session, content, fields_of(session, content).values(), model, name="Name" in touched)
    saving.update(session, before, content, touched | {"Owner"}, always=True)
    return content


def new_content(session: Session, parent: Content, content_type: ContentType, name: str) -> Content:
    """Return a content with the default values of its type, not stored yet."""
    now = session.now()
    me = session.caller.id
    content = Content(
        0, parent.id, name, f"{parent.path}/{name}", content_type.name,
        created=now, created_by=me, modified=now, modified_by=me, version_created=now, version_created_by=me,
        version_modified=now, version_modified_by=me, owner=me, holder=parent.holder,
        is_system=parent.is_system or content_type.is_a("SystemFolder"),
    )  # fmt: skip
    for field in fields_of(session, content).values():
        value = default_of(session, field)
        if value is not None and field.name not in HEAD:
            content.fields[field.name] = value
    return content


def default_of(session: Session, field: Field) -> Any:
    """Return the stored default of a field for a new content; None if it has none."""
    if field.name in ("Name", "DisplayName", "Binary") or field.name in HEAD_REFERENCES:
        return None
    text = field.default
    return kind_of(field).default(session.replace_templates(text) if text else None, field, session)


def reset(session: Session, content: Content) -> None:
    """Set all fields that may be written to the value of a new content."""
    for field in fields_of(session, content).values():
        name = field.name
        if name in KEPT_BY_PUT or field.read_only or name in HEAD or name in HEAD_REFERENCES:
            continue
        value = default_of(session, field)
        if field.kind == "DateTime":
            value = "0001-01-01T00:00:00Z"
        elif field.kind in ("Choice", "YesNo"):
            value = None
        if field.kind == "Binary" and content.fields.get(name):
            value = binaries.hide_bytes(content.fields[name])
        if value is None:
            content.fields.pop(name, None)
        else:
            content.fields[name] = value
    content.index = 0
    content.owner = session.caller.id
    content.version_created = session.now()


def _type_of(session: Session, parent: Content, model: Model) -> ContentType:
    name = _text(model, "__ContentType")
    if not name:
        allowed = child_types.effective_child_types(parent, session)
        everything = len(allowed) == len(session.types)
        name = "File" if everything else allowed[0] if allowed else _default_type(session, parent)
    if name not in session.types:
        raise bad_request("ApplicationException", f"Unknown ContentType: {name}")
    return session.types[name]


def _default_type(session: Session, parent: Content) -> str:
    holder = session.types.get(parent.type)
    if holder is not None and (holder.is_a("Folder") or holder.is_a("Workspace")):
        return "File"
    return "SystemFolder"


def _template(session: Session, content_type: ContentType, model: Model) -> Content | None:
    name = _text(model, "__ContentTemplate")
    if name is None:
        return None
    found = session.by_path(f"/Root/ContentTemplates/{content_type.name}/{name}") if name else None
    if found is None or found.name != name or found.type != content_type.name:
        return None
    return found if session.can(found, "Open") else None


def _name(session: Session, content_type: ContentType, model: Model, template: Content | None) -> str:
    """Return the name of a new content."""
    given, shown = _text(model, "Name"), _text(model, "DisplayName")
    if isinstance(model.get("Name"), dict):
        raise invalid_cast(net_type(model["Name"]), "System.String")
    if "Name" in model and not isinstance(model["Name"], list):
        made = naming.name_from(given or "")
    elif shown:
        made = naming.name_from(shown)
    elif template is not None:
        made = template.name
    else:
        stamp = session.repository.clock().strftime("%Y%m%d%H%M%S")
        made = f"{content_type.name}-{stamp}"
    return made


def _text(model: Model, name: str) -> str | None:
    """Return a text of a body that is needed before the fields are set; None for objects and arrays."""
    value = model.get(name)
    if value is None or isinstance(value, str | dict | list):
        return value if isinstance(value, str) else None
    raise invalid_cast(net_type(value), "System.String")


def _apply(session: Session, content: Content, model: Model, creating: bool = False) -> set[str]:
    """Set the values of a body; return the names of the fields that were set."""
    fields = dict(fields_of(session, content))
    touched: set[str] = set()
    late: dict[str, ODataError] = {}
    passes_types_on = session.types.of(content.type).transitive
    for name, value in model.items():
        if name in UNTOUCHED:
            continue
        field = fields.get(name) or grown_fields.grow(session, content, name, value)
        if field is None or field.read_only:
            continue
        fields[name] = field
        kind = kind_of(field)
        if isinstance(value, list) and not kind.takes_arrays:
            continue
        if name in OPERATORS_ONLY and not session.caller.is_operator:
            continue
        if name == "AllowedChildTypes" and isinstance(value, list) and passes_types_on:
            continue
        try:
            stored = kind.coerce(value, field, session)
        except SettingError as error:
            raise bad_request(
                error.exceptiontype, f"Error updating property {name} of {content.name}."
            ) from error
        except ODataError as error:
            late[name] = error
            continue
        if creating and field.kind == "Password" and not isinstance(value, str):
            stored = {"Hash": ""}
        if stored is IGNORED:
            continue
        if name in HEAD_REFERENCES:
            refused = _set_person(session, content, name, stored, value, creating)
            if refused is not None:
                late[name] = refused
        else:
            _set(content, name, stored, kind.empty)
        if field.kind == "Image":
            _show_picture(content, name)
        touched.add(name)
    for name in fields:
        if name in late:
            raise late[name]
    return touched


def _set(content: Content, name: str, stored: Any, empty: Any) -> None:
    """Set a field; a missing value does not change one that was never set."""
    attribute = HEAD.get(name)
    if attribute is not None:
        setattr(content, attribute, stored)
    elif name in content.fields or (stored is not None and stored != empty):
        content.fields[name] = stored


def _show_picture(content: Content, name: str) -> None:
    """Let an image field show a picture by reference, in place of one that is embedded."""
    content.fields["ImageRef"] = content.fields.pop(name)
    content.fields.pop("ImageData", None)


def _set_person(
    session: Session, content: Content, name: str, stored: list[int], value: Json, creating: bool
) -> ODataError | None:
    """Set the creator, modifier or owner; return the error that saving will meet."""
    if not stored:
        if creating and value is None:
            return None
        return server_error("ArgumentNullException", f"Value cannot be null. (Parameter '{name}')")
    target = session.store.load(stored[0])
    if target is None or not session.types.of(target.type).is_a("User"):
        return server_error("ArgumentOutOfRangeException", f"{name} must be a user.")
    if name == "Owner" and target.name == "Somebody":
        return None
    if name == "Owner" and target.name == "Visitor":
        return forbidden()
    setattr(content, HEAD_REFERENCES[name], target.id)
    return None


def _validate(
    session: Session, content: Content, fields: Iterable[Field], model: Model, name: bool = False
) -> None:
    """Reject a content that breaks the rules of these fields; all are named at once."""
    wrong: list[str] = []
    for field in fields:
        if field.name == "Name":
            if name and not content.name:
                wrong.append(field.display_name)
            continue
        if field.name in HEAD_REFERENCES or field.read_only:
            continue
        written = _stored_value(content, field.name)
        if written is None and added_fields.is_of_aspect(field) and not field.compulsory:
            continue
        kind = kind_of(field)
        missing = field.compulsory and kind.null_is_missing and model.get(field.name, 0) is None
        if missing or not kind.valid(written, _resolve_roots(field, content), session):
            wrong.append(field.display_name)
    if wrong:
        raise invalid_content(wrong)


def _resolve_roots(field: Field, content: Content) -> Field:
    """Return a field with absolute root paths for its references: ``.`` is the content itself."""
    roots = field.settings.get("SelectionRoots") or ()
    if all(root.startswith("/") for root in roots):
        return field
    here = f"{content.parent_path}/{content.name}"
    paths = [root if root.startswith("/") else here if root == "." else f"{here}/{root}" for root in roots]
    return replace_in(field, settings={**field.settings, "SelectionRoots": paths})


def _stored_value(content: Content, name: str) -> Any:
    return getattr(content, HEAD[name]) if name in HEAD else content.fields.get(name)


def _copy_children(session: Session, source: Content, target: Content) -> None:
    """Copy the contents below a template, as far as the caller may open them."""
    for child in session.children(source):
        if not session.can(child, "Open"):
            continue
        copy = child.copy()
        copy.fields.pop(SHARINGS, None)
        copy.id = copy.version_id = 0
        copy.parent_id, copy.path = target.id, f"{target.path}/{child.name}"
        copy.is_system, copy.holder = target.is_system, target.holder
        if session.types.of(copy.type).is_a("User"):
            accounts.check_unique(session.store, copy)
        binaries.separate(session.store, copy)
        session.store.insert(copy)
        binaries.update_owners(session.store, copy)
        _copy_children(session, child, copy)
