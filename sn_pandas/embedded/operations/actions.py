"""Lists of what can be done with a content."""

from __future__ import annotations

from typing import Any

from sn_pandas.embedded.contents import Content
from sn_pandas.embedded.operations import applications, dispatch
from sn_pandas.embedded.session import Session
from sn_pandas.embedded.wire.addresses import uri, usable_uri

Json = Any


def metadata(content: Content, session: Session) -> tuple[list[Json], list[Json]]:
    """Return the actions and functions that ``__metadata`` lists, of one scenario if that is asked for."""
    found: dict[bool, list[Json]] = {True: [], False: []}
    target = uri(content.path)
    for one in dispatch.list_offered(session, content):
        if not _in_scenario(one.scenarios, session.options.scenario):
            continue
        found[one.action].append(
            {
                **one.about,
                "target": f"{target}/{one.name}",
                "forbidden": not dispatch.is_permitted(session, content, one),
                "parameters": one.shown,
            }
        )
    return found[True], found[False]


def items(content: Content, session: Session) -> list[Json]:
    """Return the items of ``/Actions``: operations and applications, of the option ``scenario`` if given."""
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
    for operation in dispatch.list_offered(session, content):
        if _in_scenario(operation.scenarios, wanted):
            found.append(
                _item(
                    operation.name,
                    operation.op_id,
                    operation.title,
                    operation.icon,
                    scenario=wanted or None,
                    forbidden=not dispatch.is_permitted(session, content, operation),
                    url=f"{usable_uri(content.path)}/{operation.name}",
                    parameters=[p.name for p in operation.parameters],
                )
            )
    return found


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
