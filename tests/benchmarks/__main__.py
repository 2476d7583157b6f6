"""``python -m tests.benchmarks NAME …`` or all of them: the numbers that we promise, measured.

Options behind the names go to the benchmark before them: ``load --seconds 20``.
"""

from __future__ import annotations

import importlib
import sys

NAMES = ("read", "write", "store", "requests", "tree", "start", "load", "excel", "grid")


def main(arguments: list[str]) -> int:
    """Run the benchmarks that are named, or all."""
    chosen: list[tuple[str, list[str]]] = []
    for argument in arguments or NAMES:
        if argument in NAMES:
            chosen.append((argument, []))
        elif chosen:
            chosen[-1][1].append(argument)
        else:
            print(f"there is no benchmark {argument!r}; there are {', '.join(NAMES)}", file=sys.stderr)
            return 2
    for name, options in chosen:
        print(f"== {name}", flush=True)
        run = importlib.import_module(f"tests.benchmarks.{name}").main
        run(options) if options else run()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
