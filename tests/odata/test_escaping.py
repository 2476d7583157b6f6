"""Text is text: whatever a repository holds, what people see is its letters."""

import html
import unicodedata
import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st

import sn_pandas as sn
from sn_pandas.odata.escaping import escape_controls, escape_html, escape_math, html_block

ANY = st.text(st.characters(codec=None, categories=None), max_size=40) | st.text(
    "\x00\x07\x1b\r\n\t\x9b\u202e\ud83d<>&\"'$\\ab", max_size=40
)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b]0;title\x07", r"\x1b]0;title\x07"),
        ("over\rwritten", r"over\rwritten"),
        ("\x9b2J", r"\x9b2J"),
        ("gpj.\u202eexe", r"gpj.\u202eexe"),
        ("half \ud83d", r"half \ud83d"),
        ("lines\n\tstay", "lines\n\tstay"),
        ("Ünnep 日本 naïve 🎉 👩‍👩‍👧 שלום", "Ünnep 日本 naïve 🎉 👩‍👩‍👧 שלום"),
        (404, "404"),
    ],
)
def test_control_characters_are_visible(text, shown):
    assert escape_controls(text) == shown


def test_a_value_within_a_line_does_not_begin_another():
    assert escape_controls("Admin\nconnected\tto", lines=False) == r"Admin\nconnected\tto"


@given(ANY)
def test_nothing_controls_a_terminal(text):
    shown = escape_controls(text)
    assert not [c for c in shown if unicodedata.category(c) in ("Cc", "Cs") and c not in "\n\t"]
    assert escape_controls(shown) == shown
    shown.encode()  # a terminal can write it


@given(ANY)
def test_nothing_becomes_markup(text):
    shown = escape_html(text)
    assert not set(shown) & set("<>\"'")
    assert html.unescape(shown) == escape_controls(text)


@given(ANY)
def test_nothing_becomes_a_formula(text):
    from matplotlib.cbook import is_math_text

    assert not is_math_text(escape_math(text))


def test_front_ends_look_for_no_mathematics_in_a_block():
    assert html_block("<p>$", "</p>").startswith('<div class="tex2jax_ignore mathjax_ignore"><p>$</p>')


@pytest.mark.parametrize("kind", [sn.QueryError, sn.NotFoundError, sn.SaveError, sn.JournalError])
def test_errors_show_what_a_server_said_as_text(kind):
    error = kind("the name \x1b[2J is taken")
    error.add_note("\x1b]0;note\x07")
    shown = "\n".join([str(error), *error._render_traceback_()])
    assert "\x1b" not in shown
    assert r"\x1b[2J" in shown
    assert r"\x1b]0;note\x07" in shown


@pytest.mark.parametrize("kind", [sn.SaveWarning, sn.IncompleteWarning])
def test_warnings_likewise(kind):
    with pytest.warns(kind) as seen:
        warnings.warn("a row of \x1b[2J", kind, stacklevel=1)
    assert str(seen[0].message) == r"a row of \x1b[2J"
