"""``EditGrid``: a tracked frame on the page, to be edited like a spreadsheet."""

from __future__ import annotations

import contextlib
import threading
import weakref
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import anywidget
from IPython.core.getipython import get_ipython
from traitlets import Bool, Dict, Int, List, Unicode

from ...frames.writes.report import Report
from ...odata.errors import SensenetError, TrackingError
from ..styles import read_style
from . import saving
from .fallback import html
from .history import Key
from .restoring import Offer, find_offer
from .rows import allowed_types
from .sheet import ABOUT, Done, Sheet
from .stash import Stash

if TYPE_CHECKING:
    import pandas as pd

    from ...frames.tracking.baseline import Baseline

_FOLDER = Path(__file__).parents[1]
_MOST_ROWS = 500
#: Contents that the picker of references offers.
_OFFERED = 20

Answer = dict[str, Any]


class EditGrid(anywidget.AnyWidget):
    """A tracked frame that is edited like a spreadsheet; ``df.sn.edit()`` makes it.

    It shows the frame itself: an edit in the grid is an edit of the frame, and what a cell of the notebook
    does to the frame is in the grid when the cell has run. Saving sends nothing before the plan was shown.

    Parameters
    ----------
    frame : DataFrame
        A frame that was read from a repository.
    height : str
        The height of the rows on the page, in CSS units.
    dayfirst, decimal
        How dates and numbers that are typed or pasted are read; see ``Repository.import_rows``.

    Attributes
    ----------
    frame : DataFrame
        The frame.
    report : Report or None
        The report of the last save in this grid, for ``sn_pandas.undo``.
    offer : str
        What an earlier session, or a grid that was closed, left unsaved; see :meth:`restore`.

    Raises
    ------
    TrackingError
        If the frame does not come from a repository, or shows an old version.

    Examples
    --------
    >>> import sn_pandas as sn
    >>> repo = sn.connect(user="olga.okafor")
    >>> tasks = repo.read("/Root/Content/IT/Tasks", select=["Name", "Status", "DueDate"])
    >>> grid = tasks.sn.edit()
    >>> grid.frame is tasks
    True
    """

    _esm = (_FOLDER / "bundles" / "grid.js").read_text("utf-8")
    _css = read_style("grid")

    columns = List(Dict()).tag(sync=True)
    order = Int().tag(sync=True)
    totals = Dict().tag(sync=True)
    saving = Bool(False).tag(sync=True)
    offer = Unicode().tag(sync=True)
    note = Unicode().tag(sync=True)
    origin = Unicode().tag(sync=True)
    height = Unicode("28em").tag(sync=True)

    def __init__(
        self,
        frame: pd.DataFrame,
        *,
        height: str = "28em",
        dayfirst: bool | None = None,
        decimal: Literal[".", ","] | None = None,
    ) -> None:
        self._sheet = Sheet(frame, dayfirst, decimal)
        self._plan: saving.Plan | None = None
        self.report: Report | None = None
        self._failure = ""
        shared = next((other for other in list(_open) if other.frame is frame), None)
        self._stash: Stash = shared._stash if shared is not None else Stash(self._baseline)
        self._offer: Offer | None = None
        super().__init__(height=height, origin=self._baseline.repo.url)
        self._show()
        self._look_for_unsaved()
        self._keep()
        self.on_msg(self._on_message)
        self._unhook = _after_each_cell(self)
        _open.add(self)

    @property
    def frame(self) -> pd.DataFrame:
        """The frame that is edited."""
        return self._sheet.frame

    def __repr__(self) -> str:
        totals = self._sheet.totals
        return f"<EditGrid {totals['rows']:,} rows, {totals['cells']:,} changed cells, {self.origin}>"

    def _repr_html_(self) -> str:
        return html(self._sheet)

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]] | None:
        bundle = super()._repr_mimebundle_(**kwargs)
        if bundle is not None:  # what a page without widgets shows, such as an exported notebook
            bundle[0]["text/html"] = self._repr_html_()
        return bundle

    def close(self) -> None:
        """Close the grid on the page and free what it holds; the frame keeps its edits."""
        self._unhook()
        _open.discard(self)
        if not _others(self):
            with contextlib.suppress(Exception):  # what was kept before stays
                self._sheet.sync()
                self._keep()
            self._stash.let_go()
        super().close()

    def refresh(self) -> None:
        """Show what Python did to the frame; after each cell of a notebook this happens by itself.

        Raises
        ------
        TrackingError
            If the rows cannot be matched to contents any more. The grid says so, too.
        """
        if self.saving:  # the end of the save does it
            return
        try:
            self._sheet.sync()
        except Exception as error:
            self._fail(error)
            raise
        self._failure = ""
        self._show()
        self._keep()
        self.send({"tell": "changed"})

    def restore(self) -> int:
        """Make the edits again that were left unsaved.

        They are edits of what was read at that time: where somebody else changed the cell since, the save
        shows a conflict.

        Returns
        -------
        int
            The number of cells. One that was edited since is left alone.
        """
        if self.saving:
            raise TrackingError("The rows are being saved: restore the edits when the save has ended.")
        offer, self._offer, self.offer = self._offer, None, ""
        if offer is None:
            return 0
        done = offer.restore(self._sheet)
        self._tell()
        for grid in [self, *_others(self)]:
            grid._look_for_unsaved()
        return len(done.cells)

    def discard(self) -> None:
        """Forget the edits that were left unsaved."""
        if self._offer is not None:
            self._offer.discard()
        for grid in [self, *_others(self)]:
            grid._look_for_unsaved()

    def _look_for_unsaved(self) -> None:
        self._offer = find_offer(self._sheet)
        self.offer = str(self._offer or "")

    def _keep(self) -> None:
        """Have the edits on disk, but for columns that the grid does not show, such as passwords."""
        sheet = self._sheet
        with sheet.lock:
            cells = {
                cell: (edit.before, edit.after)
                for cell, edit in sheet.edits.items()
                if cell[1] in sheet.columns
            }
            self._stash.update(cells)
        self._set_note()

    def _fail(self, error: Exception) -> None:
        said = str(error) if isinstance(error, SensenetError) else f"{type(error).__name__}: {error}"
        self._failure = f"The grid does not show the frame as it is: {said}"
        self._set_note()

    def _set_note(self) -> None:
        problem = self._stash.problem
        self.note = self._failure or (problem[:1].upper() + problem[1:])

    def _tell(self) -> None:
        """Show a change of the frame in all views, and in other grids of the frame."""
        self._show()
        self._keep()
        self.send({"tell": "changed"})
        for other in _others(self):
            with contextlib.suppress(Exception):  # it says so itself
                other.refresh()

    @property
    def _baseline(self) -> Baseline:
        return self._sheet.baseline

    def _show(self) -> None:
        sheet = self._sheet
        with sheet.lock, self.hold_sync():
            self.columns = [*map(self._column, sheet.columns), *map(_about, ABOUT)]
            undoable = self.report is not None and self.report.journal is not None
            self.totals = {**sheet.totals, "undoable": int(undoable)}
            self.order = sheet.order

    def _column(self, name: str) -> dict[str, Any]:
        column, field = self._sheet.columns[name], self._sheet.field(name)
        return {
            "name": name,
            "title": column.header,
            "kind": column.kind,
            "why": self._sheet.reasons.get(name, ""),
            "required": bool(field is not None and field.compulsory),
            "options": list(column.labels.values()) if column.kind in ("choice", "choices") else [],
            "open": column.open,
            "zone": column.zone if column.kind == "date" else "",
            "types": [*((field.limits.get("AllowedTypes") if field is not None else None) or ())],
            "markup": field is not None and field.type in ("RichText", "LongText"),
            "fresh": self._fresh(name),
        }

    def _fresh(self, name: str) -> dict[str, Any]:
        """Return what is different about a column in new rows."""
        sheet = self._sheet
        if name == "Type":
            types = sheet.types or sorted(set(sheet.frame["Type"].dropna().astype(str)))
            return {"why": "", "kind": "choice", "options": types, "open": True, "required": True}
        return {"why": ""} if name == "Path" else {}

    # ---- messages of the page ----

    def _on_message(self, _: Any, asked: Answer, __: Any) -> None:
        what = asked.get("ask")
        if what in _AT_ONCE:
            self._reply(asked, _AT_ONCE[what])
        elif what in _ON_A_THREAD:
            # On a thread of its own: a slow server must not keep the kernel from running cells.
            name = f"sn_pandas-grid-{what}"
            args = (asked, _ON_A_THREAD[what])
            threading.Thread(target=self._reply, args=args, daemon=True, name=name).start()

    def _reply(self, asked: Answer, answer: Callable[[EditGrid, Answer], Answer]) -> None:
        reply = {"answer": asked["ask"], "view": asked.get("view"), "ticket": asked.get("ticket")}
        try:
            reply |= answer(self, asked)
        except SensenetError as error:
            reply["problem"] = str(error)
        except Exception as error:  # whatever it is, the page waits for an answer
            reply["problem"] = f"{type(error).__name__}: {error}"
        self.send(reply)

    def _block(self, asked: Answer) -> Answer:
        return self._sheet.block(int(asked["start"]), min(int(asked["size"]), _MOST_ROWS))

    def _arrange(self, asked: Answer) -> Answer:
        sorts = [(str(name), bool(up)) for name, up in asked["sorts"]]
        self._sheet.arrange(sorts, asked["which"], str(asked["needle"]))
        self._show()
        key = asked.get("key")
        at = self._sheet.position_of(key) if key is not None else None
        return {"order": self._sheet.order, "position": at}

    def _edit(self, asked: Answer) -> Answer:
        cells = [(_key(key), str(column), str(text)) for key, column, text in asked["cells"]]
        return self._changed(asked, lambda: self._sheet.edit(cells))

    def _paste(self, asked: Answer) -> Answer:
        start, columns = int(asked["start"]), [str(name) for name in asked["columns"]]
        rows, text = int(asked["rows"]), str(asked["text"])
        return self._changed(asked, lambda: self._sheet.paste(start, columns, text, rows))

    def _fill(self, asked: Answer) -> Answer:
        return self._changed(asked, lambda: self._sheet.fill(*_range(asked)))

    def _clear(self, asked: Answer) -> Answer:
        return self._changed(asked, lambda: self._sheet.clear(*_range(asked)))

    def _replace(self, asked: Answer) -> Answer:
        find, text, columns = str(asked["find"]), str(asked["text"]), [str(name) for name in asked["columns"]]
        return self._changed(asked, lambda: self._sheet.replace(find, text, columns))

    def _undo(self, asked: Answer) -> Answer:
        return self._changed(asked, self._sheet.undo)

    def _redo(self, asked: Answer) -> Answer:
        return self._changed(asked, self._sheet.redo)

    def _changed(self, asked: Answer, change: Callable[[], Done]) -> Answer:
        """Change the frame, but for rows that are being saved, and tell all views."""
        if any(other.saving for other in _others(self)):
            return {"problem": "Another grid saves these rows: edit them when it has ended."}
        order = asked.get("order")
        if order is not None and order != self._sheet.order:
            return {"problem": "The rows have moved meanwhile, so nothing was changed. Do it again."}
        done = change()
        self._tell()
        invalid = sum(1 for cell in done.cells if cell in self._sheet.problems)
        return {
            "done": len(done.cells),
            "invalid": invalid,
            "readonly": done.read_only,
            "cut": done.cut,
            "skipped": done.skipped,
            "added": done.added,
            "removed": done.removed,
            "saving": done.saving,
            "position": done.position,
            "column": done.cells[0][1] if done.cells else None,
        }

    def _add(self, asked: Answer) -> Answer:
        sheet = self._sheet
        if not sheet.types:
            sheet.types = allowed_types(self._baseline)
        return self._changed(asked, sheet.add)

    def _remove(self, asked: Answer) -> Answer:
        start, rows, _ = _range(asked)
        return self._changed(asked, lambda: self._sheet.remove(start, rows))

    def _restore(self, asked: Answer) -> Answer:
        return {"done": self.restore(), "position": 0}

    def _discard(self, asked: Answer) -> Answer:
        self.discard()
        return {}

    def _try(self, asked: Answer) -> Answer:
        reason = self._sheet.problem_of(_key(asked["key"]), str(asked["column"]), str(asked["text"]))
        return {"reason": reason}

    def _copy(self, asked: Answer) -> Answer:
        return {"text": self._sheet.copy(*_range(asked))}

    def _next(self, asked: Answer) -> Answer:
        return {"position": self._sheet.next(asked["what"], int(asked["start"]), int(asked.get("step", 1)))}

    def _offer_contents(self, asked: Answer) -> Answer:
        """Find contents that a reference may point to."""
        repo: Any = self._baseline.repo
        text, types = str(asked["text"]).strip(), [str(name) for name in asked["types"]]
        found = repo.find(text, type=types[0] if len(types) == 1 else None)
        if types:
            schema = repo.schema
            fits = [name in types or bool(set(schema.bases(name)) & set(types)) for name in found["Type"]]
            found = found[fits]
        offered = []
        for row in found.head(_OFFERED).itertuples():
            shown = row.DisplayName if isinstance(row.DisplayName, str) else row.Name
            offered.append({"path": row.Path, "name": " ".join(str(shown).split()), "type": row.Type})
        self._sheet.name({one["path"]: one["name"] for one in offered})
        return {"offered": offered, "more": max(0, len(found) - _OFFERED)}

    def _make_plan(self, asked: Answer) -> Answer:
        if self.saving:
            return {"problem": "A save of these rows is running."}
        self._plan = saving.plan(self._sheet)
        self._tell()
        return saving.describe(self._sheet, self._plan)

    def _save(self, asked: Answer) -> Answer:
        made, self._plan = self._plan, None
        if made is None or self.saving:
            return {"problem": "This plan was carried out already, or replaced. Look at a new one: Save."}
        choices = {(_key(key), str(column)): choice for key, column, choice in asked["choices"]}
        self.saving = True
        try:
            self._stash.saving({key for key, _ in made.edits})
            self.report = saving.carry_out(self._sheet, made, choices, self._progress)
        except SensenetError as error:
            if isinstance(report := getattr(error, "report", None), Report):
                self.report = report
            raise
        finally:
            self._sheet.saving = frozenset()
            self.saving = False
            self._sheet.sync()
            self._stash.saving(())
            self._tell()
        saving.take_outcomes(self._sheet, self.report)
        self._tell()
        return {"counts": self.report.counts, "note": self.report.note}

    def _undo_plan(self, asked: Answer) -> Answer:
        if self.saving or self.report is None:
            return {"problem": "There is no save to undo."}
        planned = saving.undo(self._sheet, self.report, dry_run=True)
        counts = planned.counts
        return {"what": self.report.what, "counts": counts, "send": counts.get("unsent", 0)}

    def _undo_save(self, asked: Answer) -> Answer:
        if self.saving or (report := self.report) is None:
            return {"problem": "There is no save to undo."}
        sheet = self._sheet
        with sheet.lock:
            sheet.saving = frozenset(int(id_) for id_ in report.frame["Id"].dropna())
        self.saving = True
        self._progress(0, None)
        try:
            self.report = saving.undo(sheet, report, progress=self._progress)
        finally:
            sheet.saving = frozenset()
            self.saving = False
            sheet.sync()
            self._tell()
        return {"counts": self.report.counts, "note": self.report.note}

    def _progress(self, done: int, total: int | None) -> None:
        if not done:
            self.send({"tell": "changed"})  # the rows that are being saved look so
        self.send({"tell": "progress", "done": done, "total": total})


#: The grids that are open: those of one frame show each other's edits.
_open: weakref.WeakSet[EditGrid] = weakref.WeakSet()


def _others(grid: EditGrid) -> list[EditGrid]:
    return [other for other in list(_open) if other is not grid and other.frame is grid.frame]


_AT_ONCE: Mapping[Any, Callable[[EditGrid, Answer], Answer]] = {
    "block": EditGrid._block,
    "arrange": EditGrid._arrange,
    "edit": EditGrid._edit,
    "paste": EditGrid._paste,
    "fill": EditGrid._fill,
    "clear": EditGrid._clear,
    "replace": EditGrid._replace,
    "undo": EditGrid._undo,
    "redo": EditGrid._redo,
    "try": EditGrid._try,
    "copy": EditGrid._copy,
    "next": EditGrid._next,
    "remove": EditGrid._remove,
    "restore": EditGrid._restore,
    "discard": EditGrid._discard,
}
_ON_A_THREAD: Mapping[Any, Callable[[EditGrid, Answer], Answer]] = {
    "add": EditGrid._add,
    "offer": EditGrid._offer_contents,
    "plan": EditGrid._make_plan,
    "save": EditGrid._save,
    "undo plan": EditGrid._undo_plan,
    "undo save": EditGrid._undo_save,
}


def _key(key: Any) -> Key:
    return key if isinstance(key, int) else str(key)


def _range(asked: Answer) -> tuple[int, int, list[str]]:
    return int(asked["start"]), int(asked["rows"]), [str(name) for name in asked["columns"]]


def _about(name: str) -> dict[str, Any]:
    why = "what the grid says about the row"
    return {"name": name, "title": ABOUT[name], "kind": "about", "why": why, "required": False, "options": [],
            "open": False, "zone": "", "types": [], "markup": False, "fresh": {}}  # fmt: skip


def _after_each_cell(grid: EditGrid) -> Callable[[], None]:
    """Refresh a grid after each cell of a notebook, as long as it exists; return what ends it."""
    shell = get_ipython()
    if shell is None:
        return lambda: None
    kept = weakref.ref(grid)

    def refresh(*_: Any) -> None:
        shown = kept()
        if shown is None:
            end()
        elif shown.comm is not None:
            with contextlib.suppress(Exception):  # the grid says it
                shown.refresh()

    def end() -> None:
        with contextlib.suppress(ValueError):  # it was ended before
            shell.events.unregister("post_run_cell", refresh)

    shell.events.register("post_run_cell", refresh)
    return end
