"""What an ordinary user reads of types that she may not see is what an administrator reads."""

from __future__ import annotations

import threading
import time
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

import sn_pandas as sn
from sn_pandas.frames import Repository

from ..fakes import FakeServer
from . import people
from .people import CONDITIONS, PLACE, QUERIES, told

pytestmark = pytest.mark.filterwarnings("ignore::sn_pandas.IncompleteWarning")


@pytest.fixture(scope="module")
def server() -> Iterator[FakeServer]:
    """A server with a place whose types the editor sees in part."""
    server = FakeServer(sample=False)
    people.fill(people.company(server))
    yield server
    server.end()


@pytest.fixture(scope="module")
def admin(server: FakeServer) -> Repository:
    """The administrator, who sees every type."""
    return server.connect()


@pytest.fixture
def erin(server: FakeServer) -> Repository:
    """The editor, who has just connected."""
    repo = server.connect(user="erin")
    repo.schema  # noqa: B018 - read by now
    return repo


Asked = Callable[[Repository, Any], tuple[Any, int, list[str]]]


def same(theirs: Any, ours: Any) -> None:
    """Compare what two people got."""
    if not isinstance(theirs, pd.DataFrame):
        assert str(theirs) == str(ours)
        return
    assert isinstance(ours, pd.DataFrame), ours
    assert list(theirs) == list(ours)
    for name in theirs:
        assert theirs[name].dtype == ours[name].dtype, name
    assert str(theirs.to_dict("split")) == str(ours.to_dict("split"))


@pytest.fixture(scope="module")
def asked(server: FakeServer) -> Asked:
    """Return a function that gives what a call gives, how many addresses it asks, and what it warns of."""
    return lambda repo, do: _asked(server, repo, do)


def _asked(server: FakeServer, repo: Repository, do: Any) -> tuple[Any, int, list[str]]:
    before = len(server.entries())
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        got = told(lambda: do(repo))
    # who we are is asked after some seconds, which a busy machine may take, and what is in doubt once more
    many = {entry.target for entry in server.entries()[before:] if "GetCurrentUser" not in entry.target}
    return got, len(many), [str(w.message) for w in caught]


UNSET = dict.fromkeys(people.RIGHTS, "undefined")
HIDDEN = ("Gadget", "Special", "Widget")
OWN = [name for name, _, _ in people.FIELDS["Gadget"]]
REFERENCES = {"Keeper", "Parts"}
#: Reads that have to be asked once more when the types of the rows are known.
ASKED_AGAIN = {"own fields", "own fields of one type", "references by name", "filter on a decimal number"}

READS: dict[str, dict[str, Any]] = {
    "everything": {},
    "own fields": {"select": ["Name", *OWN]},
    "own fields of one type": {"select": ["Name", *OWN], "filter": "isof('Gadget')"},
    "one type": {"filter": "isof('Gadget')"},
    "another type": {"filter": "isof('Widget')"},
    "in small pages": {"select": "Name,Shape,Labels,Weight", "page_size": 3},
    "everything in small pages": {"page_size": 4},
    "text filter": {"select": "Name", "filter": "Quantity gt 7 and Shape eq 'used'"},
    "filter on an integer": {"select": "Name", "filter": sn.F("Quantity") > 7},
    "filter on a decimal number": {"select": "Name", "filter": sn.F("Weight") > 2},
    "filter on a boolean": {"select": "Name", "filter": sn.F("InUse") == True},  # noqa: E712
    "filter on a date": {
        "select": "Name",
        "filter": sn.F("BoughtOn") >= pd.Timestamp("2026-01-03", tz="UTC"),
    },
    "filter on a choice": {"select": "Name", "filter": sn.F("Shape") == "used"},
    "filter on a text": {"select": "Name", "filter": sn.F("Code").startswith("c")},
    "filter on several texts": {"select": "Name", "filter": sn.F("Code").isin(["c1", "c2"])},
    "query": {"select": "Name,Weight", "query": "Quantity:>7 .SORT:Name"},
    "query on a choice": {"select": "Name", "query": sn.Q("Shape") == "used"},
    "query on a number": {"select": "Name", "query": sn.Q("Quantity") > 7},
    "query of a type": {"query": "TypeIs:Widget"},
    "order": {"select": "Name", "orderby": "Quantity desc, Name"},
    "references by name": {"select": "Name,Keeper,Parts"},
    "references expanded": {"expand": "Keeper"},
    "behind references": {"select": "Name,Keeper/FullName,Parts/Name,Parts/Quantity"},
    "people": {"select": "Name,AssignedTo/FullName,AssignedTo/Email", "filter": "isof('Task')"},
    "shown names of a hidden type": {"select": "Name,Status,Type,Labels,Notes"},
}


@pytest.mark.parametrize("how", READS.values(), ids=READS)
def test_reads_are_those_of_an_administrator(
    how: dict[str, Any], admin: Repository, erin: Repository, asked: Asked
) -> None:
    admin.schema  # noqa: B018 - read by now
    theirs, base, _ = asked(admin, lambda repo: repo.read(PLACE, **how))
    first, many, _ = asked(erin, lambda repo: repo.read(PLACE, **how))
    same(theirs, first)
    again = ASKED_AGAIN & {name for name in READS if READS[name] is how}
    assert many <= base + len(HIDDEN) + len(again)
    second, many, _ = asked(erin, lambda repo: repo.read(PLACE, **how))
    same(theirs, second)
    assert many <= base, "nothing is learned twice"


@given(data=st.data())
@settings(max_examples=20, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
def test_random_reads_are_those_of_an_administrator(
    server: FakeServer, admin: Repository, data: st.DataObject, asked: Asked
) -> None:
    names = [*OWN, "Name", "Type", "Status", "Spot", "Keeper/FullName", "Parts/Name", "Version"]
    type_name = data.draw(st.sampled_from([None, "Gadget", "Special"]))
    if type_name != "Gadget":  # of a name that no row's type has nobody can tell who does not see all types
        names.append("Extra")
    how: dict[str, Any] = {
        "select": data.draw(st.lists(st.sampled_from(names), min_size=1, max_size=6, unique=True)),
        "filter": type_name and f"isof('{type_name}')",
        "orderby": data.draw(st.sampled_from([None, "Quantity desc, Name", "Weight, Name", "Name"])),
        "page_size": data.draw(st.sampled_from([2, 5, 1000])),
    }
    erin = server.connect(user="erin")
    for name in data.draw(st.lists(st.sampled_from(HIDDEN), max_size=2, unique=True), "known before"):
        erin.read(PLACE, select="Name,Code", filter=f"ContentType eq '{name}'")
    theirs, base, warned = asked(admin, lambda repo: repo.read(PLACE, **how))
    erin.schema  # noqa: B018 - read by now
    ours, many, words = asked(erin, lambda repo: repo.read(PLACE, **how))
    same(theirs, ours)
    assert words == warned
    assert many <= (base if not REFERENCES & set(how["select"] or ()) else 2 * base) + len(HIDDEN)


def test_single_contents_are_read_and_their_types_learned_once(
    admin: Repository, erin: Repository, asked: Asked
) -> None:
    calls = {
        "value": lambda repo: repo.value(f"{PLACE}/g3", "Quantity"),
        "reference": lambda repo: repo.value(f"{PLACE}/g3", "Parts"),
        "get": lambda repo: repo.get(
            f"{PLACE}/g3", select=["Name", "Quantity", "Shape", "BoughtOn"]
        ).to_dict(),
        "all": lambda repo: repo.get(f"{PLACE}/g3", expand="Keeper").to_dict(),
        "herself": lambda repo: repo.get(people.ERIN, select=["FullName", "Email", "Enabled"]).to_dict(),
        "count": lambda repo: repo.count(PLACE, filter=sn.F("Weight") > 2),
        "version": lambda repo: repo.get(f"{PLACE}/g3", select="Quantity", version="V1.0.A").to_dict(),
    }
    for name, do in calls.items():
        theirs, base, _ = asked(admin, do)
        ours, many, _ = asked(erin, do)
        assert str(theirs) == str(ours), name
        assert many <= base + 1, name
    assert erin.schema["Gadget"].layer == "learned"


def test_pages_of_hidden_types_are_typed_frames(admin: Repository, erin: Repository) -> None:
    how: dict[str, Any] = {"select": "Name,Quantity,Keeper,Shape", "filter": "isof('Gadget')", "page_size": 3}
    for theirs, ours in zip(admin.read_pages(PLACE, **how), erin.read_pages(PLACE, **how), strict=True):
        same(theirs, ours)


def test_a_page_may_have_been_read_before_a_later_one_brought_a_type(fake: Callable[..., FakeServer]) -> None:
    server = fake(sample=False)
    admin = people.company(server)
    admin.create(PLACE, "Folder", "late")
    kinds = ["Folder"] * 6 + ["Widget"] * 2
    for n, kind in enumerate(kinds):
        admin.create(f"{PLACE}/late", kind, f"n{n}")
    pages = server.connect(user="erin").read_pages(f"{PLACE}/late", page_size=2)
    read = [next(pages), next(pages)]
    while server.count("GET", "filter=Id gt") < 3:
        time.sleep(0.01)
    time.sleep(0.3)  # all have come and are decoded, but for the third the caller has not asked yet
    read += pages
    assert [name for page in read for name in page["Name"]] == [f"n{n}" for n in range(8)]
    assert [kind for page in read for kind in page["Type"]] == kinds


def test_a_name_that_no_type_has_is_an_error_once_the_rows_are_known(
    admin: Repository, erin: Repository, asked: Asked
) -> None:
    for how in (
        {"select": "Name,Quantty"},
        {"select": "Name,Keeper/FullNam"},
        {"orderby": "Quantty"},
        {"expand": "Keepr"},
        {"filter": sn.F("Quantty") == 3},
    ):
        theirs, *_ = asked(admin, lambda repo, how=how: repo.read(PLACE, **how))
        ours, *_ = asked(erin, lambda repo, how=how: repo.read(PLACE, **how))
        assert str(theirs) == str(ours)
        assert "Did you mean" in str(ours)
    with pytest.raises(sn.QueryError, match="Did you mean Quantity"):
        erin.get(f"{PLACE}/g1", select="Quantty")
    with pytest.raises(sn.QueryError, match="Did you mean Quantity"):
        erin.value(f"{PLACE}/g1", "Quantty")


def test_an_empty_result_says_which_name_could_not_be_checked(erin: Repository, asked: Asked) -> None:
    for how in ({"select": "Name,Quantty"}, {"orderby": "Quantty"}, {"expand": "Keepr"}):
        _, _, words = asked(erin, lambda repo, how=how: repo.read(PLACE, filter="Name eq 'none'", **how))
        assert len(words) == 1
        assert "could not be checked" in words[0]
    _, _, words = asked(
        erin, lambda repo: repo.read(PLACE, filter="Keeper/FullName eq 'none'", select="Name")
    )
    assert "Keeper/FullName" in words[0]


def test_a_filter_behind_a_hidden_reference_is_refused_once_that_is_known(erin: Repository) -> None:
    with pytest.raises(sn.QueryError, match="content query"):
        erin.read(PLACE, filter="Keeper/Name ne 'none'", select="Name")


def test_a_count_of_such_a_filter_is_refused_too(server: FakeServer, erin: Repository, asked: Asked) -> None:
    with pytest.raises(sn.QueryError, match="content query"):
        erin.count(PLACE, filter="Keeper/Name ne 'none'")
    erin = server.connect(user="erin")
    _, _, words = asked(erin, lambda repo: repo.count(f"{PLACE}/t0", filter="Keeper/Name ne 'none'"))
    assert len(words) == 1
    assert "could not be checked whether Keeper is a reference" in words[0]


def test_a_type_that_becomes_visible_or_hidden_meanwhile_changes_nothing(server: FakeServer) -> None:
    admin, erin = server.connect(), server.connect(user="erin")
    how: dict[str, Any] = {"select": "Name,Shape,Code", "filter": "isof('Widget')"}
    frames = [erin.read(PLACE, **how)]
    for value in ("allow", "undefined"):
        people.show(admin, "Widget", value)
        frames += [erin.read(PLACE, **how), server.connect(user="erin").read(PLACE, **how)]
    for frame in frames[1:]:
        same(frames[0], frame)


@pytest.mark.parametrize(
    "place", ["/Root/IMS/Public", "/Root/Trash", f"{PLACE}/t0", PLACE, people.ERIN], ids=str
)
def test_the_columns_of_a_place_are_those_of_all_types_that_it_allows(
    place: str, admin: Repository, erin: Repository
) -> None:
    erin.read(PLACE, select="Code")  # a type that was met; of others nothing is known
    how: dict[str, Any] = {"filter": "Name ne 'nobody'", "top": 1}
    assert list(admin.read(place, **how)) == list(erin.read(place, **how))


def test_the_columns_of_a_hidden_place_follow_its_rows(server: FakeServer) -> None:
    admin = server.connect()
    admin.upload(people.TYPES, {"Depot": people.container("Depot", "Gadget")}, type="ContentType")
    admin.call(PLACE, "AddAllowedChildTypes", contentTypes=["Depot"])
    admin = server.connect()
    admin.create(PLACE, "Depot", "depot")
    try:
        admin.create(f"{PLACE}/depot", "Gadget", "g", people.gadget(2, PLACE))
        ours = server.connect(user="erin").read(f"{PLACE}/depot")
        same(admin.read(f"{PLACE}/depot")[list(ours)], ours)
        assert ours["Shape"].dtype == "category"
    finally:
        admin.delete(f"{PLACE}/depot", permanent=True)


def test_of_a_type_that_is_not_known_there_are_the_fields_that_all_have(
    admin: Repository, server: FakeServer
) -> None:
    how: dict[str, Any] = {"filter": "isof('Gadget') and Name eq 'none'"}
    columns = list(server.connect(user="erin").read(PLACE, **how))
    assert columns == list(admin.read(PLACE, **how))[: len(columns)]
    assert "Index" in columns


@pytest.mark.parametrize("layer", ["learned", "built in", "values"])
def test_each_layer_is_enough_by_itself(layer: str, server: FakeServer, admin: Repository) -> None:
    rules = [server.on("GET", r"\$metadata").status(500)] if layer != "learned" else []
    if layer == "built in":
        rules.append(server.on("GET", r"content\(\d+\)\?metadata=no$").status(500))
    erin = server.connect(user="erin")
    if layer == "built in":
        frame = erin.read("/Root/IMS/Public", select="Name,FullName,Enabled", filter="Name eq 'erin'")
        assert frame["Enabled"].dtype == "boolean"
        assert erin.schema["User"]["FullName"].layer == "built in"
    else:
        frame = erin.read(PLACE, select="Name,Quantity,Weight,InUse,Code,BoughtOn", filter="isof('Gadget')")
        assert erin.schema["Gadget"]["Quantity"].layer == layer
        theirs = admin.read(PLACE, select="Name,Quantity,Weight,InUse,Code,BoughtOn", filter="isof('Gadget')")
        same(theirs, frame)
    for rule in rules:
        rule.off()


def test_what_nothing_is_known_of_comes_as_it_is(server: FakeServer, asked: Asked) -> None:
    rules = [server.on("GET", r"\$metadata").status(500), server.on("GET", r"\)\?metadata=no$").status(500)]
    erin = server.connect(user="erin")
    frame, _, words = asked(
        erin, lambda repo: repo.read(PLACE, select="Name,Quantity", filter="isof('Gadget')")
    )
    assert frame["Quantity"].tolist()[:2] == [0, 7]
    assert len(words) == 1
    assert "types of the rows are unknown" in words[0]
    for rule in rules:
        rule.off()


def test_hidden_types_are_asked_for_once_by_many_pages(server: FakeServer, erin: Repository) -> None:
    server.clear()
    erin.read(PLACE, select="Name,Quantity,Extra", page_size=1, workers=8)
    erin.read(PLACE, page_size=1, workers=8)
    assert server.count("GET", r"\$metadata") == len(HIDDEN)


def test_nothing_more_is_asked_where_nothing_is_hidden(server: FakeServer, admin: Repository) -> None:
    server.clear()
    admin.read(PLACE, select=["Name", *OWN])
    admin.read(PLACE)
    assert server.count("GET", r"\$metadata|GetAllContentTypes") == 0


def test_an_empty_result_says_which_type_could_not_be_checked(
    admin: Repository, erin: Repository, asked: Asked
) -> None:
    for repo, there in ((admin, "there is no such type"), (erin, "you see no such type")):
        for do in (
            lambda repo: repo.read(PLACE, filter=sn.isof("Taks"), select="Name"),
            lambda repo: repo.read(PLACE, query="TypeIs:Taks"),
            lambda repo: repo.count(PLACE, filter=sn.isof("Taks")),
        ):
            _, _, words = asked(repo, do)
            assert len(words) == 1
            assert there in words[0]
            assert words[0].endswith("Did you mean Task?")
    _, _, words = asked(erin, lambda repo: repo.read(PLACE, filter="isof('task') and Name eq 'none'"))
    assert not words, "the server takes any letter case"


def test_options_of_hidden_types_are_asked_for(admin: Repository, erin: Repository, asked: Asked) -> None:
    for condition in ({"filter": sn.F("Labels") == "used"}, {"query": sn.Q("Labels") == "used"}):
        how: dict[str, Any] = {"select": "Name", "orderby": "Name", **condition}
        same(admin.read(PLACE, **how), erin.read(PLACE, **how))  # all that she sees of it is Memento: old
    wrong = sn.F("Labels") == "usd"
    theirs, *_ = asked(admin, lambda repo: repo.count(PLACE, filter=wrong))
    assert "'usd' is not an option of Labels" in theirs
    ours, _, words = asked(erin, lambda repo: repo.count(PLACE, filter=wrong))
    assert ours == 0
    assert len(words) == 1
    assert "'usd' is not an option of Labels" in words[0]
    assert "could not be checked" in words[0]


def test_types_are_learned_while_other_pages_are_fetched(server: FakeServer, admin: Repository) -> None:
    released = threading.Event()
    erin = server.connect(user="erin")
    how: dict[str, Any] = {"select": "Name,Status", "page_size": 2}

    def held(request: httpx.Request, forward: Callable[[httpx.Request], httpx.Response]) -> httpx.Response:
        assert released.wait(60), "no other page was asked for meanwhile"
        return forward(request)

    def seen(request: httpx.Request, forward: Callable[[httpx.Request], httpx.Response]) -> httpx.Response:
        released.set()
        return forward(request)

    rules = [server.on("GET", r"\$metadata").call(held), server.on("GET", "Id gt").call(seen)]
    ours = erin.read(PLACE, **how)
    for rule in rules:
        rule.off()
    same(admin.read(PLACE, **how), ours)
    assert erin.schema.is_complete("Gadget")


@pytest.mark.parametrize(
    "condition",
    [
        sn.F("BoughtOn") == None,  # noqa: E711 - as pandas has it
        (sn.F("Weight") > 0.1) & (sn.F("Quantity") >= 7),
        sn.F("BoughtOn") >= "2026-01-02",
        sn.F("BoughtOn").between("2026-01-02", "2026-01-03"),
        ~sn.F("Shape").isin(["used", "new"]),
        (sn.F("Weight") == 1) | (sn.F("Shape") == "used"),
    ],
    ids=["no date", "two kinds of numbers", "date as text", "dates between", "none of some options", "or"],
)
def test_conditions_on_unknown_fields_mean_what_an_administrators_mean(
    condition: Any, admin: Repository, erin: Repository
) -> None:
    how: dict[str, Any] = {"select": "Name", "filter": condition, "orderby": "Name"}
    theirs = admin.read(PLACE, **how)
    assert erin.count(PLACE, filter=condition) == len(theirs)
    same(theirs, erin.read(PLACE, **how))
    same(theirs, erin.read(PLACE, **how))


def test_a_chain_to_an_unknown_field_is_judged_by_what_it_leads_to(
    admin: Repository, erin: Repository
) -> None:
    for chain in ("Keeper/Nope", "Parts/Keeper/Nope"):
        with pytest.raises(sn.QueryError, match="has a field 'Nope'"):
            erin.read(PLACE, select=["Name", chain], filter="isof('Gadget')")
    same(
        admin.read(PLACE, select="Parts/Keeper/FullName", filter="isof('Gadget')"),
        erin.read(PLACE, select="Parts/Keeper/FullName", filter="isof('Gadget')"),
    )


def test_a_type_is_learned_from_a_row_that_may_be_opened(server: FakeServer, admin: Repository) -> None:
    admin.deny(f"{PLACE}/g0", people.ERIN, "Preview", "Open")
    try:
        erin = server.connect(user="erin")
        server.clear()
        first = admin.get(f"{PLACE}/g0", select="Id")["Id"]
        server.on("GET", rf"content\({first}\)/\$metadata").status(500)  # as a real server answers
        frame = erin.read(PLACE, select="Name,Quantity,Shape", filter="ContentType eq 'Gadget'")
        assert frame["Quantity"].dtype == "Int64"
        assert frame["Quantity"].isna().tolist()[:2] == [True, False]
        assert erin.schema["Gadget"]["Quantity"].layer == "learned"
        assert server.count("GET", r"\$metadata") == 2
    finally:
        server.clear()
        admin.call(f"{PLACE}/g0", "SetPermissions", r=[{"identity": people.ERIN, **UNSET}])


#: Conditions that depend on what kind of field an unknown one is: a wrong guess costs one request.
GUESSED = {"Weight >", "BoughtOn none", "or"}
#: Conditions that cannot be asked, of which the types of the place tell.
REFUSED = {"Quantity half", "Keeper", "text behind", "wrong", "wrong Q"}


@pytest.mark.parametrize("call", ["read", "count"])
@pytest.mark.parametrize("kind", ["filter", "query"])
def test_conditions_cost_no_more_than_their_types(
    kind: str, call: str, server: FakeServer, admin: Repository, asked: Asked
) -> None:
    admin.schema  # noqa: B018 - read by now
    for name, condition in {"filter": CONDITIONS, "query": QUERIES}[kind].items():
        if name in REFUSED:
            continue
        how = {kind: condition} if call == "count" else {kind: condition, "select": "Name"}

        def do(repo: Repository, how: dict[str, Any] = how) -> Any:
            return getattr(repo, call)(PLACE, **how)

        theirs, base, _ = asked(admin, do)
        erin = server.connect(user="erin")
        erin.schema  # noqa: B018 - read by now
        before = server.count("GET", r"\$metadata")
        ours, many, _ = asked(erin, do)
        learned = server.count("GET", r"\$metadata") - before
        same(theirs, ours)
        assert learned <= len(HIDDEN), name
        assert many <= base + learned + (name in GUESSED), name
        again, many, _ = asked(erin, do)
        same(theirs, again)
        assert many <= base, name
