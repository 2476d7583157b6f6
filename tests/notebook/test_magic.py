"""``%sensenet`` and ``%%sensenet`` in a shell, on the embedded repository."""

from __future__ import annotations

import re

import pandas as pd
import pytest
import stamina
from IPython.core.error import UsageError

import sn_pandas as sn
from sn_pandas.frames import Repository
from sn_pandas.notebook import showing

from ..frames.lists import Server
from .conftest import Session

TASKS = "/Root/Content/IT/Tasks"


def test_a_cell_gives_a_typed_frame_that_is_named_and_said(session: Session) -> None:
    frame = session.value(f"%%sensenet tasks\n{TASKS}\n$select=Name,DueDate,Status\n$filter=Index le {{5}}")
    assert session.names["tasks"] is frame
    assert frame["Name"].to_list() == ["T001", "T002", "T003", "T004", "T005"]
    assert isinstance(frame["Status"].dtype, pd.CategoricalDtype)
    assert re.search(r"^tasks: 5 rows, \d+\.\d\d s, \d requests?$", session.printed(), re.MULTILINE)


@pytest.mark.parametrize("head", ["%%sensenet x <<", "%%sensenet x", "%%sensenet --name x"])
def test_ways_to_name_a_result(session: Session, head: str) -> None:
    assert session.value(f"{head}\n{TASKS}\n$top=2\n$select=Name") is session.names["x"]


def test_one_line_and_an_assignment(session: Session) -> None:
    session.value(f"y = %sensenet x << {TASKS}?$top=2&$select=Name")
    assert session.names["x"] is session.names["y"]
    session.value(f"z = %sensenet {TASKS}?$top=2&$select=Name;")
    assert len(session.names["z"]) == 2


def test_a_semicolon_is_quiet(session: Session) -> None:
    assert session.value(f"%%sensenet tasks\n{TASKS}\n$select=Name;") is None
    assert session.printed() == ""
    assert len(session.names["tasks"]) == 60


def test_a_cut_is_said_with_the_total(session: Session) -> None:
    session.value(f"%%sensenet --limit 3\n{TASKS}\n$select=Name")
    assert "3 of 60 rows" in session.printed()
    session.value(f"%%sensenet\n{TASKS}\n$select=Name\n$top=4")
    assert "4 of 60 rows" in session.printed()


def test_the_configured_limit_cuts_and_a_cell_may_say_otherwise(session: Session) -> None:
    session.run("%config SensenetMagics.limit = 2")
    assert len(session.value(f"%sensenet {TASKS}?$select=Name")) == 2
    assert len(session.value(f"%sensenet {TASKS}?$select=Name --limit 0")) == 60


def test_values_come_from_where_the_cell_runs(session: Session) -> None:
    lines = [
        "def names(top):",
        "    two = 2",
        f"    rows = %sensenet {TASKS}?$select=Name&$top={{top + two}}",
        "    return rows",
    ]
    session.value("\n".join(lines))
    assert len(session.value("names(1)")) == 3


def test_a_frames_index_finds_the_same_contents(session: Session) -> None:
    some = session.value(f"%sensenet some << {TASKS}?$select=Name&$filter=Index gt {{50}}")
    again = session.value(f"%sensenet {TASKS}?$select=Name&$filter=Id eq {{some.index}}")
    searched = session.value("%sensenet /Root/Content?query=Id:{some.index}&$select=Name")
    assert some.index.equals(again.index.sort_values())
    assert some.index.equals(searched.index.sort_values())


def test_conditions_built_in_python_stand_in_a_cell(session: Session) -> None:
    session.run("import sn_pandas as sn")
    assert len(session.value(f"%sensenet {TASKS}?$select=Name&$filter={{sn.F('Index') < 3}}")) == 2
    assert (
        len(
            session.value(
                f"%sensenet {TASKS}?$select=Name&$filter={{sn.F('Index') < 3}} and Name eq {{'T001'}}"
            )
        )
        == 1
    )
    assert (
        len(session.value("%sensenet /Root/Content/IT?$select=Name&query={sn.Q('TypeIs') == 'TaskList'}"))
        == 1
    )


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("%sensenet conect", "Did you mean connect"),
        ("%sensenet /Root --limt 3", "Did you mean --limit"),
        ("%%sensenet\n/Root\n$selct=Name", r"Did you mean \$select"),
        ("%%sensenet\n/Root\n$select=Nmae", "Did you mean Name"),
        ("%%sensenet\n/Root\n$filter=Name eq {nmae}", "'nmae' is not defined"),
        (f"%%sensenet 1x\n{TASKS}", "'1x' cannot follow %%sensenet"),
        (f"%%sensenet x y z\n{TASKS}", "'x y z' cannot follow"),
        (f"%%sensenet x;\n{TASKS}", "a ; ends the cell"),
        ("%sensenet use prd", "there is no connection 'prd'"),
        ("%sensenet types Tsk", "Did you mean Task"),
        ("%sensenet /Root/Nowhere", "no such content"),
        ("%sensenet https://other.example/odata.svc/Root", "which is not connected"),
        ("%sensenet connect --api-key-env NOT_SET_ANYWHERE https://x.example", "NOT_SET_ANYWHERE is not set"),
        ("%sensenet save", "no frame to save"),
        ("%sensenet edit", "no frame to edit. Name one: %sensenet edit tasks"),
        ("%sensenet plan", "no frame to plan. Name one: %sensenet plan tasks"),
        ("%sensenet save nothing", "there is no frame 'nothing' in the notebook"),
        ("%sensenet undo nothing", "there is no report 'nothing' in the notebook"),
        ("%sensenet help sav", "Did you mean save"),
        (f'%sensenet {TASKS}?$select=Name&$filter=Name eq "T001"', "single quotes: write 'T001'"),
        ("%sensenet undo", "no save to undo"),
        ("%sensenet history --run 7", "no query 7"),
        ("%sensenet count", "the query is missing"),
    ],
)
def test_errors_are_short_and_helpful(session: Session, cell: str, words: str) -> None:
    error = session.error(cell)
    assert re.search(words, str(error))
    assert isinstance(error, (sn.SensenetError, UsageError, KeyError))
    shown = session.printed()
    assert "Traceback" not in shown
    assert len(shown.splitlines()) <= 3


def test_edits_are_counted_saved_undone(session: Session) -> None:
    session.value(f"%%sensenet tasks\n{TASKS}\n$select=Path,TaskCompletion\n$top=3;")
    session.run("tasks['TaskCompletion'] = tasks['TaskCompletion'] % 50 + 7")
    session.value("%sensenet")
    assert "tasks: 3 unsaved cells" in session.printed()
    assert session.value("%sensenet save tasks --dry-run").dry_run
    assert session.value("%sensenet save tasks").counts == {"saved": 3}
    session.value("%sensenet status")
    assert "unsaved" not in session.printed()
    assert session.value("%sensenet undo").counts == {"saved": 3}


def test_tracked_frames_show_their_query_and_their_unsaved_cells(session: Session) -> None:
    session.value(f"%%sensenet tasks\n{TASKS}\n$select=Name,Path\n$top=2;")
    session.names["tasks"].loc[session.names["tasks"].index[0], "Name"] = "<new>"
    formatted = session.shell.display_formatter.format(session.names["tasks"])[0]
    for mime in ("text/plain", "text/html"):
        assert TASKS in formatted[mime]
        assert "1 unsaved cell" in formatted[mime]
    changes = session.shell.display_formatter.format(session.names["tasks"].sn.changes())[0]["text/html"]
    assert "<del" in changes
    assert "&lt;new&gt;</ins>" in changes
    plain = pd.DataFrame({"a": [1]})
    assert session.shell.display_formatter.format(plain)[0]["text/html"] == plain._repr_html_()
    session.run("%config SensenetMagics.caption = False")
    assert (
        TASKS not in session.shell.display_formatter.format(session.names["tasks"][["Name"]])[0]["text/plain"]
    )


def test_very_many_unsaved_cells_are_counted_column_by_column(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    tasks = session.value(f"%sensenet tasks << {TASKS}?$select=Index,TaskCompletion,Name")
    tasks["Index"] += 1
    tasks.loc[tasks.index[:3], "Name"] += "x"
    assert showing.count_unsaved(tasks) == 63 == len(tasks.sn.changes())
    monkeypatch.setattr(showing, "MANY_EDITS", 10)
    assert showing.count_unsaved(tasks) == 63
    assert "63 unsaved cells" in showing.build_caption(tasks.sample(frac=1, random_state=1))


def test_a_large_frame_in_another_order_is_not_compared_to_be_shown(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    tasks = session.value(f"%sensenet tasks << {TASKS}?$select=Index,Name")
    tasks.loc[tasks.index[0], "Name"] = "x"
    monkeypatch.setattr(showing, "MANY_ROWS", 10)
    assert showing.build_caption(tasks).endswith(" · 1 unsaved cell")
    assert showing.build_caption(tasks.reset_index()).endswith(" · 1 unsaved cell")
    for moved in (tasks.sample(frac=1, random_state=1), tasks.iloc[:20]):
        assert showing.build_caption(moved).endswith("unsaved cells not counted: rows were moved or dropped")


def test_a_misspelt_frame_is_named(session: Session) -> None:
    session.value(f"%sensenet tasks << {TASKS}?$select=Name&$top=1")
    assert "Did you mean tasks" in str(session.error("%sensenet save taks"))
    session.names["other"] = 3
    assert "Available: tasks" in str(session.error("%sensenet save quite_different"))


def test_nothing_found_says_what_would_be(session: Session) -> None:
    select = "$select=Name"
    session.value(f"%sensenet /Root/Content?{select}&$filter=isof('Task')")
    said = session.printed()
    assert "a path lists its direct children" in said
    assert len(session.value(f"%sensenet /Root/Content?{select}&query=TypeIs:Task")) >= 60
    assert "query=TypeIs:Task" in said
    session.value(f"%sensenet {TASKS}/T001?{select}")
    assert f"{TASKS}/T001 has no children; repo.get('{TASKS}/T001')" in session.printed()
    session.value(f"%sensenet {TASKS}?{select}&query=Name:nobody")
    session.value(f"%sensenet {TASKS}?{select}&$filter=Index gt 55")
    assert "note:" not in session.printed()


@pytest.mark.parametrize(
    ("lines", "note", "instead"),
    [
        (
            ["/Root/Content", 'query=TypeIs:Task AND AssignedTo:"Olga Okafor"'],
            "finds by its id and not by 'Olga Okafor'; by a field of what it points to: "
            'query=AssignedTo:{{FullName:"Olga Okafor"}}',
            ["/Root/Content", 'query=AssignedTo:{{FullName:"Olga Okafor"}}'],
        ),
        (
            ["/Root/Content", "query=AssignedTo:/Root/IMS/BuiltIn/Portal/Admin AND TypeIs:Task"],
            "not by '/Root/IMS/BuiltIn/Portal/Admin'",
            None,
        ),
        (
            ["/Root", "query=TypeIs:SystemFolder AND Name:ContentTemplates"],
            "1 are found with the line enableautofilters=false",
            ["/Root", "query=TypeIs:SystemFolder AND Name:ContentTemplates", "enableautofilters=false"],
        ),
        (
            ["/Root/Content/IT", "query=TypeIs:Task", "$filter=Index gt 4000"],
            "60 are found without the $filter",
            ["/Root/Content/IT", "query=TypeIs:Task"],
        ),
        (
            ["/Root/IMS/Public", "query=TypeIs:Task AND Name:T001"],
            "are found below /Root, not below /Root/IMS/Public",
            ["/Root", "query=TypeIs:Task AND Name:T001"],
        ),
    ],
)
def test_a_search_that_finds_nothing_says_what_would(
    session: Session, lines: list[str], note: str, instead: list[str] | None
) -> None:
    def read(cell: list[str]) -> pd.DataFrame:
        return session.value("\n".join(["%%sensenet", *cell, "$select=Name"]))

    assert len(read(lines)) == 0
    said = session.printed()
    assert note in said
    if instead is not None:
        assert len(read(instead)) > 0


def test_a_search_for_ids_and_for_what_an_inner_one_finds_needs_no_note(session: Session) -> None:
    for query in ("AssignedTo:99999", 'AssignedTo:{{FullName:"Nobody"}}', "AssignedTo:@@CurrentUser@@"):
        session.value(f"%%sensenet\n{TASKS}\n$select=Name\nquery={query} AND Name:nobody")
    assert "note:" not in session.printed()


def test_what_changed_while_it_was_read_is_said(session: Session) -> None:
    server = Server([{"Id": i, "Name": f"n{i}", "Index": i, "DueDate": None} for i in range(1, 31)])
    path, last = "/Root/Content/Tasks", {"Id": 99, "Name": "new", "Index": 99, "DueDate": None}
    read = f"%sensenet {path}?$select=Name,Index --page-size 5"
    session.run("%config SensenetMagics.workers = 1")
    with server.connect() as session.names["repo"]:
        server.before = lambda number: server.rows.append(last) if number == 2 else None
        session.value(read)
        assert "warning: the list changed while it was read: 30 rows before, 31 after" in session.printed()
        server.before = lambda number: None
        server.pages = 0

        def move(number: int) -> None:
            if number == 2:
                server.rows[20] = {**server.rows[20], "Index": -1}

        server.before = move
        session.value(read.replace("Index -", "Index&$orderby=Index -"))
        assert re.search(
            r"warning: rows moved during the read \(\d came twice and are kept once\)", session.printed()
        )


@pytest.mark.parametrize("name", ["limit", "page_size", "workers", "completion_seconds"])
def test_numbers_that_mean_nothing_are_refused(
    session: Session, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    session.run(f"%config SensenetMagics.{name} = -5")
    assert f"'{name}' trait of a SensenetMagics instance should not be less than" in caplog.text
    assert session.value(f"%config SensenetMagics.{name}") >= 0


def test_the_schema_as_frames(session: Session) -> None:
    types = session.value("%sensenet types")
    assert types.loc["Task", "parent"] == "ListItem"
    assert "Task" in session.value("%sensenet types ListItem").index
    fields = session.value("%sensenet fields Task")
    assert fields.loc["DueDate", ["display_name", "dtype"]].to_list() == ["Due date", "datetime64[us, UTC]"]
    assert session.value(f"%sensenet fields {TASKS}").index.equals(fields.index)


def test_the_query_of_a_frame_is_explained(session: Session) -> None:
    session.value(f"%%sensenet late\n{TASKS}\n$select=Name\n$filter=Index gt 5")
    told = repr(session.value("%sensenet explain late"))
    assert told == repr(session.value(f"%sensenet explain {TASKS}?$select=Name&$filter=Index gt 5"))
    assert f"lists the direct children of {TASKS}" in told


def test_what_is_expanded_is_shown(session: Session) -> None:
    found = session.value(f"%%sensenet\n{TASKS}\n$select=Name\n$expand=AssignedTo\n$top=2")
    assert found.columns.tolist() == ["Name", "AssignedTo"]
    told = repr(session.value(f"%sensenet explain {TASKS}?$select=Name&$expand=AssignedTo"))
    assert "returns Name, AssignedTo" in told


def test_count_url_and_explain(session: Session) -> None:
    query = f"{TASKS}?$filter=Index gt {{55}}"
    assert session.value(f"%sensenet count {query}") == 5
    session.value(f"%sensenet url {query}")
    assert f"/odata.svc{TASKS}?$filter=Index%20gt%2055" in session.printed()
    told = repr(session.value(f"%sensenet explain {query}"))
    assert "lists the direct children of /Root/Content/IT/Tasks" in told
    assert "Index is more than 55" in told


def test_the_history_is_there_to_look_at_and_to_run_again(session: Session) -> None:
    session.names["n"] = 2
    session.value(f"%sensenet tasks << {TASKS}?$select=Name&$top={{n}}")
    history = session.value("%sensenet history")
    assert history.loc[1, ["name", "rows"]].to_list() == ["tasks", 2]
    session.names["n"] = 3
    assert len(session.value("%sensenet history --run 1")) == 3
    assert session.value("%sensenet history --clear").empty


def test_connections_by_name(session: Session) -> None:
    session.value("%sensenet connect --name second --user olga.okafor")
    assert "as /Root/IMS/Public/olga.okafor (second)" in session.printed()
    session.value("%sensenet status")
    assert "* second: http://embedded" in session.printed()
    session.value("%sensenet use repo")
    session.value(f"%sensenet {TASKS}?$select=Name&$top=1 --on second")
    session.value("%sensenet disconnect second")
    assert "no connection 'second'" in str(session.error("%sensenet use second"))


def test_a_cell_goes_where_one_connected_last(session: Session, repo: Repository) -> None:
    cell = f"%sensenet {TASKS}?$select=Name&$top=1"
    session.value(cell)
    assert "from" not in session.printed(), "there is only one"
    session.value("import sn_pandas as sn\nother = sn.connect(user='olga.okafor')")
    other = session.names["other"]
    assert session.value(cell).attrs["sensenet"]["origin"] == other.url != repo.url
    assert f"; from other ({other.url})" in session.printed()
    session.value("%sensenet use repo")
    assert session.value(cell).attrs["sensenet"]["origin"] == repo.url
    assert f"; from repo ({repo.url})" in session.printed()
    session.value("%sensenet connect --name third")
    third = session.value(f"{cell} --on third").attrs["sensenet"]["origin"]
    assert session.value(cell).attrs["sensenet"]["origin"] == third
    session.value("%sensenet disconnect third")
    session.value("last = sn.connect(user='olga.okafor')")
    assert session.value(cell).attrs["sensenet"]["origin"] == session.names["last"].url
    session.names["last"].close()
    assert session.value(cell).attrs["sensenet"]["origin"] == other.url
    session.printed()
    session.value("%sensenet status")
    assert f"* other: {other.url}" in session.printed()
    assert (
        session.value(f"%sensenet {repo.url}/odata.svc{TASKS}?$select=Name").attrs["sensenet"]["origin"]
        == repo.url
    )
    other.close()


def test_what_the_first_cell_connected_to_gives_way_to_a_repository_that_is_made(session: Session) -> None:
    session.names.pop("repo")
    first = session.value(f"%sensenet {TASKS}?$select=Name").attrs["sensenet"]["origin"]
    session.value("import sn_pandas as sn\nrepo = sn.connect(user='olga.okafor')")
    assert session.value(f"%sensenet {TASKS}?$select=Name").attrs["sensenet"]["origin"] != first
    session.names["repo"].close()


def test_no_secret_is_shown(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THE_KEY", "s3cr3t-key")
    with stamina.set_testing(True, attempts=1):  # no waiting between tries
        error = session.error("%sensenet connect http://127.0.0.1:9 --api-key-env THE_KEY")
    assert "s3cr3t" not in f"{error} {session.printed()} {session.shell.history_manager.input_hist_raw}"


@pytest.mark.parametrize("line", ["%sensenet -h", "%sensenet --help", "%sensenet help", "%sensenet?"])
def test_help_lists_the_commands(session: Session, line: str) -> None:
    session.value(line)
    shown = session.printed()
    assert shown.removeprefix("Docstring:").lstrip().startswith("%sensenet [NAME <<] PATH")
    assert all(word in shown for word in ("--limit", "connect", "explain", "history"))


def test_help_of_a_command(session: Session) -> None:
    for line in ("%sensenet connect --help", "%sensenet help connect"):
        session.value(line)
        assert "--api-key-env" in session.printed()


@pytest.mark.parametrize(
    ("command", "usage"),
    [
        ("connect", "[ADDRESS] [-h]"),
        ("types", "[TYPE] [-h]"),
        ("fields", "(TYPE … | PATH) [-h]"),
        ("explain", "(PATH | FRAME) [-h]"),
        ("save", "FRAME [-h]"),
        ("edit", "FRAME [-h]"),
        ("plan", "FRAME [-h]"),
        ("undo", "[REPORT] [-h]"),
    ],
)
def test_help_says_what_a_command_acts_on(session: Session, command: str, usage: str) -> None:
    session.value(f"%sensenet help {command}")
    assert session.printed().startswith(f"%sensenet {command} {usage}")


def test_a_frame_is_edited_by_its_name(session: Session) -> None:
    session.value(f"%sensenet tasks << {TASKS}?$select=Name,Index&$top=2")
    grid = session.value("%sensenet edit tasks")
    assert grid.frame is session.names["tasks"]
    grid.close()


def test_a_frame_is_planned_by_its_name(session: Session) -> None:
    session.value(f"%sensenet tasks << {TASKS}?$select=Name,Index&$top=2")
    session.names["tasks"].loc[:, "Index"] = 77
    changes = session.value("%sensenet plan tasks").changes
    assert [int(after) for after in changes["after"]] == [77, 77]


def test_unloading_leaves_nothing_behind(session: Session) -> None:
    shell = session.shell
    frame = session.value(f"%sensenet {TASKS}?$select=Name&$top=1")
    session.value("%unload_ext sn_pandas")
    assert shell.find_line_magic("sensenet") is None
    assert shell.find_cell_magic("sensenet") is None
    assert not [c for c in shell.configurables if type(c).__name__ == "SensenetMagics"]
    assert not [
        m for m in shell.Completer.custom_matchers if getattr(m, "matcher_identifier", "") == "sensenet"
    ]
    assert TASKS not in shell.display_formatter.format(frame)[0]["text/html"]
    session.value("%load_ext sn_pandas")
    session.value("%reload_ext sn_pandas")
    assert len([c for c in shell.configurables if type(c).__name__ == "SensenetMagics"]) == 1
    assert shell.display_formatter.format(frame)[0]["text/html"].count("sensenet-caption") == 1


def test_every_option_is_explained(session: Session) -> None:
    session.value("%config SensenetMagics")
    shown = session.printed()
    for name in ("limit", "page_size", "workers", "progress", "base", "url", "completion_seconds"):
        assert f"SensenetMagics.{name}=" in shown


def test_a_hostile_name_finds_its_own_content_only(session: Session) -> None:
    repo = session.names["repo"]
    folder = repo.create("/Root/Content", "Folder", "Hostile")["Path"]
    hostile = ["O'Brien", "a' or Index ge 0 or 'a' eq 'a", "buy .TOP:1 now", "http://x", "50% off & more"]
    names = [*hostile, "@@CurrentUser@@", "{{Id:1}}", "x and y", "(", "null"]
    for number, name in enumerate(names):
        repo.create(folder, "Folder", f"F{number}", {"DisplayName": name})
    for number, name in enumerate(names):
        session.names["name"] = name
        for option in ("$filter=DisplayName eq {name}", "query=DisplayName:{name}"):
            result = session.run(f"%%sensenet found\n{folder}\n{option}\n$select=Name;")
            if result.success:
                assert session.names["found"]["Name"].to_list() == [f"F{number}"], (name, option)
            else:
                assert name in ("(", "null"), name
                assert isinstance(result.error_in_exec, sn.QueryError)


def test_short_paths_are_below_the_base(session: Session) -> None:
    assert len(session.value("%sensenet Content/IT/Tasks?$select=Name")) == 60
    session.run("%config SensenetMagics.base = '/Root/Content'")
    assert len(session.value("%sensenet IT/Tasks?$select=Name")) == 60
    assert "/Root/Content/IT/Tasks" in repr(session.value("%sensenet explain IT/Tasks"))
