"""Ask for a login name, a password or a code, never through a cell or a history."""

from __future__ import annotations

import getpass
import sys
import warnings
from collections.abc import Callable
from typing import Protocol

from ..errors import AuthenticationError
from ..redaction import SECRETS, Secret


class Conversation(Protocol):
    """A dialog with the person who signs in."""

    def tell(self, text: str) -> None:
        """Show a text."""

    def ask(self, question: str) -> str:
        """Return the answer to a question; the input is visible."""

    def ask_secret(self, question: str) -> str:
        """Return the answer to a question; the input is hidden."""


class Keyboard:
    """A dialog by ``input`` and ``getpass``, which a notebook shows as fields below the cell.

    What is typed there stands neither in the notebook nor in the history.
    """

    def tell(self, text: str) -> None:
        """Print a text."""
        print(text, file=sys.stderr, flush=True)  # noqa: T201 - this is a conversation

    def ask(self, question: str) -> str:
        """Return the visible input."""
        return _ask(input, question)

    def ask_secret(self, question: str) -> str:
        """Return the hidden input."""
        secret = Secret(_ask(getpass.getpass, question))
        SECRETS.keep(secret)
        return secret


def _ask(ask: Callable[[str], str], question: str) -> str:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", getpass.GetPassWarning)
            return ask(question)
    except (EOFError, NotImplementedError, OSError, getpass.GetPassWarning) as error:
        raise AuthenticationError(
            f"cannot ask for input here ({question.strip().rstrip(':')}): there is no keyboard. "
            "Use an API key or a token instead: api_key=…, token=…, or $SENSENET_API_KEY"
        ) from error
