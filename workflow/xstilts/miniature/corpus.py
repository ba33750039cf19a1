"""The pretraining corpus of the miniature: pairs of texts, and passages with a query about one of their sentences."""

import random
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import NamedTuple

import numpy as np
from transformers import PreTrainedTokenizerFast

from xstilts.features.batching import IGNORED, pad
from xstilts.miniature import sampling
from xstilts.miniature.events import Clause, Sentence
from xstilts.miniature.sentences import LANGUAGES, Text, say
from xstilts.miniature.variations import SLOTS, TELLINGS, Variations, told

SPLIT = "train"
_PART = 50
"""The number of batches that are drawn together, so that each has rows of similar length."""


class Unit(NamedTuple):
    """A token of a row with its labels, which are `IGNORED` where there is none.

    Args:
        id: the token, possibly a mask.
        word: the token that was replaced by a mask.
        role: the index in `SLOTS` of the slot that its phrase fills.
        differs: 1 if the other segment does not express it, else 0.
        altered: for the first token, 1 if any token differs, else 0.
        answers: 1 if it expresses what is masked in the other segment, else 0.
    """

    id: int
    word: int = IGNORED
    role: int = IGNORED
    differs: int = IGNORED
    altered: int = IGNORED
    answers: int = IGNORED


class Batch(NamedTuple):
    """The arguments of a model, and the labels of `Unit` by name; all arrays are int64, `(rows, length)`."""

    inputs: dict[str, np.ndarray]
    labels: dict[str, np.ndarray]


class Row(NamedTuple):
    """A sequence and the segment of each of its tokens."""

    units: list[Unit]
    types: list[int]


def batches(
    tokenizer: PreTrainedTokenizerFast, seed: int, *, count: int, tokens: int, masked: float
) -> Iterator[Batch]:
    """About `count` batches in all languages, half of them pairs and half passages.

    A separate process generates them, so that the first ones can be used while it runs.

    Args:
        tokens: the maximum number of sub-words in a batch, padding included.
        masked: the fraction of words that are masked.
    """
    draw = partial(_part, tokenizer, tokens, masked)
    with ProcessPoolExecutor(1) as pool:
        for part in pool.map(draw, (f"corpus-{seed}-{number}" for number in range(-(-count // _PART)))):
            yield from part


def _part(tokenizer: PreTrainedTokenizerFast, tokens: int, masked: float, seed: str) -> list[Batch]:
    rng = random.Random(seed)
    drawn = Corpus(tokenizer, rng, masked).batches(_PART, tokens)
    return rng.sample(drawn, len(drawn))


class Corpus:
    """Random rows in all languages."""

    def __init__(self, tokenizer: PreTrainedTokenizerFast, rng: random.Random, masked: float):
        self._tokenizer, self._rng, self._masked = tokenizer, rng, masked
        self._variations = Variations(rng, SPLIT)
        self._ids: dict[str, list[int]] = {}

    def batches(self, count: int, tokens: int) -> list[Batch]:
        """About `count` batches of at most `tokens` tokens."""
        return [
            self._batch(rows) for draw in (self.pair, self.passage) for rows in self._drawn(draw, count / 2, tokens)
        ]

    def _drawn(self, draw: Callable[[], Row], count: float, tokens: int) -> list[list[Row]]:
        """Full batches of rows of similar length."""
        rows: list[Row] = []
        total = 0
        while total < count * tokens:
            rows.append(draw())
            total += len(rows[-1].units)
        batches: list[list[Row]] = [[]]
        for row in sorted(rows, key=lambda row: -len(row.units)):
            if batches[-1] and (len(batches[-1]) + 1) * len(batches[-1][0].units) > tokens:
                batches.append([])
            batches[-1].append(row)
        return batches[:-1]

    def _batch(self, rows: list[Row]) -> Batch:
        columns = [dict(zip(Unit._fields, zip(*row.units, strict=True), strict=True)) for row in rows]
        inputs = {
            "input_ids": pad([column["id"] for column in columns], self._tokenizer.pad_token_id),
            "token_type_ids": pad([row.types for row in rows], 0),
            "attention_mask": pad([[1] * len(row.units) for row in rows], 0),
        }
        labels = {name: pad([column[name] for column in columns], IGNORED) for name in Unit._fields[1:]}
        return Batch(inputs, labels)

    def pair(self) -> Row:
        """Two texts of one or two clauses, which have the same meaning in any order, or differ in a detail."""
        rng, variations = self._rng, self._variations
        events = [sampling.clause(rng, SPLIT) for _ in range(1 if rng.random() < 0.75 else 2)]
        others = variations.confused(events) if rng.random() < 0.6 else events
        order = rng.sample(range(len(events)), len(events))
        tellings = [rng.choice(TELLINGS) for _ in events]
        first, second = ([variations.reduced(event) for event in side] for side in (events, others))
        return self._compared(first, second, order, tellings)

    def _compared(self, first: list[Clause], second: list[Clause], order: list[int], tellings: list[str]) -> Row:
        """A row of two texts; the second, with reordered clauses, is labelled where it differs from the first."""
        one, other = self._rng.choices(LANGUAGES, k=2)
        original = _text([told(event, self._rng.choice(TELLINGS)) for event in first], one)
        text, same = (
            _text([told(events[number], telling) for number, telling in zip(order, tellings, strict=True)], other)
            for events in (second, first)
        )
        known = _words(same)
        units = [
            unit
            for token in text.tokens
            for new in [token.word.form.lower() not in known.get((token.clause, token.role), ())]
            for unit in self._units(token.word.form, token.role, differs=int(new))
        ]
        altered = max(unit.differs for unit in units)
        plain = [unit for token in original.tokens for unit in self._units(token.word.form, token.role)]
        segments = [[self._perhaps_masked(unit, self._masked) for unit in segment] for segment in (plain, units)]
        self._rng.shuffle(segments)
        return self._row(segments[0], segments[1], altered=altered)

    def passage(self) -> Row:
        """Sentences about similar events, and a query that repeats one of them with a slot masked."""
        rng = self._rng
        one, other = rng.choices(LANGUAGES, k=2)
        events = self._events(rng.randint(1, 5))
        asked = rng.choice(events)
        slot = rng.choice([slot for slot in SLOTS if getattr(asked, slot)])
        passage = [
            unit
            for event in events
            for token in _text([told(event, rng.choice(TELLINGS))], one).tokens
            for unit in self._units(token.word.form, token.role, answers=int(event is asked and token.role == slot))
        ]
        query = [
            self._perhaps_masked(unit, 1 if token.role == slot else 0)
            for token in _text([told(asked, rng.choice(TELLINGS))], other).tokens
            for unit in self._units(token.word.form, token.role)
        ]
        if not (any(unit.answers == 1 for unit in passage) and any(unit.word != IGNORED for unit in query)):
            # In some languages a slot has no word.
            return self.passage()
        segments = [query, passage]
        rng.shuffle(segments)
        return self._row(segments[0], segments[1])

    def _events(self, count: int) -> list[Clause]:
        """Distinct events, half of them similar to another one."""
        events = [sampling.clause(self._rng, SPLIT)]
        while len(events) < count:
            new = sampling.clause(self._rng, SPLIT)
            if self._rng.random() < 0.5:
                new = self._variations.altered(self._variations.altered(self._rng.choice(events)))
            if new not in events:
                events.append(new)
        self._rng.shuffle(events)
        return events

    def _units(self, form: str, role: str, **labels: int) -> list[Unit]:
        if form not in self._ids:
            self._ids[form] = self._tokenizer(form, add_special_tokens=False)["input_ids"]
        number = SLOTS.index(role) if role in SLOTS else IGNORED
        return [Unit(token, role=number, **labels) for token in self._ids[form]]

    def _perhaps_masked(self, unit: Unit, probability: float) -> Unit:
        if self._rng.random() >= probability:
            return unit
        return Unit(self._tokenizer.mask_token_id, word=unit.id)

    def _row(self, first: list[Unit], second: list[Unit], altered: int = IGNORED) -> Row:
        start, end = Unit(self._tokenizer.cls_token_id, altered=altered), Unit(self._tokenizer.sep_token_id)
        units = [start, *first, end, end, *second, end]
        return Row(units, [0] * (len(first) + 2) + [1] * (len(second) + 2))


def _text(events: list[Clause], lang: str) -> Text:
    return say(Sentence(tuple(events), "and" if len(events) > 1 else ""), lang)


def _words(text: Text) -> dict[tuple[int, str], set[str]]:
    """The words of each phrase, by the index of its clause and its role."""
    words: dict[tuple[int, str], set[str]] = {}
    for token in text.tokens:
        words.setdefault((token.clause, token.role), set()).add(token.word.form.lower())
    return words
