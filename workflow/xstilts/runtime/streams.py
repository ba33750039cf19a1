"""What is printed, in any locale: a character that a terminal cannot show appears as its number."""

import io
import sys


def make_safe(encoding: str | None = None) -> None:
    """Let standard output and standard error take every text from now on.

    Args:
        encoding: of what is written; by default that of the locale.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding=encoding, errors="backslashreplace")
