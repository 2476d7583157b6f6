"""``python -m tests.browser.picture`` makes the picture of the README in a real JupyterLab."""

from __future__ import annotations

import tempfile
from pathlib import Path

from .harness import Lab, chromium, notebook

PICTURE = Path(__file__).parents[2] / "docs" / "_static" / "quickstart.png"
CELLS = (
    "%load_ext sn_pandas\nimport pandas as pd, sn_pandas as sn\n\n"
    'repo = sn.connect(user="olga.okafor")\ntree = repo.browse("/Root/Content")\ntree',
    "%%sensenet tasks --limit 4\n/Root/Content/IT/Tasks\n"
    "$select=DisplayName,Status,DueDate,TaskCompletion,AssignedTo/FullName\n$filter=Status eq 'waiting'",
    'tasks.loc[tasks["TaskCompletion"] > 50, "Status"] = "active"\ntasks["DueDate"] += pd.Timedelta("7D")\n'
    "tasks.sn.changes()",
    "report = tasks.sn.save()\nreport",
)


def main() -> None:
    """Run the cells, open a folder of the tree, and take the picture."""
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        home = Path(folder)
        (home / "notebooks").mkdir()
        (home / "notebooks" / "picture.ipynb").write_text(notebook(*CELLS), "utf-8")
        lab = Lab(home / "notebooks", home)
        try:
            opened = lab.open(browser, "picture.ipynb", width=1200, height=1365)
            opened.page.evaluate("window.jupyterapp.commands.execute('application:toggle-left-area')")
            opened.run_all()
            opened.line("/Root/Content/IT").dblclick()
            opened.line("/Root/Content/IT/Tasks").click()
            opened.kernel.until("tree.selected", lambda path: path == "/Root/Content/IT/Tasks")
            opened.page.wait_for_timeout(500)
            opened.page.locator(".jp-NotebookPanel-notebook").screenshot(path=PICTURE)
        finally:
            lab.close()
    print(f"wrote {PICTURE.relative_to(Path.cwd())}")


if __name__ == "__main__":
    main()
