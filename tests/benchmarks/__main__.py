"""``python -m tests.benchmarks NAME …`` or all of them: the numbers that we promise, measured."""

from __future__ import annotations

import importlib
import sys

NAMES = ("read", "write", "store", "requests", "tree", "load")


def main(arguments: list[str]) -> int:
    """Run the benchmarks that are named, or all."""
    unknown = [name for name in arguments if name not in NAMES]
    if unknown:
        print(f"there is no benchmark {unknown[0]!r}; there are {', '.join(NAMES)}", file=sys.stderr)
        return 2
    for name in arguments or NAMES:
        print(f"== {name}", flush=True)
        importlib.import_module(f"tests.benchmarks.{name}").main()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
