"""Writing files as data sets are released."""

import json
import random
from collections.abc import Callable, Hashable, Iterable, Sequence
from hashlib import sha1
from pathlib import Path

from xstilts.config import Miniature
from xstilts.errors import UserError

_DRAWS = 1000
"""Draws for each different result on average before it is clear that there are no more."""


def lines(path: Path, content: Iterable[str]) -> None:
    """A file of lines."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes("".join(f"{line}\n" for line in content).encode())


def table(path: Path, header: str, rows: Iterable[Sequence[str]]) -> None:
    """TAB-separated columns below a header of their names."""
    lines(path, ["\t".join(header.split()), *("\t".join(row) for row in rows)])


def one_a_line(path: Path, values: Iterable[dict]) -> None:
    """JSON lines."""
    lines(path, (json.dumps(value, ensure_ascii=False) for value in values))


def document(path: Path, value: dict) -> None:
    """A JSON file."""
    lines(path, [json.dumps(value, ensure_ascii=False)])


def identifier(*parts: object) -> str:
    """40 hexadecimal digits that stand for the parts."""
    return sha1(" ".join(map(str, parts)).encode()).hexdigest()


def distinct(count: int, draw: Callable[[int], Hashable]) -> list:
    """As many different results of a random draw, each told how many there are before it.

    Raises:
        UserError: there are not so many.
    """
    drawn: dict[Hashable, None] = {}
    draws = 0
    while len(drawn) < count:
        if draws > _DRAWS * (len(drawn) + 1):
            raise UserError(f"the miniature world has about {len(drawn)} different examples; {count} are asked for.")
        drawn[draw(len(drawn))] = None
        draws += 1
    return list(drawn)


def source(settings: Miniature, *names: str) -> random.Random:
    """The randomness of one file or split, which does not depend on what else is written."""
    return random.Random(" ".join((str(settings.seed), *names)))
