"""``%sensenet`` and ``%%sensenet``: a cell with a path and options returns a typed frame."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from IPython.core.completer import CompletionContext, SimpleCompletion, SimpleMatcherResult, context_matcher
from IPython.core.magic import line_cell_magic, magics_class, needs_local_scope, no_var_expand

from ..odata.tracebacks import hide_frames_of_interruption
from . import arguments, commands, showing
from .completion import Completion
from .session import SensenetSession

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


@magics_class
class SensenetMagics(SensenetSession):
    """The configuration of ``%sensenet``."""

    def __init__(self, shell: InteractiveShell, **traits: Any) -> None:
        super().__init__(shell, **traits)
        self.completion = Completion(self)

    @no_var_expand
    @needs_local_scope
    @line_cell_magic
    def sensenet(self, line: str, cell: str | None = None, local_ns: dict[str, Any] | None = None) -> Any:
        """Read contents into a typed frame, or run a command; see ``%sensenet --help``."""
        with hide_frames_of_interruption():
            return self._run(line, cell, {**self.shell.user_ns, **(local_ns or {})})

    def _run(self, line: str, cell: str | None, names: dict[str, Any]) -> Any:
        if line.split() in (["-h"], ["--help"]):
            showing.say(commands.format_overview())
            return None
        if cell is None and not arguments.is_query(line):
            return commands.run(self, line, names)
        return self.read(arguments.parse(line, cell), names)


#: Where a shell keeps what a session holds.
_STATE = "_sn_pandas"

# What ``%sensenet?`` shows.
SensenetMagics.sensenet.__doc__ = commands.format_overview()


def load(shell: InteractiveShell) -> None:
    """Register the magic and the formatter of tracked frames."""
    magics = vars(shell).get(_STATE)  # %reload_ext keeps connections, queries and what was configured
    if magics is None:
        magics = vars(shell)[_STATE] = SensenetMagics(shell)
    elif magics not in shell.configurables:
        shell.configurables.append(magics)
    shell.register_magics(magics)
    showing.register(shell, magics)
    if shell.Completer is not None:
        shell.Completer.custom_matchers.append(_create_matcher(magics))


def unload(shell: InteractiveShell) -> None:
    """Undo all changes to IPython, except connections that frames of the notebook use."""
    magics = shell.magics_manager.registry.pop("SensenetMagics", None)
    for kind in ("line", "cell"):
        shell.magics_manager.magics[kind].pop("sensenet", None)
    if magics is not None:
        showing.unregister(shell)
        if shell.Completer is not None:
            shell.Completer.custom_matchers[:] = [
                m
                for m in shell.Completer.custom_matchers
                if getattr(m, "matcher_identifier", "") != "sensenet"
            ]
        magics.completion.close()
        if magics in shell.configurables:
            shell.configurables.remove(magics)


def _create_matcher(magics: SensenetMagics) -> Any:
    """Return the function that IPython calls for completion."""

    @context_matcher(identifier="sensenet")  # type: ignore[untyped-decorator]  # IPython's is untyped
    def match(context: CompletionContext) -> SimpleMatcherResult:
        try:
            offer = magics.completion.offer(context.full_text, context.cursor_line, context.cursor_position)
        except Exception:  # the Tab key never shows an error
            offer = None
        if offer is None:
            return {"completions": [], "suppress": False}
        fragment, names = offer
        if not names:  # an empty answer would let Python's names in
            line = context.full_text.split("\n")[context.cursor_line][: context.cursor_position]
            fragment = re.search(r"\S*\s*$", line)[0]  # type: ignore[index]  # it matches everything
            names = [(fragment, "text")] if fragment else []
        return {
            "completions": [SimpleCompletion(name, type=kind) for name, kind in names],
            "matched_fragment": fragment,
            "ordered": True,
            "suppress": True,
        }

    return match
