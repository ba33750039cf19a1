"""Random numbers that are determined by what they are drawn for, not by the order of drawing.

Only `Random.random` is used, which Python guarantees to give the same sequence for a seed in every version.
"""

import hashlib
import json
import random
from collections.abc import Sequence
from typing import TypeVar

_Item = TypeVar("_Item")


def number(*purpose: str) -> int:
    """A number from 0 to 2**64 - 1, uniform over purposes."""
    return int.from_bytes(hashlib.sha256(json.dumps(purpose).encode()).digest()[:8], "big")


def generator(*purpose: str) -> random.Random:
    """A generator for a purpose, such as the typos of one text of one example."""
    return random.Random(number(*purpose))


def shuffled(items: Sequence[_Item], draw: random.Random) -> list[_Item]:
    """The items in random order; takes one number for each."""
    return [items[place] for _, place in sorted((draw.random(), place) for place in range(len(items)))]
