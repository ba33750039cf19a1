"""Regular expressions that match many paths."""

import re
from collections.abc import Iterable


def alternatives(paths: Iterable[str]) -> str:
    """A regular expression that matches some paths.

    It is a prefix tree in which folders with equal content are merged: Snakemake matches the pattern for every file of
    every job, so that with a flat list of all paths planning time would be quadratic in the size of the grid.
    """
    below: dict[str, list[str]] = {}
    for path in paths:
        name, _, rest = path.partition("/")
        below.setdefault(name, []).append(rest)
    alike: dict[str, list[str]] = {}
    for name, rests in sorted(below.items()):
        alike.setdefault(f"/{alternatives(rests)}" if any(rests) else "", []).append(re.escape(name))
    return _any(f"{_any(names)}{rest}" for rest, names in alike.items())


def _any(patterns: Iterable[str]) -> str:
    patterns = list(patterns)
    return patterns[0] if len(patterns) == 1 else f"(?:{'|'.join(patterns)})"
