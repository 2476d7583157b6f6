"""Templates such as ``@@Today@@`` in definitions and queries."""

from __future__ import annotations

from datetime import datetime

from sn_pandas.embedded.contents import Caller


def replace(text: str, *, caller: Caller, now: datetime) -> str:
    """Return a text with its templates replaced."""
    moment = now.strftime("%m/%d/%Y %H:%M:%S")
    day = now.strftime("%m/%d/%Y 00:00:00")
    for name, value in (("currenttime", moment), ("today", day), ("currentuser", str(caller.id))):
        for spelling in (name, name.capitalize(), {"currentuser": "CurrentUser"}.get(name, name)):
            text = text.replace(f"@@{spelling}@@", value)
    return text
