"""One fake server and one fake client for all tests.

``FakeServer`` is a transport of httpx *and* a WSGI application. It stands in front of the embedded
repository, or of a function of the test, and does to chosen requests what networks, proxies, authorities
and other users do. ``fake``, a fixture of ``tests/conftest.py``, makes them::

    def test_a_read_survives_one_answer_to_the_visitor(fake):
        server = fake()                              # before the sample company
        repo = server.connect()                      # as its editor, with quick retries
        server.on("GET", "Tasks", nth=1).visitor()   # the first of these is taken for the Visitor's
        assert len(repo.read("/Root/Content/IT/Tasks")) == 300
        assert server.count("GET", "GetCurrentUser") <= 2

What is behind it
    ``fake()`` the sample company; ``fake(sample=False)`` the untouched tree; ``fake(Application(…))``
    yours; ``fake(function)`` a function that gives a response for a request of httpx; ``fake(None)``
    404 for everything.

Which requests: ``server.on(…)``
    ``method``, ``match`` (a regular expression, searched for in the decoded target), ``body`` (one for the
    body), ``host``, ``nth`` (the first is 1), ``times`` (at most), ``when`` (a function of the request, or
    ``Nth``, which also does something before each).
    The latest rule that fits wins; ``rule.off()`` ends it, ``rule.log`` lists what it was applied to.

What happens to them: ``server.on(…).…``
    * as somebody else's: ``visitor()``, ``as_user(name)``
    * another answer: ``status(404)``, ``json(value)``, ``text(…)``, ``html()``, ``empty()``,
      ``redirect(place)``, ``unavailable(503, retry_after=0)``, ``stale()`` (as at the first time),
      ``script(a, b, …)`` (responses, exceptions or functions, one after another, the last for ever)
    * broken: ``refused()``, ``reset()``, ``reset(after=True)`` (done, but the answer is lost),
      ``timeout()``, ``cut(length)``
    * slow: ``slow(seconds)``, ``drip(bytes, seconds)``
    * changed: ``headers(Age="60", Cache_Control="…")``, ``clock(seconds)`` (the ``Date`` is so far ahead),
      ``call(function)``, where ``function(request, forward)`` gives a response and ``forward(request)``
      asks what is behind

What came
    ``server.log`` (method, host, target, headers, body, status), ``server.entries(method, match)``,
    ``server.count(method, match)``; ``server.clear()`` forgets it, and the rules.

Tokens
    ``server.tokens["abc"] = "Admin"`` makes a token good, ``del`` ends it. ``server.cookies = True`` has
    answers say as whom they are given, as real servers do. ``server.authority`` gives tokens to
    ``server.connect(client_id="client", client_secret="s3cret-s3cret")``; see ``authority.py``.

Users
    ``server.add_user("ann", {"/Root/Content/IT": ["Open", "Save"]})``, ``server.connect(user="ann")``.
    ``server.connect()`` connects to the sample company as its editor, to other servers as administrator;
    ``server.user = "ann"`` has it connect as her. ``server.connect(user="Admin")`` is for tests about
    administration. ``open_sample()`` opens a sample company without a server before it,
    ``open_sample_as_two()`` one as its administrator and as its editor.

A real socket, for what only a network can do
    ``with server.listening() as address, server.connect(url=address) as repo: …``. ``Sockets`` and ``Proxy``
    answer with bytes of the test, in pieces if it wants.
"""

from .authority import Authority
from .client import EDITOR, QUICK, open_sample, open_sample_as_two
from .server import Entry, FakeServer, Nth, Rule
from .sockets import Proxy, Sockets

__all__ = [
    "EDITOR",
    "QUICK",
    "Authority",
    "Entry",
    "FakeServer",
    "Nth",
    "Proxy",
    "Rule",
    "Sockets",
    "open_sample",
    "open_sample_as_two",
]
