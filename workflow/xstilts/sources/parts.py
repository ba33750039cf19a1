"""Files that look like parts of others: `train-a-1.conllu` where `train.conllu` is looked for.

A part has the name of a whole file with a mark behind one of its words: numbers, single letters or both, set off from
the words (`-a-1`, `-a1`, `2`, `.part-02`, `_1-of-4`, `-part-one`). Another language, another split, another format or a
copy is none.
"""

import re
from collections.abc import Collection, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

_WORD = "(?:part|shard|chunk|piece|split|section|volume|vol|batch|file|of)"
_NUMBER = "(?:[0-9]+[a-e]?|[a-e][0-9]+|a[a-e]|[a-z]|i{1,3}|one|two|three|four|first|second|third|fourth|last)"
_MARK = rf"(?:(?:[-_. +~]+{_WORD}?[-_. ]?{_NUMBER}(?:of[0-9]+)?)+|(?<![0-9])[0-9]+)(?![a-z0-9])"
_COPY = r"(?!\.[0-9]+$)"
"""What downloaders append to the name of a file that is there already."""
_PACKED = re.compile(r"(?:\.tar)?\.(?:gz|bz2|xz|zip|zst|lzma|7z|rar)$", re.IGNORECASE)


class Part(NamedTuple):
    """A file that looks like a part, and what the whole would be called beside it."""

    path: Path
    whole: Path


def of(folder: Path, pattern: str) -> list[Part]:
    """The files that look like parts of those that a pattern stands for, in the order of their names.

    Packed files are among them unless what is in them lies beside them, and so are files of the pattern's name in
    other capitals.

    Args:
        pattern: the name of a file below the folder; folders and file may have `*` in their names.
    """
    place, _, name = pattern.rpartition("/")
    parents = [parent for parent in (folder.glob(place) if place else [folder]) if parent.is_dir()]
    found = [_part(path, name) for parent in parents for path in parent.iterdir()]
    return sorted((part for part in found if part and part.path.is_file()), key=lambda part: (part.path.name, part))


def unread(folder: Path, own: str, read: Collection[Path]) -> Iterator[Path]:
    """The files below a folder, however deep, that are called like those of a split and are not among those read.

    A file that is read may have others beside it that are called like it up to a suffix: its text, packed or a copy.

    Args:
        own: how the names of all files of the split begin, as a regular expression.
    """
    expression, stems = re.compile(own, re.IGNORECASE), {path.with_suffix("") for path in read}
    for path in sorted(folder.rglob("*")):
        if expression.match(path.name) and not path.is_dir() and path not in read:
            names = path.name.split(".")
            if not any(path.with_name(".".join(names[:length])) in stems for length in range(1, len(names))):
                yield path


def order(name: str) -> list[tuple[int, str]]:
    """What sorts names as people count: part 2 comes before part 10."""
    return [(int(piece), "") if piece.isdecimal() else (-1, piece) for piece in re.split("([0-9]+)", name)]


def _part(path: Path, name: str) -> Part | None:
    exact, whole, *marked = _expressions(name)
    bare = _PACKED.sub("", path.name)
    if exact.fullmatch(path.name) or (bare != path.name and path.with_name(bare).is_file()):
        return None
    if whole.fullmatch(bare):
        return Part(path, path.with_name(bare))
    for expression in marked:
        if match := expression.fullmatch(bare):
            return Part(path, path.with_name("".join(match.groups())))
    return None


@cache
def _expressions(name: str) -> list[re.Pattern[str]]:
    """The pattern as it is, in any capitals, and with a mark behind each of its words."""
    ends = [match.end() for match in re.finditer("[A-Za-z0-9]+", name)]
    marked = [
        f"({_literally(name[:end])}){_COPY if end == len(name) else ''}{_MARK}({_literally(name[end:])})"
        for end in ends
    ]
    exact = re.compile(_literally(name))
    return [exact, *(re.compile(one, re.IGNORECASE) for one in (_literally(name), *marked))]


def _literally(name: str) -> str:
    return "[^/]*".join(map(re.escape, name.split("*")))
