"""``populate``: create many contents at once, to test with large collections."""

from __future__ import annotations

from pathlib import Path

from sn_pandas.embedded.http.application import Application
from sn_pandas.embedded.sample import NOW, Builder, task_fields


def populate(
    n: int,
    into: Application | str | Path | None = None,
    path: str = "/Root/Content/Many",
    seed: int = 1,
) -> Application:
    """Add ``n`` tasks below a new workspace, in bulk: a thousand to a list.

    Parameters
    ----------
    n : int
        How many tasks.
    into : Application, str or path, optional
        The repository, or the file that it is kept in; a new one in memory if not given.
    path : str
        The workspace that is made for them, below an existing content.
    seed : int
        Of the generator.

    Returns
    -------
    Application
        The repository that holds them.

    Examples
    --------
    >>> app = populate(2500)
    >>> app.store.by_path("/Root/Content/Many/List00002/Task0002499").fields["Status"]
    ['active']
    >>> app.close()
    """
    app = into if isinstance(into, Application) else Application(into or ":memory:", sample=False)
    builder = Builder(app.store, seed)
    parent, _, name = path.rpartition("/")
    with app.store.loading(n):
        top = builder.add(builder.below(parent), "Workspace", name, DisplayName=name, IsActive=True)
        for start in range(0, n, 1000):
            batch = builder.add(
                top, "TaskList", f"List{start // 1000:05}", DisplayName=f"List {start // 1000}"
            )
            for number in range(start, min(n, start + 1000)):
                builder.add(
                    batch, "Task", f"Task{number:07}", index=number % 1000, **task_fields(builder.dice, NOW)
                )
        builder.flush()
    return app
