"""One class for each kind of field: accepted values, defaults, values in answers.

`KINDS` maps the short name of a kind to its class; the stored forms stand in `contents`. A kind that is not
there behaves as text. A value that cannot be taken ends in one of three ways, as at the real server:
`SettingError` (400, found while the values are set, the first one wins), an `ODataError` (500, found when the
content is saved, before it is validated), or a stored value that `Kind.valid` refuses.
"""

from __future__ import annotations

from sn_pandas.embedded.fields.base import IGNORED, Empty, Kind, SettingError
from sn_pandas.embedded.fields.choices import Choice, Mode, PermissionChoice
from sn_pandas.embedded.fields.media import Binary, HyperLink
from sn_pandas.embedded.fields.references import AllowedChildTypes, Image, Reference
from sn_pandas.embedded.fields.scalars import Boolean, DateTime, Integer, Number
from sn_pandas.embedded.fields.texts import Color, LongText, Password, RichText, Xml
from sn_pandas.embedded.schema.types import Field

__all__ = ["IGNORED", "KINDS", "Kind", "SettingError", "kind_of"]

NO_RATING = {
    "Success": False, "Split": 1, "MaxVotes": 5, "AverageRate": 0.0, "SumVotes": 0,
    "PercentageVotes": [0.0] * 5, "CountVotes": [0] * 5,
    "HoverPanelData": [{"Index": n, "Value": 0.0} for n in range(1, 6)],
    "EnableGrouping": False, "ErrorMessage": None, "SelectedValue": None, "OldValue": None,
}  # fmt: skip

_TEXT = Kind()

KINDS: dict[str, Kind] = {
    "ShortText": _TEXT,
    "LongText": LongText(),
    "RichText": RichText(),
    "Integer": Integer(),
    "Number": Number(),
    "Currency": Number(),
    "Boolean": Boolean(),
    "DateTime": DateTime(),
    "Choice": Choice(),
    "YesNo": Choice(),
    "PermissionChoice": PermissionChoice(),
    "VersioningMode": Mode(),
    "InheritableVersioningMode": Mode(),
    "ApprovingMode": Mode(),
    "InheritableApprovingMode": Mode(),
    "Reference": Reference(),
    "AllRoles": Reference(),
    "DirectRoles": Reference(),
    "AllowedChildTypes": AllowedChildTypes(),
    "Binary": Binary(),
    "HyperLink": HyperLink(),
    "Password": Password(),
    "Image": Image(),
    "Color": Color(),
    "Xml": Xml(),
    "Captcha": Empty(partial="always empty"),
    "SiteRelativeUrl": Empty(partial="always empty"),
    "Sharing": Empty("", partial="shown empty; GetSharing says with whom"),
    "Rating": Empty(NO_RATING, partial="nobody can vote"),
    "Version": Empty(),
    "NodeType": Empty(),
    "TextExtractors": Empty(partial="always empty"),
}
"""Short name of a kind -> its class."""


def kind_of(field: Field) -> Kind:
    """Return the kind of a field."""
    return KINDS.get(field.kind, _TEXT)
