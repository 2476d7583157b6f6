"""An order that a server would not keep is refused wherever it can be written, in the same words."""

from __future__ import annotations

import warnings

import pandas as pd
import pytest

import sn_pandas as sn
from sn_pandas.frames import Repository

from .conftest import Session

TASKS = "/Root/Content/IT/Tasks"
ORDERS = {
    "Description": "the server orders Description by the greatest word of each text; sort the frame instead: "
    "df.sort_values('Description')",
    "Index,Description desc": "the server orders Description by the greatest word",
    "AssignedTo": "the server orders AssignedTo by the largest id of each list; sort the frame instead: "
    "df.sort_values('AssignedTo')",
    "InFolder": "sort the frame instead: df.sort_values('Path')",
    "CreatedBy/FullName": "the server cannot order by CreatedBy/FullName: only fields of the rows themselves "
    "order them; sort the frame instead: select='CreatedBy/FullName', then "
    "df.sort_values('CreatedBy/FullName')",
    "RemainingDays": "df.sort_values('RemainingDays')",
    "Descriptoin": "Did you mean Description?",
}
WAYS = {
    "read": "repo.read('{TASKS}', select='Name', orderby={order!r})",
    "a list": "repo.read('{TASKS}', select='Name', orderby={order!r}.split(','))",
    "a mapping": "repo.read({{'path': '{TASKS}', '$orderby': {order!r}}})",
    "pages": "list(repo.read_pages('{TASKS}', select='Name', page_size=2, orderby={order!r}))",
    "a page size": "repo.read('{TASKS}', select='Name', page_size=2, orderby={order!r})",
    "a query": "repo.read('{TASKS}', select='Name', query='TypeIs:Task {sort}')",
    "clauses": "repo.read('{TASKS}', query=sn.Q('TypeIs:Task {sort}') & (sn.Q('Index') > 3))",
    "pages of a query": "list(repo.read_pages('{TASKS}', page_size=2, query='TypeIs:Task {sort}'))",
    "a cell": "%%sensenet tasks\n{TASKS}\n$select=Name\n$orderby={order}",
    "a cell with a query": "%%sensenet\n{TASKS}\n$select=Name\nquery=TypeIs:Task {sort}",
    "a line": "%sensenet {TASKS}?$select=Name&$orderby={order}",
    "a tree": "repo.browse('{TASKS}').read(select='Name', orderby={order!r})",
}


def _written(way: str, order: str) -> str:
    keys = order.split(",")
    sort = " ".join(
        f".{'REVERSESORT' if key.endswith(' desc') else 'SORT'}: {key.removesuffix(' desc')}" for key in keys
    )
    return WAYS[way].format(TASKS=TASKS, order=order, sort=sort)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("order", ORDERS)
def test_it_is_refused_with_the_reason_and_with_what_does_it(session: Session, order: str, way: str) -> None:
    session.names["sn"] = sn
    error = session.error(_written(way, order))
    assert isinstance(error, sn.QueryError)
    assert ORDERS[order] in str(error)
    printed = session.printed()
    assert "Traceback" not in printed
    assert "sn_pandas/" not in printed
    assert ORDERS[order] in " ".join(printed.split())


@pytest.mark.parametrize(
    "order", [order for order in ORDERS if order != "Descriptoin"]
)  # checked by the rows
def test_explain_says_why_and_what_does_it(session: Session, order: str) -> None:
    told = repr(session.value(f"%sensenet explain {TASKS}?$select=Name&$orderby={order}"))
    assert "is rejected before it is sent" in told
    assert ORDERS[order] in told


@pytest.mark.parametrize(
    "column", ["Description", "AssignedTo", "Path", "CreatedBy/FullName", "RemainingDays"]
)
def test_a_frame_is_sorted_by_it_and_still_knows_its_contents(session: Session, column: str) -> None:
    frame = session.value(f"%sensenet {TASKS}?$select=Name,Index,Path,{column}")
    frame = frame.sort_values(column)
    assert isinstance(frame, pd.DataFrame)
    assert frame.sn.changes().empty
    again = frame.sn.refresh()
    assert again.index.sort_values().equals(frame.index.sort_values())
    assert frame.head(2).sn.browse().selection == frame["Path"].head(2).tolist()


def test_an_address_from_elsewhere_is_read_with_a_warning_once(repo: Repository) -> None:
    address = f"{repo.url}/odata.svc{TASKS}?$orderby=Description&$select=Name"
    with pytest.warns(UserWarning, match="greatest word of each text; sort the frame instead"):
        frame = repo.read(address)
    assert len(frame) == 60
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(frame.sn.refresh()) == 60
