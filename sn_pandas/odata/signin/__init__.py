"""Signing in: the caller of requests, and whether an answer was given to this caller.

* ``credentials``: the protocol ``Auth`` and the credentials that need nobody's help: API key, token, none.
* ``tokens``: tokens that are fetched and renewed, by one thread for all (``RenewedToken``). A new way to
  sign in is a subclass with one method, ``fetch``.
* ``authority``: requests to what gives tokens, and where secrets may go. Nothing else sends a secret.
* ``client_credentials``: tokens by OAuth 2.0 client credentials.
* ``browser``, ``sn_auth``: tokens of somebody who signs in as oneself; ``conversation`` asks, ``vault``
  shares between processes what has to be shared, in the keyring and under a file lock.
* ``user``: as whom, how and until when a connection is signed in.
* ``claims``: what a token says of itself, for messages.
* ``doubt``: which answers look like those that an anonymous caller gets.
* ``guard``: the one place that decides whether an answer was the caller's, and repeats what was not.
* ``redaction``: keeps secrets out of texts and logs.

A sensenet server never says 401. Who has no valid credentials, or credentials that it cannot check at this
moment, is served as the built-in Visitor, with status 200 and less content.
"""

from __future__ import annotations
