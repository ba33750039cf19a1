"""How many token ids of each language perturbations have changed, for the tokenizer of an encoder."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from xstilts.features import arrow
from xstilts.grid import Grid
from xstilts.names import split_and_language
from xstilts.steps.entry import Entry
from xstilts.store.entries import finished

COUNTS = ["tokens", "changed_tokens"]
COLUMNS = ["encoder", "target", "perturbation", "language", *COUNTS]


def counts(store: Path, grid: Grid) -> pd.DataFrame:
    """A row for each encoder, target with perturbed text, and language.

    Returns:
        A table with `COLUMNS`. `perturbation` is the last one of the target, and both counts are those of all its
        perturbations together. They are missing if the token ids of the text or of the original text are not stored.
    """
    clean = {
        (cell.encoder, cell.predictions.inputs["data"].path): cell.predictions.inputs["features"]
        for cell in grid.cells
        if not cell.predictions.about.perturbations
    }
    perturbed = {(cell.encoder, cell.target): cell.predictions for cell in grid.cells}
    rows = []
    for (encoder, target), predictions in perturbed.items():
        features, applied = predictions.inputs["features"], predictions.about.perturbations
        original = clean.get((encoder, features.inputs["data"].read.path))
        for name in features.inputs["data"].splits if applied else ():
            _, lang = split_and_language(name)
            rows.append([encoder, target, applied[-1], lang, *_of_split(store, features, original, name)])
    return pd.DataFrame(rows, columns=COLUMNS).astype(dict.fromkeys(COUNTS, "float64"))


def _of_split(store: Path, features: Entry, original: Entry | None, name: str) -> tuple[float, float]:
    if original is None or not (finished(store, features) and finished(store, original)):
        return float("nan"), float("nan")
    own, other = (
        arrow.read(store / one.path / arrow.file_name(*split_and_language(name))) for one in (features, original)
    )
    return int(arrow.lengths(own).sum()), changed(own, other)


def changed(features: pa.Table, original: pa.Table) -> int:
    """The number of token ids of each example that its original does not have, or not as often, summed."""
    (ids, counted), (known, before) = _counted(features), _counted(original)
    _, mine, theirs = np.intersect1d(ids, known, assume_unique=True, return_indices=True)
    return int(counted.sum() - np.minimum(counted[mine], before[theirs]).sum())


def _counted(features: pa.Table) -> tuple[np.ndarray, np.ndarray]:
    """The token ids of each example, and how often it has each of them; an example may have several rows."""
    tokens = features["input_ids"].combine_chunks().flatten().to_numpy().astype(np.int64)
    examples = np.repeat(features["example"].to_numpy().astype(np.int64), arrow.lengths(features))
    return np.unique(examples << 32 | tokens, return_counts=True)
