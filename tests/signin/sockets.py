"""A repository and its authority on sockets of this computer, for what only a network or a browser can do."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import Any

from sn_pandas.embedded import Application, Faults, serve
from sn_pandas.embedded.authority import Authority


class Served:
    """Two servers: ``address`` of the repository and ``authority``, which has an ``address`` of its own."""

    def __init__(self, application: Application, authority: Authority, address: str) -> None:
        self.application = application
        self.authority = authority
        self.address = address


@contextlib.contextmanager
def served(*, sample: bool = False, faults: Faults | None = None, **options: Any) -> Iterator[Served]:
    """Serve a repository and an authority while the block runs; ``options`` are those of ``Authority``."""
    application = Application(sample=sample)
    holder: list[Authority] = []
    repository = serve(faults.around(application) if faults else application)
    tokens = serve(lambda environ, start: holder[0](environ, start))
    servers = (repository, tokens)
    try:
        address = f"http://127.0.0.1:{tokens.server_port}"
        holder.append(Authority(application, address, faults=faults, **options))
        for server in servers:
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield Served(application, holder[0], f"http://127.0.0.1:{repository.server_port}")
    finally:
        for server in servers:
            server.shutdown()
            server.server_close()
        application.close()
