"""Distances between languages from a CSV file of the user."""

import csv
import math
from collections.abc import Iterable, Mapping
from pathlib import Path

from xstilts.config import ConfigError

KEY = "report.distances"
COLUMNS = ("source", "target", "distance")


def read(file: Path) -> dict[tuple[str, str], float]:
    """The distances in a CSV file with `COLUMNS`, by source and target.

    Raises:
        ConfigError: the file cannot be read, lacks a column, or has a distance that is not a number, or a pair twice.
    """
    try:
        with file.open(encoding="utf-8-sig", newline="") as opened:
            rows = list(csv.DictReader(opened))
    except (OSError, ValueError, csv.Error) as error:
        raise ConfigError(KEY, str(file), f"cannot be read: {error}; expected a CSV file") from None
    found: dict[tuple[str, str], float] = {}
    for line, row in enumerate(rows, 2):
        lacking = [name for name in COLUMNS if not row.get(name)]
        if lacking:
            expected = ", ".join(COLUMNS)
            raise ConfigError(KEY, str(file), f"line {line} has no {lacking[0]!r}; expected the columns {expected}")
        pair = row["source"], row["target"]
        if pair in found:
            raise ConfigError(KEY, str(file), f"line {line} has the pair {pair[0]}, {pair[1]} again; remove one")
        found[pair] = _number(file, line, row["distance"])
    return found


def of_pairs(
    file: Path, known: Mapping[tuple[str, str], float], pairs: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], float]:
    """The distances of some pairs of languages; those of a pair in the other direction stand for both.

    Raises:
        ConfigError: a pair is not in the file.
    """
    found, lacking = {}, []
    for one, other in pairs:
        distance = known.get((one, other), known.get((other, one)))
        if distance is None:
            lacking.append(f"{one}, {other}")
        else:
            found[one, other] = distance
    if lacking:
        more = f" and {len(lacking) - 5} more pairs" if len(lacking) > 5 else ""
        raise ConfigError(KEY, str(file), f"has no distance for {'; '.join(lacking[:5])}{more}; add them")
    return found


def _number(file: Path, line: int, text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ConfigError(KEY, str(file), f"line {line}: found {text!r} as 'distance', expected a number")
    return number
