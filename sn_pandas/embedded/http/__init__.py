"""The way in and out: the application behind WSGI, its verbs and log, and the server on a socket."""
