"""The training examples of a probe, which depend on nothing but the data: they are the same for all encoders."""

from collections.abc import Mapping

import numpy as np

from xstilts.training.data import equal_parts, subset


def chosen(ids: Mapping[str, np.ndarray], count: int) -> dict[str, np.ndarray]:
    """The positions of at most `count` examples of all languages together, by language.

    The languages have equal parts, as far as they have as many examples; of each, those ids with the smallest hashes.

    Args:
        ids: the ids of the training examples, by language.
    """
    sizes = {lang: len(mine) for lang, mine in ids.items()}
    parts = equal_parts(sizes, min(count, sum(sizes.values())))
    return {lang: subset(mine, parts[lang]) for lang, mine in ids.items()}
