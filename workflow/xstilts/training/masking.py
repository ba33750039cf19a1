"""Masks of masked language modelling (Devlin et al. 2019, section 3.1), drawn from (seed, step, row, position).

A hash takes the place of a random generator. The mask of a row depends neither on the other rows of its micro-batch nor
on the process that trains on it, so resumed, accumulated and distributed trainings mask the same tokens.
"""

from collections.abc import Sequence

import numpy as np

from xstilts.features import batching
from xstilts.features.rows import Row
from xstilts.models.vocabulary import Vocabulary

SHARE = 0.15
"""The share of tokens that are predicted."""

_MASKED, _REPLACED = 0.8, 0.9
"""Of the predicted tokens, this share is replaced by the mask token; up to this share, the others by a random word."""

_INCREMENT = np.uint64(0x9E3779B97F4A7C15)
_FACTORS = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_UNIT = 2.0**-64


class Masking:
    """Masks the rows of a training or of its dev data.

    Special tokens are neither predicted nor drawn as random words.

    Args:
        vocabulary: the vocabulary of the rows, which must have a mask token.
        seed: the seed of all masks.
    """

    def __init__(self, vocabulary: Vocabulary, seed: int):
        assert vocabulary.mask is not None
        self._mask, self._special = vocabulary.mask, np.array(vocabulary.special)
        self._words = np.setdiff1d(np.arange(vocabulary.size, dtype=np.int32), self._special)
        self._seed = seed

    def rows(self, rows: Sequence[Row], numbers: Sequence[int] | np.ndarray, step: int) -> list[Row]:
        """Rows with masked `input_ids`, and `labels`: the original id of each predicted token, -100 elsewhere.

        Args:
            rows: rows with `input_ids`.
            numbers: the number of each row in the data.
            step: the number of completed optimiser steps.
        """
        ids = [np.asarray(row["input_ids"]) for row in rows]
        lengths = np.array([len(one) for one in ids])
        masked, labels = self._masked(np.concatenate(ids), np.asarray(numbers), lengths, step)
        cuts = batching.bounds(lengths)[1:-1]
        pairs = zip(rows, np.split(masked, cuts), np.split(labels, cuts), strict=True)
        return [{**row, "input_ids": own, "labels": gold} for row, own, gold in pairs]

    def _masked(
        self, ids: np.ndarray, numbers: np.ndarray, lengths: np.ndarray, step: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """The masked ids and the labels of sequences, end to end, `(tokens,)` each."""
        of_rows = np.repeat(hashed(hashed(hashed(np.uint64(self._seed)), step), numbers), lengths)
        positions = np.arange(len(ids)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        chosen, how, word = (hashed(hashed(of_rows, positions), draw) for draw in range(3))
        is_predicted = (chosen * _UNIT < SHARE) & ~np.isin(ids, self._special)
        is_masked = is_predicted & (how * _UNIT < _MASKED)
        is_random = is_predicted & ~is_masked & (how * _UNIT < _REPLACED)
        masked = np.where(is_masked, self._mask, ids)
        masked[is_random] = self._words[word[is_random] % np.uint64(len(self._words))]
        return masked.astype(np.int32), np.where(is_predicted, ids, batching.IGNORED).astype(np.int32)


def hashed(state: np.ndarray | np.uint64, value: np.ndarray | int = 0) -> np.ndarray:
    """A step of splitmix64 (Steele et al. 2014) from a state and a value, as uint64."""
    with np.errstate(over="ignore"):
        mixed = state + (np.asarray(value).astype(np.uint64) + np.uint64(1)) * _INCREMENT
        mixed = (mixed ^ (mixed >> np.uint64(30))) * _FACTORS[0]
        mixed = (mixed ^ (mixed >> np.uint64(27))) * _FACTORS[1]
        return mixed ^ (mixed >> np.uint64(31))
