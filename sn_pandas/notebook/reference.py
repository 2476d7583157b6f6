"""The reference page of ``%sensenet``, generated from its help texts."""

from __future__ import annotations

from . import arguments, commands
from .magic import SensenetMagics

_HEAD = """# The magic, option by option

This page is generated from the help texts of the code.

```{contents}
:local:
:depth: 1
```
"""


def build_page() -> str:
    """Return the page as MyST text."""
    parts = [_HEAD, _build_section("%%sensenet", arguments.CELL.format_help())]
    parts += [
        _build_section(f"%sensenet {name}", command.parser.format_help())
        for name, command in commands.COMMANDS.items()
    ]
    return "\n".join([*parts, "## %config SensenetMagics\n", *_list_options()])


def _build_section(title: str, help_text: str) -> str:
    return f"## {title}\n\n```text\n{help_text}\n```\n"


def _list_options() -> list[str]:
    traits = SensenetMagics.class_traits(config=True)
    return [
        f"`{name}` (default `{trait.default_value!r}`)\n: {trait.help}\n"
        for name, trait in sorted(traits.items())
    ]
