"""The HTTP layer: the WSGI application, its verbs and log, and the server on a socket."""
