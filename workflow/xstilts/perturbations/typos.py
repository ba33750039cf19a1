"""Typing errors: a cluster is swapped with its neighbour, deleted, doubled, or replaced by one of the same text.

Edits are counted by words, but hit grapheme clusters, so that they are as frequent in every script. Lists of natural
errors and layouts of keyboards (Belinkov and Bisk 2018) exist for few languages, and swapping inner letters leaves most
words of Hindi, Chinese or Thai unchanged.

The edits at a rate are the first ones of a sequence that does not depend on the rate, so they are a subset of those at
a higher rate; at rate 0 there are none. Edits stay inside words: no word or space is added or lost, and no word becomes
empty. In a word of one cluster, this is only replaced.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import accumulate, chain, islice, pairwise
from random import Random

import pyarrow as pa

from xstilts.perturbations import clusters, draws, texts
from xstilts.perturbations.texts import Facts, Perturbed
from xstilts.perturbations.units import CLUSTERS_IN_A_WORD, FIELDS
from xstilts.task import Task

LANGUAGE_FACTS = ("script",)
LIBRARIES = ("regex",)

_COUNTED = ("words", "clusters", "edits", "changed_clusters")

_END = "\n"
"""Ends each part of a text, so that no cluster merges with one of the next part."""


def apply(tables: Mapping[str, pa.Table], task: Task, facts: Facts, rate: int) -> dict[str, Perturbed]:
    """The examples with `rate` edits in 100 words."""
    return {lang: _of_language(table, task, lang, facts, rate) for lang, table in tables.items()}


def _of_language(table: pa.Table, task: Task, lang: str, facts: Facts, rate: int) -> Perturbed:
    """The examples of a language.

    The notes have the numbers of rows, words and clusters, of edits, and of the rows and clusters that they change.
    """
    counts: dict[str, float] = dict.fromkeys(_COUNTED, 0)

    def rewrite(parts: list[str], name: str, field: str, own: str) -> list[str]:
        text, draw = Text(parts), draws.generator(task.name, lang, name, field)
        per_word = CLUSTERS_IN_A_WORD.get(facts[own]["script"])
        words = len(text.visible) / per_word if per_word else text.words
        changed = list(islice(text.edits(draw), int(rate * words / 100 + draw.random())))
        for count, number in zip(_COUNTED, (words, len(text.visible), len(changed), sum(changed)), strict=True):
            counts[count] += number
        return text.parts

    found = texts.rewritten(table, task.kind, lang, rewrite)
    changed_rows = texts.count_changed(table, found, FIELDS[task.kind])
    numbers = {count: round(number) for count, number in counts.items()}
    return Perturbed(found, {"rows": len(found), "changed_rows": changed_rows, **numbers})


class Text:
    """A text, or the words of a sentence, while it is edited.

    Args:
        parts: the text, or the words. Edits stay within a part.
    """

    def __init__(self, parts: list[str]):
        own = [[*clusters.split(part), _END] for part in parts]
        self._original = list(chain.from_iterable(own))
        self._bounds = list(accumulate(map(len, own), initial=0))
        self._slots = [[cluster] for cluster in self._original]
        self._is_edited = [False] * len(self._original)
        # A space begins the next word, in which it is not visible.
        self._word_of = list(accumulate(map(clusters.is_blank, self._original)))
        self.visible = [place for place, cluster in enumerate(self._original) if clusters.is_visible(cluster)]
        self._sizes = Counter(self._word_of[place] for place in self.visible)
        self._left = Counter(self._sizes)

    @property
    def words(self) -> int:
        """The number of words: they are separated by spaces and have a visible cluster."""
        return len(self._sizes)

    @property
    def parts(self) -> list[str]:
        """The text, or the words, after the edits."""
        return ["".join(chain.from_iterable(self._slots[first : end - 1])) for first, end in pairwise(self._bounds)]

    def edits(self, draw: Random) -> Iterator[int]:
        """Make edits at random clusters, as many as are taken; yields the number of clusters that each changes.

        A cluster is edited at most once. If the type of an edit is not possible there, another one is.
        """
        for place in draws.shuffled(self.visible, draw):
            types = draws.shuffled((self._swap, self._delete, self._double, self._replace), draw)
            if not self._is_edited[place] and (changed := next(filter(None, (edit(place, draw) for edit in types)), 0)):
                yield changed

    def _swap(self, place: int, draw: Random) -> int:
        for other in (place + 1, place - 1):
            if self._is_free(other, self._word_of[place]) and self._original[other] != self._original[place]:
                first, second = sorted((place, other))
                if self._set(first, [[self._original[second]], [self._original[first]]]):
                    return 2
        return 0

    def _is_free(self, place: int, word: int) -> bool:
        """Whether a place has a visible cluster of a word, which has not been edited."""
        cluster = self._original[place]
        return self._word_of[place] == word and clusters.is_visible(cluster) and not self._is_edited[place]

    def _delete(self, place: int, draw: Random) -> int:
        word = self._word_of[place]
        if self._left[word] == 1 or not self._set(place, [[]]):
            return 0
        self._left[word] -= 1
        return 1

    def _double(self, place: int, draw: Random) -> int:
        is_alone = self._sizes[self._word_of[place]] == 1
        return int(not is_alone and self._set(place, [[self._original[place]] * 2]))

    def _replace(self, place: int, draw: Random) -> int:
        """Replace a cluster by the first other one that fits, from a random place of the text on."""
        first = int(draw.random() * len(self.visible))
        alphabet = (self._original[other] for other in chain(self.visible[first:], self.visible[:first]))
        return int(any(self._set(place, [[cluster]]) for cluster in alphabet if cluster != self._original[place]))

    def _set(self, first: int, slots: list[list[str]]) -> bool:
        """Edit the clusters from `first` on, unless one of the new ones would merge with its neighbour."""
        last = first + len(slots)
        around = [*self._next(first - 1, -1), *chain.from_iterable(slots), *self._next(last, 1)]
        if clusters.split("".join(around)) != around:
            return False
        self._slots[first:last] = slots
        self._is_edited[first:last] = [True] * len(slots)
        return True

    def _next(self, place: int, step: int) -> list[str]:
        """The nearest cluster from a place on, in a list; empty if there is none."""
        while 0 <= place < len(self._slots) and not self._slots[place]:
            place += step
        return self._slots[place][::step][:1] if 0 <= place < len(self._slots) else []
