"""``$metadata``: the content types as an OData document, in XML or JSON."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from xml.sax.saxutils import quoteattr

from sn_pandas.embedded.content_types import added_fields, child_types
from sn_pandas.embedded.content_types.content_fields import fields_of
from sn_pandas.embedded.contents import Content
from sn_pandas.embedded.errors import see_only, server_error
from sn_pandas.embedded.reads import computed, export
from sn_pandas.embedded.schema.types import ContentType, Field
from sn_pandas.embedded.session import Session
from sn_pandas.embedded.wire import answers
from sn_pandas.embedded.wire.addresses import Address
from sn_pandas.embedded.wire.answers import Answer

Json = Any

EDM_TYPES = {
    "ShortText": "Edm.String", "LongText": "Edm.String", "Captcha": "Edm.String", "PageBreak": "Edm.String",
    "Xml": "Edm.String", "Password": "Edm.String", "NodeType": "Edm.String", "Version": "Edm.String",
    "Integer": "Edm.Int32", "Number": "Edm.Decimal", "Currency": "Edm.Decimal", "Boolean": "Edm.Boolean",
    "DateTime": "Edm.DateTime", "AllRoles": "null", "DirectRoles": "null",
    "AllowedChildTypes": "Collection(SenseNet.ContentRepository.Schema.ContentType)",
    "Binary": "SenseNet.ContentRepository.Storage.BinaryData",
    "HyperLink": "SenseNet.ContentRepository.Fields.HyperLinkField.HyperlinkData",
    "Image": "SenseNet.ContentRepository.Fields.ImageField.ImageFieldData",
    "RichText": "SenseNet.ContentRepository.Fields.RichTextFieldValue",
    "Sharing": "SenseNet.ContentRepository.Sharing.SharingHandler",
    "Color": "SenseNet.ContentRepository.Fields.ColorField.Color",
    "Rating": "SenseNet.ContentRepository.Fields.VoteData",
    "TextExtractors": (
        "Collection(System.Collections.Generic.KeyValuePair`2[[System.String, System.Private.CoreLib,"
        " Version=10.0.0.0, Culture=neutral, PublicKeyToken=7cec85d7bea7798e],"
        "[SenseNet.ContentRepository.Search.Indexing.ITextExtractor, SenseNet.ContentRepository,"
        " Version=7.8.2.0, Culture=neutral, PublicKeyToken=null]])"
    ),
}  # fmt: skip
"""Kind of a field -> type of its property. Choices are enumerations, references are navigation."""

MODES = frozenset(
    ("VersioningMode", "InheritableVersioningMode", "ApprovingMode", "InheritableApprovingMode")
)
ENUMERATIONS = MODES | {"Choice", "YesNo", "PermissionChoice"}

COMPLEX_TYPES: dict[str, tuple[tuple[str, str], ...]] = {
    "SenseNet.ContentRepository.Storage.BinaryData": (
        ("IsEmpty", "Edm.Boolean"), ("IsModified", "Edm.Boolean"),
        ("Id", "Edm.Int32"), ("FileId", "Edm.Int32"),
        ("Size", "Edm.Int64"), ("FileName", "SenseNet.ContentRepository.Storage.BinaryFileName"),
        ("ContentType", "Edm.String"), ("Checksum", "Edm.String"), ("Timestamp", "Edm.Int64"),
        ("BlobProvider", "Edm.String"), ("BlobProviderData", "Edm.String"),
    ),
    "SenseNet.ContentRepository.Storage.BinaryFileName": (
        ("IsValid", "Edm.Boolean"), ("FullFileName", "Edm.String"),
        ("FileNameWithoutExtension", "Edm.String"), ("Extension", "Edm.String"),
    ),
    "SenseNet.ContentRepository.Sharing.SharingHandler": (),
    "SenseNet.ContentRepository.Fields.RichTextFieldValue": (
        ("Text", "Edm.String"), ("Editor", "Edm.String"),
    ),
    "SenseNet.ContentRepository.Fields.HyperLinkField.HyperlinkData": (
        ("Href", "Edm.String"), ("Text", "Edm.String"), ("Title", "Edm.String"), ("Target", "Edm.String"),
    ),
    "SenseNet.ContentRepository.Fields.ImageField.ImageFieldData": (
        ("ImgRef", "SenseNet.ContentRepository.Image"),
        ("ImgData", "SenseNet.ContentRepository.Storage.BinaryData"),
    ),
}  # fmt: skip
"""Name of a .NET class -> its properties."""

_VERSIONING = {"2": "MajorOnly", "3": "MajorAndMinor"}
_APPROVING = {"1": "False", "2": "True"}
MODE_NAMES = {
    "VersioningMode": _VERSIONING, "InheritableVersioningMode": _VERSIONING,
    "ApprovingMode": _APPROVING, "InheritableApprovingMode": _APPROVING,
}  # fmt: skip
"""Kind of a field -> names that its values have in .NET where they differ from the labels."""

FEED = {"Name": "SyndicationTitle", "Description": "SyndicationSummary"}
"""Fields that a feed shows, and as what."""


def answer(session: Session, address: Address, method: str) -> Answer:
    """Answer ``$metadata`` of everything, of a collection or of an entity."""
    if method in ("POST", "PATCH", "PUT", "MERGE"):
        return answers.empty(404)
    if method != "GET":
        return answers.empty()
    content = _target(session, address)
    if content is None and _is_hidden(session, address):
        return answers.empty(404)
    builder = _Builder(session)
    document = _document(builder, content, address)
    wanted = session.options.format or "xml"
    if wanted in ("json", "verbosejson"):
        return answers.document(document, content_type="application/json")
    if wanted == "xml":
        page = xml(document, builder.enumeration_types).encode()
        return Answer(200, page, {"content-type": "application/xml"})
    if wanted == "table":
        table = export.table([])
        return Answer(500, table.body, table.headers)
    raise server_error("SnNotSupportedException", "Not supported in this version.")


def xml(document: Json, enumeration_types: dict[str, dict[str, str]]) -> str:
    """Return a document as XML, which says of enumerations more than JSON does."""
    lines = [
        '<?xml version="1.0" encoding="utf-8" standalone="yes"?>',
        '<edmx:Edmx Version="1.0" xmlns:edmx="http://schemas.microsoft.com/ado/2007/06/edmx">',
        '  <edmx:DataServices xmlns:m="http://schemas.microsoft.com/ado/2007/08/dataservices/metadata"'
        ' m:DataServiceVersion="3.0">',
        '    <Schema Namespace="SenseNet.OData" xmlns:d="http://schemas.microsoft.com/ado/2007/08/dataservices"'
        ' xmlns="http://schemas.microsoft.com/ado/2007/05/edm">',
    ]
    schema = document["DataServices"]["Schemas"][0]
    for one in schema["EntityTypes"]:
        lines += _entity_xml(one)
    for one in schema["ComplexTypes"]:
        properties = [_property_xml(p | {"FieldType": ""}) for p in one["Properties"]]
        lines += _element("ComplexType", {"Name": one["Name"]}, properties)
    for one in schema["EnumTypes"]:
        members = [_empty("Member", {"Name": o["Name"], "Value": o["Value"]}) for o in one["Options"]]
        lines += _element("EnumType", {"Name": one["Name"], **enumeration_types[one["Name"]]}, members)
    for one in schema["Associations"]:
        lines += _element(
            "Association", {"Name": one["Name"]}, [_empty("End", one[e]) for e in ("End1", "End2")]
        )
    container = schema["EntityContainer"]
    sets = [
        _empty("EntitySet", {"Name": s["Name"], "EntityType": s["EntityType"]})
        for s in container["EntitySets"]
    ]
    for one in container["AssociationSets"]:
        about = {"Name": one["Name"], "Association": one["Association"]}
        sets += _element("AssociationSet", about, [_empty("End", one[e]) for e in ("End1", "End2")])
    lines += _element(
        "EntityContainer", {"Name": container["Name"], "m:IsDefaultEntityContainer": "true"}, sets
    )
    return "\n".join([*lines, "    </Schema>", "  </edmx:DataServices>", "</edmx:Edmx>"])


def _target(session: Session, address: Address) -> Content | None:
    if address.content_id is not None:
        return session.by_id(address.content_id)
    return session.by_path(address.path) if address.path != "/" else None


def _is_hidden(session: Session, address: Address) -> bool:
    store = session.store
    if address.content_id is not None:
        return store.load(address.content_id) is not None
    return store.by_path(address.path) is not None


def _document(builder: _Builder, content: Content | None, address: Address) -> Json:
    """Return the tree of a document: all types, those that a place allows, or the one of an entity."""
    session = builder.session
    flat = content is not None and address.entity
    if content is None:
        chosen = session.schema_types
    elif flat:
        chosen = [session.types.of(content.type)]
    else:
        if not session.can_open(content):
            raise see_only()
        chosen = [session.types[n] for n in child_types.effective_child_types(content, session)]
    extra: Iterable[Field] = ()
    if content is not None:
        extra = added_fields.below(session, content.id)
        if flat:
            extra = {**fields_of(session, content), **{field.name: field for field in extra}}.values()
    entities = [builder.entity(one, flat, extra) for one in chosen]
    return {
        "Version": "1.0",
        "DataServices": {
            "DataServiceVersion": "3.0",
            "Schemas": [
                {
                    "EntityTypes": entities,
                    "ComplexTypes": builder.complex_types(),
                    "EnumTypes": list(builder.enumerations.values()),
                    "Associations": list(builder.associations.values()),
                    "EntityContainer": {
                        "EntitySets": [
                            {"EntityType": f"SenseNet.OData.{one.name}", "Name": one.name} for one in chosen
                        ],
                        "AssociationSets": [_association_set(a) for a in builder.associations.values()],
                        "FunctionImports": [],
                        "Name": "SenseNet_Entities",
                    },
                }
            ],
        },
    }


class _Builder:
    """Collects what the properties of entities refer to."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.enumerations: dict[str, Json] = {}
        self.enumeration_types: dict[str, dict[str, str]] = {}
        self.associations: dict[str, Json] = {}
        self._complex: dict[str, None] = {}

    def entity(self, one: ContentType, flat: bool, extra: Iterable[Field]) -> Json:
        """Return a type with the properties it declares, or with all."""
        entity: dict[str, Json] = {}
        if flat or one.parent is None:
            entity["Key"] = {"PropertyRef": {"Name": "Id"}}
        if one.parent is not None:
            entity["BaseType"] = one.parent
        fields = [] if flat else [f for f in one.fields.values() if _declares(one, f)]
        fields += extra
        fields = [f for f in fields if f.name not in computed.NULL_FIELDS]
        navigation = [f for f in fields if f.kind == "Reference"]
        return entity | {
            "NavigationProperties": [self._navigation(f) for f in navigation],
            "Properties": [self._property(f) for f in fields if f.kind != "Reference"],
            "Name": one.name,
        }

    def complex_types(self) -> list[Json]:
        """Return the classes that properties have used."""
        found = dict(self._complex)
        binary_data = "SenseNet.ContentRepository.Storage.BinaryData"
        if binary_data in found:
            names = list(found)
            names.insert(names.index(binary_data) + 1, "SenseNet.ContentRepository.Storage.BinaryFileName")
            found = dict.fromkeys(names)
        return [
            {
                "Properties": [{"Type": t, "Nullable": True, "Name": n} for n, t in COMPLEX_TYPES[name]],
                "Name": name,
            }
            for name in found
        ]

    def _property(self, field: Field) -> Json:
        if field.kind in ENUMERATIONS:
            kind = f"{field.owner}.{field.name}"
            self.enumeration_types[kind] = {
                "UnderlyingType": "Edm.Int32" if field.kind in MODES else "Edm.String",
                "IsFlags": str(field.multiple).lower(),
            }
            self.enumerations.setdefault(
                kind,
                {
                    "Name": kind,
                    "Options": [
                        {"Value": value, "Name": MODE_NAMES.get(field.kind, {}).get(value, labels[0])}
                        for value, labels in field.options.items()
                    ],
                },
            )
        else:
            kind = EDM_TYPES.get(field.kind, "Edm.String")
            if kind in COMPLEX_TYPES:
                self._complex.setdefault(kind)
        found: dict[str, Json] = {"Type": kind, "FieldType": field.kind, "Nullable": not field.compulsory}
        if "MaxLength" in field.settings and field.kind == "ShortText":
            found["MaxLength"] = field.settings["MaxLength"]
        if field.default is not None:
            found["DefaultValue"] = field.default
        if field.name in FEED:
            found["Attributes"] = [
                {"key": "m:FC_TargetPath", "value": FEED[field.name]},
                {"key": "m:FC_ContentKind", "value": "text"},
                {"key": "m:FC_KeepInContent", "value": "false"},
            ]
        return found | {"Name": field.name}

    def _navigation(self, field: Field) -> Json:
        name = f"{field.owner}_{field.name}"
        allowed: list[str] = list(field.settings.get("AllowedTypes") or ())
        target = allowed[0] if len(allowed) == 1 and allowed[0] in self.session.types else "GenericContent"
        self.associations.setdefault(
            name,
            {
                "End1": {"Type": field.owner, "Role": f"{name}_From", "Multiplicity": "1"},
                "End2": {
                    "Type": target,
                    "Role": f"{name}_To",
                    "Multiplicity": "*" if field.multiple else "0..1",
                },
                "Name": name,
            },
        )
        return {"Relationship": name, "FromRole": f"{name}_From", "ToRole": f"{name}_To", "Name": field.name}


def _declares(one: ContentType, field: Field) -> bool:
    """Return whether a type shows a field as its own: lists repeat what the type ContentList declares."""
    return field.owner in (one.name, "ContentList")


def _association_set(association: Json) -> Json:
    ends = {
        end: {"Role": association[end]["Role"], "EntitySet": association[end]["Type"]}
        for end in ("End1", "End2")
    }
    return {"Association": f"SenseNet.OData.{association['Name']}", **ends, "Name": association["Name"]}


def _entity_xml(one: Json) -> list[str]:
    inner = ['        <Key><PropertyRef Name="Id"/></Key>'] if "Key" in one else []
    inner += [_property_xml(p) for p in one["Properties"]]
    inner += [
        _empty("NavigationProperty", {key: p[key] for key in ("Name", "Relationship", "FromRole", "ToRole")})
        for p in one["NavigationProperties"]
    ]
    about = {"Name": one["Name"]} | ({"BaseType": one["BaseType"]} if "BaseType" in one else {})
    return _element("EntityType", about, inner)


def _property_xml(one: Json) -> str:
    about = {"Name": one["Name"], "Type": one["Type"], "FieldType": one["FieldType"]}
    about["Nullable"] = str(one["Nullable"]).lower()
    if "MaxLength" in one:
        about["MaxLength"] = str(one["MaxLength"])
    about |= {a["key"]: a["value"] for a in one.get("Attributes", ())}
    return _empty("Property", about)


def _element(tag: str, attributes: dict[str, str], inner: list[str]) -> list[str]:
    return [f"      <{tag}{_attributes(attributes)}>", *inner, f"      </{tag}>"]


def _empty(tag: str, attributes: dict[str, str]) -> str:
    return f"        <{tag}{_attributes(attributes)}/>"


def _attributes(attributes: dict[str, str]) -> str:
    return "".join(f" {name}={quoteattr(value)}" for name, value in attributes.items())
