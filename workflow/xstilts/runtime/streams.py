"""Output in any locale: characters that the encoding does not have are printed as escape sequences."""

import io
import sys


def make_safe(encoding: str | None = None) -> None:
    """Make standard output and standard error accept any text.

    Args:
        encoding: the encoding of the output; that of the locale by default.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding=encoding, errors="backslashreplace")
