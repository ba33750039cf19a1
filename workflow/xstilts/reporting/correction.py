"""Puts the statistics of all targets into one table, and corrects its p-values for the number of comparisons."""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
from statsmodels.stats.multitest import multipletests

from xstilts.config import GridSettings
from xstilts.reporting.collect import ALL

LEVEL = 0.05
"""The significance level of the tests; intervals cover `1 - LEVEL`."""


def together(targets: Iterable[pd.DataFrame], grid: GridSettings) -> pd.DataFrame:
    """The statistics of all targets, with `p_adjusted` and `significant`, in the order of the grid.

    Args:
        targets: the statistics of each target (`xstilts.reporting.significance`).
    """
    table = pd.concat(targets, ignore_index=True)
    order = {"target": grid.targets, "intermediate": grid.intermediates, "encoder": grid.encoders}
    table = table.iloc[np.lexsort([pd.Index(names).get_indexer(table[key]) for key, names in order.items()])]
    table = table.reset_index(drop=True)
    table.insert(table.columns.get_loc("p") + 1, "p_adjusted", adjusted(table))
    table.insert(table.columns.get_loc("p") + 2, "significant", significant(table))
    return table


def of_contrasts(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """The differences of all contrasts, with `p_adjusted` and `significant`; empty without any.

    The family of a test is all tests of contrasts of its encoder.

    Args:
        parts: the differences of each contrast (`xstilts.reporting.contrasts`).
    """
    if not parts:
        return pd.DataFrame()
    table = pd.concat(parts, ignore_index=True)
    table.insert(table.columns.get_loc("p") + 1, "p_adjusted", table.groupby("encoder")["p"].transform(_holm))
    table.insert(table.columns.get_loc("p") + 2, "significant", significant(table))
    return table


def adjusted(table: pd.DataFrame) -> pd.Series:
    """Adjusted p-values (Holm 1979).

    The family of a row with the language `ALL` is all such rows of its encoder; the family of any other row is the rows
    of its encoder and target.
    """
    family = table["target"].where(table["language"] != ALL, ALL)
    return table.groupby(["encoder", family.rename("family")])["p"].transform(_holm)


def _holm(p: pd.Series) -> pd.Series:
    known = p.dropna()
    adjusted = multipletests(known, method="holm")[1] if len(known) else []
    return pd.Series(adjusted, known.index, dtype="float64").reindex(p.index)


def significant(table: pd.DataFrame) -> pd.Series:
    """Whether the test rejects equality and the interval of the change, over examples and seeds, excludes zero."""
    return (table["p_adjusted"] < LEVEL) & ((table["delta_low"] > 0) | (table["delta_high"] < 0))
