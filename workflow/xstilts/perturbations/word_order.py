"""Another order of the words, in which no word is more than two places from its own.

Words are sorted by their place plus a random number from 0 to 3, as in the noise of Lample et al. 2018 (Unsupervised
Machine Translation Using Monolingual Corpora Only, section 2.3). In tagging, the tags move with their words. In other
texts, words are what spaces separate, and each takes the place of another between the same spaces; scripts without
spaces have no perturbed data.
"""

import re
from collections import Counter
from collections.abc import Mapping

import pyarrow as pa

from xstilts.perturbations import draws, texts
from xstilts.perturbations.texts import Facts, Perturbed
from xstilts.perturbations.units import FIELDS
from xstilts.task import Task

LANGUAGE_FACTS = ()
LIBRARIES = ()

WINDOW = 3
"""The number of consecutive places within which words change their order."""

_WORD = re.compile(r"\S+")


def apply(tables: Mapping[str, pa.Table], task: Task, facts: Facts, rate: None) -> dict[str, Perturbed]:
    """The examples with their words in another order."""
    return {lang: _of_language(table, task, lang) for lang, table in tables.items()}


def _of_language(table: pa.Table, task: Task, lang: str) -> Perturbed:
    """The examples of a language. The notes have the numbers of rows and words, and of those that change or move."""
    counts = Counter(words=0, moved_words=0)

    def moved(words: list, name: str, field: str) -> list:
        places = order(len(words), task.name, lang, name, field)
        counts.update(words=len(words), moved_words=sum(one != other for one, other in enumerate(places)))
        return [words[place] for place in places]

    def rewrite(parts: list[str], name: str, field: str, own: str) -> list[str]:
        if task.kind == "tagging":
            return moved(parts, name, field)
        (text,) = parts
        words = iter(moved(_WORD.findall(text), name, field))
        return [_WORD.sub(lambda _: next(words), text)]

    found = texts.rewritten(table, task.kind, lang, rewrite)
    if task.kind == "tagging":
        found = texts.with_column(found, "tags", _tags_of_moved_words(table, task, lang))
    changed_rows = texts.count_changed(table, found, FIELDS[task.kind])
    return Perturbed(found, {"rows": len(found), "changed_rows": changed_rows, **counts})


def order(count: int, *purpose: str) -> list[int]:
    """The places from which the words of a text are taken, for its `count` words."""
    draw = draws.generator(*purpose)
    return [place for _, place in sorted((place + WINDOW * draw.random(), place) for place in range(count))]


def _tags_of_moved_words(table: pa.Table, task: Task, lang: str) -> list[list[str] | None]:
    rows = zip(table["id"].to_pylist(), table["tags"].to_pylist(), strict=True)
    (field,) = FIELDS[task.kind]
    return [tags and [tags[place] for place in order(len(tags), task.name, lang, name, field)] for name, tags in rows]
