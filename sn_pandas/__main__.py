"""``python -m sn_pandas COMMAND``; each command is imported only when it is used."""

from __future__ import annotations

import argparse
import sys


def main(argv: list[str] | None = None) -> int:
    """Run a command and return its exit status."""
    words = sys.argv[1:] if argv is None else argv
    parser = argparse.ArgumentParser(prog="sn_pandas", description="sensenet repositories as DataFrames")
    parser.add_argument("--version", action="version", version=f"sn_pandas {_version()}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("demo", help="read, edit, save and read again, on an embedded repository")
    server = commands.add_parser("serve", help="serve an embedded repository on a socket")
    if "serve" in words[:1]:
        from sn_pandas.embedded.serve_command import add_arguments, run

        add_arguments(server)
        return run(parser.parse_args(words))
    parser.parse_args(words)
    from sn_pandas.demo import demo

    demo()
    return 0


def _version() -> str:
    from importlib.metadata import version

    return version("sn_pandas")


if __name__ == "__main__":
    sys.exit(main())
