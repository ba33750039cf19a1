"""Writing files in the formats of releases."""

import json
import random
from collections.abc import Callable, Hashable, Iterable, Sequence
from hashlib import sha1
from pathlib import Path
from typing import TypeVar

from xstilts.config import Miniature
from xstilts.errors import UserError

_DRAWS = 1000
"""The number of draws for each distinct result after which no further ones are expected."""

T = TypeVar("T", bound=Hashable)


def lines(path: Path, content: Iterable[str]) -> None:
    """Write a text file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes("".join(f"{line}\n" for line in content).encode())


def table(path: Path, header: str, rows: Iterable[Sequence[str]]) -> None:
    """Write a TAB-separated file with a header; column names are separated by spaces in `header`."""
    lines(path, ["\t".join(header.split()), *("\t".join(row) for row in rows)])


def one_a_line(path: Path, values: Iterable[dict]) -> None:
    """Write a JSON-lines file."""
    lines(path, (json.dumps(value, ensure_ascii=False) for value in values))


def document(path: Path, value: dict) -> None:
    """Write a JSON file."""
    lines(path, [json.dumps(value, ensure_ascii=False)])


def identifier(*parts: object) -> str:
    """A hash of the parts, 40 hexadecimal digits."""
    return sha1(" ".join(map(str, parts)).encode()).hexdigest()


def distinct(count: int, draw: Callable[[int], T]) -> list[T]:
    """Distinct results of a random draw.

    Args:
        count: the number of results.
        draw: called with the number of results so far.

    Raises:
        UserError: there are fewer distinct results.
    """
    drawn: dict[T, None] = {}
    draws = 0
    while len(drawn) < count:
        if draws > _DRAWS * (len(drawn) + 1):
            raise UserError(
                f"the miniature has about {len(drawn)} distinct examples of this kind, but {count} are requested. "
                "Reduce the sizes in the configuration."
            )
        drawn[draw(len(drawn))] = None
        draws += 1
    return list(drawn)


def source(settings: Miniature, *names: str) -> random.Random:
    """The random generator of one file or split, independent of all other files."""
    return random.Random(" ".join((str(settings.seed), *names)))
