"""The pages of the authority that people see: a form to log in, and errors."""

from __future__ import annotations

from html import escape

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; --ink: #1c2b33; --paper: #fff; --ground: #eef2f4; --line: #b9c5cc;
  --accent: #0f6f8f; --bad: #a4262c; }}
@media (prefers-color-scheme: dark) {{ :root {{ --ink: #e8eef1; --paper: #1f2a30; --ground: #141b1f;
  --line: #47565e; --accent: #6cc3de; --bad: #ff9b9f; }} }}
* {{ box-sizing: border-box; }}
body {{ margin: 0; min-height: 100vh; display: grid; place-items: center; background: var(--ground);
  color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }}
main {{ width: min(26rem, calc(100vw - 2rem)); padding: 2rem; background: var(--paper);
  border: 1px solid var(--line); border-radius: 12px; }}
h1 {{ margin: 0 0 .25rem; font-size: 1.4rem; }}
p {{ margin: 0 0 1.25rem; overflow-wrap: anywhere; }}
label {{ display: block; margin: 0 0 1rem; font-weight: 600; }}
input {{ display: block; width: 100%; margin-top: .25rem; padding: .6rem .7rem; font: inherit;
  font-weight: 400; color: inherit; background: transparent; border: 1px solid var(--line);
  border-radius: 8px; }}
button {{ width: 100%; padding: .7rem; font: inherit; font-weight: 600; color: var(--paper);
  background: var(--accent); border: 0; border-radius: 8px; cursor: pointer; }}
input:focus-visible, button:focus-visible {{ outline: 3px solid var(--accent); outline-offset: 2px; }}
.error {{ color: var(--bad); font-weight: 600; }}
</style>
</head>
<body><main>{body}</main></body>
</html>
"""


def login(return_url: str, application: str, problem: str = "", login_name: str = "") -> str:
    """Return the form to log in.

    Parameters
    ----------
    return_url
        The request that goes on afterwards.
    application
        Who asked: where the browser goes next.
    problem
        What was wrong with the try before.
    """
    error = f'<p class="error" role="alert">{escape(problem)}</p>' if problem else ""
    first, second = ("", " autofocus") if login_name else (" autofocus", "")
    body = f"""
<h1>Sign in</h1>
<p>to the embedded repository, for {escape(application)}</p>
{error}<form method="post" action="/account/login" autocomplete="on">
<input type="hidden" name="returnUrl" value="{escape(return_url)}">
<label>Login name
<input name="username" autocomplete="username" required{first} value="{escape(login_name)}"></label>
<label>Password
<input name="password" type="password" autocomplete="current-password" required{second}></label>
<button type="submit">Sign in</button>
</form>"""
    return _PAGE.format(title="Sign in", body=body)


def error(problem: str) -> str:
    """Return an error page."""
    body = f'<h1>Sign-in failed</h1><p class="error" role="alert">{escape(problem)}</p>'
    return _PAGE.format(title="Sign-in failed", body=body)
