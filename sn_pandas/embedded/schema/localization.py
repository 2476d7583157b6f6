"""Texts that are stored as the key of a translation, such as ``$Ctd-Task,Priority-1``."""

from __future__ import annotations

import re
from functools import cache

from sn_pandas.embedded.schema.types import built_in_definitions

KEY = re.compile(r"\$([^,]+),\s*(.+)\Z", re.DOTALL)
CULTURE = "en-US"


def localize(text: str | None) -> str | None:
    """Return the translation of a key; other texts unchanged.

    A key without translation is answered as class, culture and key run together, as the real server does.
    """
    match = KEY.match(text) if text else None
    if match is None:
        return text
    return _translations().get(match.group(), f"{match.group(1).strip()}{CULTURE}{match.group(2)}")


@cache
def _translations() -> dict[str, str]:
    """Return the translations of the built-in texts: the labels of options."""
    return {
        option["StoredText"]: option["Text"]
        for definition in built_in_definitions()
        for field in definition.get("Fields", ())
        for option in field.get("Options", ())
        if "StoredText" in option and "Text" in option
    }
