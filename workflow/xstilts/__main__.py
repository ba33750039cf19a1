"""`python -m xstilts`: the fork server of a run, jobs, which it runs if there is one, and all other commands."""

import sys
from importlib import import_module

from xstilts.runtime import forkserver


def main() -> int:
    """Run a command, a job if possible in a fork of the server."""
    if sys.argv[1:2] == [forkserver.COMMAND]:
        fork = forkserver.serve(*sys.argv[2:])
        sys.argv[1:] = fork.arguments
        fork.end(_run(f"  # forked by process {fork.server}"))
    code = forkserver.delegated(sys.argv[1:])
    return _run() if code is None else code


def _run(note: str = "") -> int:
    # A job that is delegated does not need what this module imports.
    return import_module("xstilts.cli").main(note)


if __name__ == "__main__":
    sys.exit(main())
