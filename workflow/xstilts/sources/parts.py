"""Detection of files that look like parts of another file: `train-a-1.conllu` for `train.conllu`.

The name of a part is the name of the whole file with a marker after one of its words: numbers, single letters or both,
separated from the word (`-a-1`, `-a1`, `2`, `.part-02`, `_1-of-4`, `-part-one`). Files of another language, split or
format and copies are not parts.
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
"""The suffix that downloaders append if a file of the same name exists."""
_PACKED = re.compile(r"(?:\.tar)?\.(?:gz|bz2|xz|zip|zst|lzma|7z|rar)$", re.IGNORECASE)


class Part(NamedTuple):
    """A file that looks like a part, and the path that the whole file would have."""

    path: Path
    whole: Path


def of(folder: Path, pattern: str) -> list[Part]:
    """The files that look like parts of the files that match a pattern, sorted by name.

    They include compressed files without an uncompressed copy beside them, and files whose names differ from the
    pattern in case only.

    Args:
        pattern: the path of a file below the folder; its components may contain `*`.
    """
    place, _, name = pattern.rpartition("/")
    parents = [parent for parent in (folder.glob(place) if place else [folder]) if parent.is_dir()]
    found = [_part(path, name) for parent in parents for path in parent.iterdir()]
    return sorted((part for part in found if part and part.path.is_file()), key=lambda part: (part.path.name, part))


def unread(folder: Path, own: str, read: Collection[Path]) -> Iterator[Path]:
    """The files below a folder, at any depth, that have the name of a file of a split but are not read.

    Files that differ from a file that is read in their suffix only are left out: its text, an archive or a copy of it.

    Args:
        own: a regular expression that matches the beginning of the names of all files of the split.
        read: the files that are read.
    """
    expression, stems = re.compile(own, re.IGNORECASE), {path.with_suffix("") for path in read}
    for path in sorted(folder.rglob("*")):
        if expression.match(path.name) and not path.is_dir() and path not in read:
            names = path.name.split(".")
            if not any(path.with_name(".".join(names[:length])) in stems for length in range(1, len(names))):
                yield path


def order(name: str) -> list[tuple[int, str]]:
    """The sort key of a name in natural order: part 2 comes before part 10."""
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
    """The pattern itself, the pattern in any case, and the pattern with a marker after each of its words."""
    ends = [match.end() for match in re.finditer("[A-Za-z0-9]+", name)]
    marked = [
        f"({_literally(name[:end])}){_COPY if end == len(name) else ''}{_MARK}({_literally(name[end:])})"
        for end in ends
    ]
    exact = re.compile(_literally(name))
    return [exact, *(re.compile(one, re.IGNORECASE) for one in (_literally(name), *marked))]


def _literally(name: str) -> str:
    return "[^/]*".join(map(re.escape, name.split("*")))
