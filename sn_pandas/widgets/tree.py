"""``TreeBrowser``: the tree of a repository, to look around in and to pick contents from."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
from traitlets import Bool, Dict, List, Unicode, observe, validate

from ..odata.addresses import normalize
from ..odata.errors import QueryError, SensenetError
from .fallback import html
from .listing import PAGE, Listing, problem
from .styles import read_style

if TYPE_CHECKING:
    import pandas as pd

    from ..frames import Repository

_MOST_ROWS = 1000


def _module(*names: str) -> str:
    """Join ES modules to one, which is all that a widget can load."""
    lines = [
        line for name in names for line in Path(__file__).with_name(name).read_text("utf-8").splitlines()
    ]
    return "\n".join(line for line in lines if not line.startswith("import "))


class TreeBrowser(anywidget.AnyWidget):
    """The contents below a path, as a tree whose folders are read when they open.

    Parameters
    ----------
    repo : Repository
        Where the contents are.
    path : str or int
        The root of the tree, by path or id.
    multiple : bool
        Whether several contents can be selected.
    label : str
        What a content is shown and ordered by: ``"DisplayName"`` or ``"Name"``.
    height : str
        The height of the rows on the page, in CSS units.

    Attributes
    ----------
    path : str
        The root of the tree.
    selected : str or None
        The path of the selected content; the last one, if several are selected. Setting it opens
        the folders above it.
    selection : list of str
        The paths of all selected contents.
    expanded : list of str
        The paths of the open folders; a folder in a closed one opens with it.
    filters : dict
        By the path of a folder, the text that its children must have in their names.

    Raises
    ------
    NotFoundError
        If there is no content at the path, or we may not see it.

    Examples
    --------
    >>> import sn_pandas as sn
    >>> browser = TreeBrowser(sn.connect(user="olga.okafor"), "/Root/Content")
    >>> browser.selected = "/Root/Content/IT/Tasks"
    >>> browser.expanded
    ['/Root/Content', '/Root/Content/IT']
    """

    _esm = _module("lines.js", "pictures.js", "rows.js", "tree.js")
    _css = read_style("tree")

    path = Unicode().tag(sync=True)
    selected = Unicode(None, allow_none=True).tag(sync=True)
    selection = List(Unicode()).tag(sync=True)
    expanded = List(Unicode()).tag(sync=True)
    filters = Dict(key_trait=Unicode(), value_trait=Unicode()).tag(sync=True)
    multiple = Bool(False).tag(sync=True)
    height = Unicode("24em").tag(sync=True)
    #: The root and its first children, so that a view has something to show before it asks.
    _first = Dict().tag(sync=True)

    def __init__(
        self,
        repo: Repository,
        path: str | int = "/Root/Content",
        *,
        multiple: bool = False,
        label: str = "DisplayName",
        height: str = "24em",
    ) -> None:
        self._repo = repo
        self._listing = Listing(repo.client, label)
        self._heard = threading.local()
        first = self._look(normalize(path, base=repo.base))
        root = first["root"]["path"]
        super().__init__(path=root, expanded=[root], multiple=multiple, height=height, _first=first)
        self.on_msg(self._on_message)

    def __repr__(self) -> str:
        return f"<TreeBrowser {self.path} of {self._repo.url}>"

    def _repr_html_(self) -> str:
        return html(self._first, self._repo.url)

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]] | None:
        bundle = super()._repr_mimebundle_(**kwargs)
        if bundle is not None:  # what a page without widgets shows, such as an exported notebook
            bundle[0]["text/html"] = self._repr_html_()
        return bundle

    @property
    def folder(self) -> str:
        """The selected folder; the parent of the selected content if it is not a folder; else the root."""
        if not self.selected or self.selected == self.path:
            return self.path
        row = self._listing.content(self.selected)
        return row["path"] if row["opens"] else row["path"].rpartition("/")[0]

    def read(self, **options: Any) -> pd.DataFrame:
        """Read the selected folder as a frame, with the options of ``repo.read``."""
        frame: pd.DataFrame = self._repo.read(self.folder, **options)
        return frame

    def expand(self, path: str) -> None:
        """Open a folder and those above it."""
        place = self._inside(path)
        self._expand([*_above(self.path, place), place])

    def collapse(self, path: str) -> None:
        """Close a folder."""
        place = self._inside(path).casefold()
        self.expanded = [p for p in self.expanded if p.casefold() != place]

    def refresh(self) -> None:
        """Read the open folders again, as they are needed."""
        self._first = self._look(self.path)
        self.send({"tell": "refresh"})

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Apply changes from the page; part of the protocol of ipywidgets."""
        self._heard.now = True
        try:
            super().set_state(sync_data)
        finally:
            self._heard.now = False

    @validate("path")
    def _valid_path(self, proposal: Any) -> str:
        if self._first["root"]["path"] != proposal["value"]:
            self._first = self._look(normalize(proposal["value"], base=self._repo.base))
        return str(self._first["root"]["path"])

    @validate("selected")
    def _valid_selected(self, proposal: Any) -> str | None:
        if proposal["value"] is None:
            return None
        place = self._inside(proposal["value"])
        if not self._hears:
            _above(self.path, place)
        return place

    @validate("selection", "expanded")
    def _valid_paths(self, proposal: Any) -> list[str]:
        return list(dict.fromkeys(self._inside(path) for path in proposal["value"]))

    @observe("selected")
    def _on_selected(self, change: Any) -> None:
        path = change["new"]
        if path is None:
            self.selection = []
        elif path not in self.selection or not self.multiple:
            self.selection = [path]
        elif self.selection[-1] != path:
            self.selection = [*(p for p in self.selection if p != path), path]
        if path is not None and not self._hears:
            self._expand(_above(self.path, path))

    @observe("selection")
    def _on_selection(self, change: Any) -> None:
        self.selected = change["new"][-1] if change["new"] else None

    @observe("path")
    def _on_path(self, change: Any) -> None:
        if change["old"]:
            self.selected, self.filters, self.expanded = None, {}, [self.path]

    def _inside(self, path: str) -> str:
        """Return the full path for a path below the root of the tree."""
        place = normalize(path, base=self.path)
        if not isinstance(place, str):
            raise QueryError(f"a content of a tree is identified by its path, not by the id {place}")
        return place

    def _expand(self, paths: list[str]) -> None:
        open_paths = {p.casefold() for p in self.expanded}
        if more := [p for p in paths if p.casefold() not in open_paths]:
            self.expanded = [*self.expanded, *more]

    def _look(self, place: str | int) -> dict[str, Any]:
        root = self._listing.content(place)
        try:
            return {"root": root, **self._listing.page(root["path"])}
        except SensenetError as error:
            return {"root": root, "page": 0, "size": PAGE, **problem(error)}

    @property
    def _hears(self) -> bool:
        """Whether a change comes from the page, which shows it already."""
        return getattr(self._heard, "now", False)

    def _on_message(self, _: Any, content: dict[str, Any], __: Any) -> None:
        if content.get("ask") == "rows":
            # The page tells a kernel that is busy from a server that is slow.
            self.send({"answer": "heard", "view": content.get("view"), "ticket": content.get("ticket")})
            # On a thread of its own: a slow server must not keep the kernel from running cells.
            threading.Thread(target=self._answer, args=(content,), daemon=True, name="sn_pandas-tree").start()

    def _answer(self, asked: dict[str, Any]) -> None:
        answer = {"answer": "rows", "view": asked.get("view"), "ticket": asked.get("ticket")}
        try:
            answer |= self._rows(asked)
        except Exception as error:  # whatever it is, the page waits for an answer
            answer |= problem(error)
        self.send(answer)

    def _rows(self, asked: dict[str, Any]) -> dict[str, Any]:
        folder, filter = str(asked["folder"]), str(asked.get("filter") or "")
        size = max(1, min(int(asked.get("size") or PAGE), _MOST_ROWS))
        page, index = max(0, int(asked.get("page") or 0)), None
        near = asked.get("near")
        if start := asked.get("start"):
            near = self._listing.find_label(folder, str(start), filter)
        if near:
            index = self._listing.position(folder, str(near), filter)
            page = index // size if index is not None else 0
        return {**self._listing.page(folder, page, filter, size), "index": index}


def _above(root: str, path: str) -> list[str]:
    """Return the folders from the root of the tree to the parent of ``path``.

    Raises
    ------
    QueryError
        If the path is not below the root.
    """
    if path.casefold() == root.casefold():
        return []
    if not path.casefold().startswith(root.casefold() + "/"):
        raise QueryError(f"{path} is not in this tree, whose root is {root}")
    steps = path[len(root) + 1 :].split("/")
    return ["/".join([root, *steps[:n]]) for n in range(len(steps))]
