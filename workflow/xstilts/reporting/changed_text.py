"""How much of the text of each language perturbations have changed, as noted by the jobs that apply them."""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from xstilts.grid import Grid
from xstilts.names import split_name
from xstilts.steps.entry import Entry
from xstilts.store.entries import finished, noted

COUNTS = ["rows", "changed_rows", "words", "edits", "moved_words", "clusters", "changed_clusters"]
COLUMNS = ["target", "perturbation", "language", *COUNTS]


def counts(store: Path, grid: Grid) -> pd.DataFrame:
    """A row for each perturbation of the text of a target, and each language.

    Text that several targets share is listed for the first one.

    Returns:
        A table with `COLUMNS`. Words are edited or moved by some perturbations only, and grapheme clusters are changed
        by `typos`; other counts are missing, and so is all that is no longer stored.
    """
    applied: dict[str, tuple[str, Entry]] = {}
    for cell in grid.cells:
        for entry in _applied(cell.predictions.inputs["data"]):
            applied.setdefault(entry.path, (cell.target, entry))
    rows = [
        {"target": target, "perturbation": entry.spec["perturbation"], "language": lang, **_noted(store, entry, lang)}
        for target, entry in applied.values()
        for lang in entry.spec["languages"]
    ]
    return pd.DataFrame(rows, columns=COLUMNS).astype(dict.fromkeys(COUNTS, "float64"))


def _applied(data: Entry) -> Iterator[Entry]:
    """The entries that have perturbed some data, the first one first."""
    if data.step == "perturb_task":
        yield from _applied(data.inputs["data"])
        yield data


def _noted(store: Path, entry: Entry, lang: str) -> dict[str, float]:
    """What was noted of a language; empty if the entry is not stored."""
    if not finished(store, entry):
        return {}
    note = noted(store, entry.path, split_name(entry.spec["split"], lang), "rows", "changed_rows")
    return {name: note[name] for name in COUNTS if name in note}
