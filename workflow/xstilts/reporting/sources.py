"""Arms that differ only in the language of their training: their cells, and the model of them."""

import pandas as pd

from xstilts.names import NO_INTERMEDIATE
from xstilts.reporting.additive import Fit, fit
from xstilts.reporting.experiment_results import Results
from xstilts.reporting.typology import between, ordered_with_scripts
from xstilts.transfer import Arm, Matrix

TRANSLATED = "†"
"""Marks a source whose training data are machine translations."""

_COLUMNS = ["source", "language", "value", "delta", "seen", "translated", "trained", "distance"]


def ordered(matrix: Matrix) -> list[Arm]:
    """The arms in the order of reports: translated sources, then original text, each by family, branch and script."""
    places = ordered_with_scripts({arm.source for arm in matrix.arms})
    return sorted(matrix.arms, key=lambda arm: (not arm.is_translated, places.index(arm.source)))


def cells(results: Results, encoder: str, matrix: Matrix) -> pd.DataFrame:
    """A row for each source and evaluated language, both in the order of reports.

    Returns:
        The columns `source`, `language`, `value` (the score over seeds), `delta` (its change over the baseline),
        `seen`, `translated`, `trained` (whether the language is in the training of the arm) and `distance`.
    """
    known = results.by_language(encoder).set_index(["intermediate", "target", "language"])[["value", "delta"]]
    order = ordered_with_scripts(matrix.languages)
    rows = [
        (
            *(arm.source, lang, *known.loc[arm.intermediate, arm.target, lang]),
            *(
                lang in arm.seen,
                arm.is_translated,
                lang in (arm.source, *arm.seen),
                _distance(results, arm.source, lang),
            ),
        )
        for arm in ordered(matrix)
        for lang in order
    ]
    return pd.DataFrame(rows, columns=_COLUMNS)


def _distance(results: Results, source: str, lang: str) -> str | float:
    """The distance of the user's file, missing in the source itself, or one of the steps of `typology.APART`."""
    return results.distances.get((source, lang), float("nan")) if results.distances else between(source, lang)


def compared(results: Results, encoder: str, matrix: Matrix) -> tuple[pd.DataFrame, Fit]:
    """The cells of the sources that are compared with each other, with the model of them.

    These are the translated sources, or all sources if none is translated. The cells have `fitted`, the score of the
    model, and `residual`.
    """
    found = cells(results, encoder, matrix)
    if found["translated"].any():
        found = found[found["translated"]].reset_index(drop=True)
    model = fit(found)
    found = found.assign(fitted=model.fitted(found))
    found = found.assign(residual=found["value"] - found["fitted"])
    return found, model


def has_gain(results: Results, matrix: Matrix) -> bool:
    """Whether the arms of a matrix are compared with the baseline."""
    return results.has_baseline and matrix.intermediate != NO_INTERMEDIATE


def named(arm: Arm) -> str:
    """The source of an arm, with a mark if its training data are translations."""
    return arm.source + TRANSLATED * arm.is_translated
