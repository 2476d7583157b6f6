"""The way in and out: addresses, options, bodies and answers of requests, and the server on a socket."""
