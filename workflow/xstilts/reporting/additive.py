"""An additive model of the scores of a matrix: mean + effect of the source + effect of the evaluated language."""

from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Fit:
    """The parts of the model, which are missing if it cannot be fitted.

    Args:
        mean: the mean of the model.
        sources: the effect of each source; they add up to 0.
        languages: the effect of each evaluated language; they add up to 0.
        slope: the change for each unit of distance; None in a model without distances.
    """

    mean: float
    sources: pd.Series
    languages: pd.Series
    slope: float | None = None

    def fitted(self, cells: pd.DataFrame) -> pd.Series:
        """The scores of the model for the sources and languages of cells."""
        slope = 0.0 if self.slope is None else self.slope * cells["distance"]
        return self.mean + cells["source"].map(self.sources) + cells["language"].map(self.languages) + slope


def fit(cells: pd.DataFrame, distances: bool = False) -> Fit:
    """Fit the model by least squares to the cells in languages that are not in the training of their arm.

    Args:
        cells: a table with `source`, `language`, `value`, `trained` and, for a model with distances, `distance`.
        distances: whether the distance is part of the model.

    Returns:
        The model. All of it is missing if the score of a cell is, or if the cells do not determine it.
    """
    if cells.empty:
        return Fit(np.nan, pd.Series(dtype=float), pd.Series(dtype=float), np.nan if distances else None)
    used = cells[~cells["trained"]]
    sources, languages = (list(dict.fromkeys(cells[key])) for key in ("source", "language"))
    parts = [np.ones((len(used), 1)), _effects(used["source"], sources), _effects(used["language"], languages)]
    if distances:
        parts.append(used[["distance"]].to_numpy(float))
    design, values = np.hstack(parts), used["value"].to_numpy(float)
    if np.isnan(values).any() or np.linalg.matrix_rank(design) < design.shape[1]:
        return Fit(np.nan, pd.Series(np.nan, sources), pd.Series(np.nan, languages), np.nan if distances else None)
    found = np.linalg.lstsq(design, values, rcond=None)[0]
    ends = 1, len(sources), len(sources) + len(languages) - 1
    return Fit(
        float(found[0]),
        _complete(found[ends[0] : ends[1]], sources),
        _complete(found[ends[1] : ends[2]], languages),
        float(found[-1]) if distances else None,
    )


def _effects(names: pd.Series, known: list[str]) -> np.ndarray:
    """Columns of a design matrix for effects that add up to 0: the last effect is minus the sum of the others."""
    columns = np.vstack([np.eye(len(known) - 1), -np.ones(len(known) - 1)])
    return columns[names.map(known.index).to_numpy(int)]


def _complete(effects: np.ndarray, names: list[str]) -> pd.Series:
    return pd.Series([*effects, -effects.sum()], names)
