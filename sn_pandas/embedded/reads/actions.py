"""Lists of what can be done with a content."""

from __future__ import annotations

from typing import Any

from sn_pandas.embedded.contents import Content
from sn_pandas.embedded.errors import server_error
from sn_pandas.embedded.http.addresses import uri, usable_uri
from sn_pandas.embedded.languages import memory_filter
from sn_pandas.embedded.repository import Session

Json = Any


def metadata(content: Content, session: Session) -> tuple[list[Json], list[Json]]:
    """Return the actions and functions that ``__metadata`` lists, of one scenario if that is asked for."""
    from sn_pandas.embedded.operations import dispatch

    found: dict[bool, list[Json]] = {True: [], False: []}
    target = uri(content.path)
    for one in dispatch.offered(session, content):
        if not _in_scenario(one.scenarios, session.options.scenario):
            continue
        found[one.action].append(
            {
                "title": one.title,
                "name": one.name,
                "opId": one.op_id,
                "target": f"{target}/{one.name}",
                "forbidden": not dispatch.permitted(session, content, one),
                "parameters": [
                    {"name": p.name, "type": p.type, "required": p.required} for p in one.parameters
                ],
            }
        )
    return found[True], found[False]


def items(content: Content, session: Session) -> list[Json]:
    """Return the items of ``/Actions``: operations and applications, of the option ``scenario`` if given."""
    from sn_pandas.embedded.operations import applications, dispatch

    wanted = session.options.scenario
    found = [
        _item(
            name := applications.name_of(one),
            f"{name}()",
            one.fields.get("DisplayName") or name,
            one.fields.get("Icon") or "Application",
            scenario=wanted or ",".join(applications.scenarios(one)) or None,
            forbidden=applications.is_forbidden(session, content, one),
        )
        for one in applications.of_content(session, content)
        if not wanted or wanted in applications.scenarios(one)
    ]
    for operation in dispatch.offered(session, content):
        if _in_scenario(operation.scenarios, wanted):
            found.append(
                _item(
                    operation.name,
                    operation.op_id,
                    operation.title,
                    operation.icon,
                    scenario=wanted or None,
                    forbidden=not dispatch.permitted(session, content, operation),
                    url=f"{usable_uri(content.path)}/{operation.name}",
                    parameters=[p.name for p in operation.parameters],
                )
            )
    return found


def as_contents(found: list[Json]) -> list[Content]:
    """Return items of ``/Actions`` as the contents that the server makes of them, all at one path."""
    return [Content(0, 0, item["Name"], "/Root/xxx", "Action", fields=item) for item in found]


class Reader(memory_filter.Reader):
    """Reads items of ``/Actions`` for `memory_filter`: they have the keys of an item in place of a type."""

    def field(self, content: Content, name: str) -> Json:
        """Return a key of an item."""
        if name not in content.fields:
            raise server_error("InvalidOperationException", f"Field not found. {content.path} has no {name}.")
        return content.fields[name]

    def property(self, content: Content, name: str) -> Json:
        """Return a .NET property of an item."""
        return content.fields[name] if name in content.fields else super().property(content, name)


def about(metadata: str) -> dict[str, Json]:
    """Return what an item says of itself, by the option ``metadata``."""
    if metadata == "no":
        return {}
    lists: dict[str, Json] = {"actions": [], "functions": []} if metadata == "full" else {}
    return {"__metadata": {"uri": "", "type": "Action", **lists}}


def _item(
    name: str,
    op_id: str,
    title: str,
    icon: str,
    *,
    scenario: str | None,
    forbidden: bool,
    url: str = "",
    parameters: list[str] | None = None,
) -> Json:
    """Return an item of a list of actions; applications have neither address nor parameters."""
    return {
        "Name": name,
        "OpId": op_id,
        "DisplayName": title,
        "Index": 0,
        "Icon": icon,
        "Url": url,
        "IsODataAction": parameters is not None,
        "ActionParameters": parameters or [],
        "Scenario": scenario,
        "Forbidden": forbidden,
    }


def _in_scenario(scenarios: tuple[str, ...], wanted: str | None) -> bool:
    return not wanted or wanted.lower() in (one.lower() for one in scenarios)
