"""The documentation: MyST pages, and the notebooks as they were run."""

from __future__ import annotations

import pathlib
import shutil

from sn_pandas.notebook.reference import page

HERE = pathlib.Path(__file__).parent
GENERATED = HERE / "generated"

project = "sn_pandas"
author = "the sn_pandas developers"
copyright = author
extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
]
templates_path: list[str] = []
exclude_patterns = ["_build", "jupyter_execute", "**.ipynb_checkpoints"]
html_theme = "pydata_sphinx_theme"
html_title = "sn_pandas"
html_static_path = ["_static"]
html_theme_options = {"show_prev_next": False, "navigation_with_keys": False}
html_sidebars = {"index": []}

# The notebooks hold the outputs that the tests compare with a fresh run, so they are shown and not run again.
nb_execution_mode = "off"
nb_merge_streams = True
myst_enable_extensions = ["colon_fence", "deflist", "fieldlist"]
myst_heading_anchors = 3
suppress_warnings = ["mystnb.unknown_mime_type"]  # widget views have a static form beside them

autodoc_typehints = "none"
autodoc_member_order = "bysource"
napoleon_google_docstring = False
napoleon_use_rtype = False
napoleon_use_ivar = True


def gather() -> None:
    """Bring in what is made elsewhere: the notebooks, and the help of the magic."""
    shutil.rmtree(GENERATED, ignore_errors=True)
    GENERATED.mkdir()
    for notebook in sorted((HERE.parent / "notebooks").glob("*.ipynb")):
        shutil.copy(notebook, GENERATED)
    (GENERATED / "magic.md").write_text(page(), encoding="utf-8")


gather()
