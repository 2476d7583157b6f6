"""The documentation: MyST pages, and the notebooks as they were run."""

from __future__ import annotations

import pathlib
import shutil
import textwrap
import tomllib

from sn_pandas.embedded import coverage
from sn_pandas.notebook.reference import build_page
from sn_pandas.odata import errors

HERE = pathlib.Path(__file__).parent
GENERATED = HERE / "generated"

project = "sn_pandas"
author = "The sn_pandas developers"
copyright = author
# MAINTAINER: the public address of the source, which every page links to; pyproject.toml has the other place.
SOURCE = ""
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
html_theme_options: dict[str, object] = {"show_prev_next": False, "navigation_with_keys": False}
if SOURCE:
    link = {"name": "Source", "url": SOURCE, "icon": "fa-solid fa-code", "type": "fontawesome"}
    html_theme_options["icon_links"] = [link]
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
    """Copy the notebooks, and write what the code makes: the magic, errors, coverage and layers."""
    shutil.rmtree(GENERATED, ignore_errors=True)
    GENERATED.mkdir()
    for notebook in sorted((HERE.parent / "notebooks").glob("*.ipynb")):
        shutil.copy(notebook, GENERATED)
    tree = textwrap.dedent((errors.__doc__ or "").partition("::\n\n")[2])
    (GENERATED / "errors.txt").write_text(tree, encoding="utf-8")
    (GENERATED / "layers.txt").write_text(layers(), encoding="utf-8")
    (GENERATED / "magic.md").write_text(build_page(), encoding="utf-8")
    (GENERATED / "coverage.md").write_text(coverage.page(), encoding="utf-8")


def layers() -> str:
    """Return the layers that import-linter enforces, as pyproject.toml lists them."""
    settings = tomllib.loads((HERE.parent / "pyproject.toml").read_text(encoding="utf-8"))
    parts = []
    for contract in settings["tool"]["importlinter"]["contracts"]:
        if contract["type"] == "layers":
            inside = "".join(f" (in {container})" for container in contract.get("containers", ()))
            names = [line.replace("sn_pandas.", "") for line in contract["layers"]]
            parts.append("\n".join([f"{contract['name']}{inside}", *(f"    {name}" for name in names)]))
    return "\n\n".join(parts) + "\n"


gather()
