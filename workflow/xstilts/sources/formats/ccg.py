"""CCG supertags, a lexical category for each word, in the formats of CCGbank and of extracts from it.

CCGbank contains derivations, which its `AUTO.readme` (LDC2005T13) describes. Words are not changed.
"""

import re
from collections.abc import Iterator
from itertools import dropwhile
from pathlib import Path

from xstilts.errors import DataError, shorten
from xstilts.sources.formats import objects, tagged, text
from xstilts.task import Row, Task

_COLUMNS = ("words", "supertags")
_SUPERTAGGED = "word|part of speech|supertag"
_ID = re.compile(r"ID=(\S+)( .*)?")
_OPENED, _LEAF = "(<L ", re.compile(r"(\S+) \S+ \S+ (\S+) \S+>\)")


def columns(paths: list[Path], *, task: Task, lang: str) -> Iterator[Row]:
    """Words, TAB, supertags: one sentence a line, or one word a line with an empty line after each sentence.

    In the first format, the words and the supertags of a sentence are each separated by one space, as in jiant's
    `ccg.train`.
    """
    path = paths[0]
    if any(not line.strip() for _, line in text.lines(path)):
        yield from tagged.xtreme([path], task=task, lang=lang)
        return
    for number, line in text.lines(path):
        words, tags = (part.strip().split(" ") for part in text.columns(path, number, line, _COLUMNS))
        yield f"line {number}", {"words": words, "tags": tags}


def ids(paths: list[Path]) -> tuple[str, ...]:
    """The supertags in jiant's `tags_to_id.json`, the last of the files, in the order of their ids.

    Raises:
        DataError: the file is not a JSON object of supertags, or the ids are not consecutive from 0.
    """
    path = paths[-1]
    listed = objects.require(path, "", objects.document(path), dict)
    for tag, number in listed.items():
        if not str(number).isdecimal():
            raise DataError(path, tag, shorten(number), "a whole number, the id of the supertag")
    by_id = {int(number): tag for tag, number in listed.items()}
    for number in range(len(listed)):
        if number not in by_id:
            raise DataError(path, "", f"no supertag with the id {number}", f"the ids 0 to {len(listed) - 1}, each once")
    return tuple(by_id[number] for number in range(len(listed)))


def stagged(paths: list[Path], *, task: Task, lang: str) -> Iterator[Row]:
    """The files of the C&C tools: each line is a sentence of `word|part of speech|supertag`, separated by one space.

    A preamble of lines that begin with `# ` and the empty line after it are skipped.
    """
    (path,) = paths
    for number, line in dropwhile(_is_preamble, text.lines(path)):
        tokens = [_supertagged(path, number, token) for token in line.split(" ")]
        yield f"line {number}", {"words": [word for word, _ in tokens], "tags": [tag for _, tag in tokens]}


def _is_preamble(numbered: tuple[int, str]) -> bool:
    return not numbered[1] or numbered[1].startswith("# ")


def _supertagged(path: Path, number: int, token: str) -> tuple[str, str]:
    parts = token.rsplit("|", 2)
    if len(parts) != 3 or not all(parts):
        raise DataError(path, f"line {number}", shorten(token), f"{_SUPERTAGGED}, separated by one space")
    return parts[0], parts[2]


def auto(paths: list[Path], *, task: Task, lang: str) -> Iterator[Row]:
    """CCGbank's `.auto` files: a line with the id of a sentence, followed by a line with its derivation.

    Raises:
        DataError: a derivation or an id is missing, or a derivation is truncated or damaged.
    """
    (path,) = paths
    filled = ((number, line) for number, line in text.lines(path) if line.strip())
    for number, line in filled:
        head = _ID.fullmatch(line)
        if not head:
            raise DataError(path, f"line {number}", shorten(line), "ID=, the line above each derivation")
        place, derivation = next(filled, (number, ""))
        words, tags = zip(*_leaves(path, place, derivation), strict=True)
        yield f"line {place}", {"id": head[1], "words": list(words), "tags": list(tags)}


def _leaves(path: Path, number: int, derivation: str) -> list[tuple[str, str]]:
    """The words of a derivation and their lexical categories."""
    leaves = []
    for text_of_leaf in derivation.split(_OPENED)[1:]:
        leaf = _LEAF.match(text_of_leaf)
        if not leaf:
            expected = "(<L category, two parts of speech, word, predicate-argument category>)"
            raise DataError(path, f"line {number}", shorten(_OPENED + text_of_leaf), expected)
        leaves.append((leaf[2], leaf[1]))
    if not leaves or derivation.count("(") != derivation.count(")"):
        expected = "a complete derivation with balanced parentheses"
        raise DataError(path, f"line {number}", shorten(derivation), expected, "The file may be truncated.")
    return leaves
