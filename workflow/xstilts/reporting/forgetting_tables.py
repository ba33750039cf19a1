"""Tables of what sequences of trainings forget: the scores after each stage, and a summary of all sequences."""

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from xstilts.config.forgetting import HEADS, PROBES
from xstilts.forgetting import TABLE, Sequence
from xstilts.names import NO_INTERMEDIATE, path_of
from xstilts.reporting import forgetting
from xstilts.reporting.experiment_results import Results
from xstilts.reporting.forgetting import Matrix, Values
from xstilts.reporting.formats import Table
from xstilts.reporting.marks import MISSING
from xstilts.reporting.tables import text

FINAL, BACKWARD, FORWARD, FORGOTTEN = "final", "backward", "forward", "forgetting"

_STATISTICS: Mapping[str, Callable[[Matrix], Values]] = {
    FINAL: forgetting.final,
    BACKWARD: forgetting.backward_transfer,
    FORWARD: forgetting.forward_transfer,
    FORGOTTEN: forgetting.forgetting,
}
_OF_MEASURES = {HEADS: (FINAL, BACKWARD, FORGOTTEN), PROBES: (FINAL, BACKWARD, FORWARD, FORGOTTEN)}
_ROWS = {
    HEADS: "the head of each stage on the encoder after it and after each later stage",
    PROBES: "a linear classifier on the frozen encoder after each stage, trained for the task",
}


def tables(results: Results, encoder: str) -> list[Table]:
    """The summary, then a table of each sequence and measure; none if forgetting is not measured."""
    if results.measured is None:
        return []
    found = [table(results, encoder, one, measure) for one in results.sequences for measure in _measures(results)]
    return [summary(results, encoder), *found]


def table(results: Results, encoder: str, sequence: Sequence, measure: str) -> Table:
    """The dev scores of the tasks of a sequence (columns) after each of its stages (rows), with intervals."""
    matrix, columns = matrix_of(results, encoder, sequence, measure), [column.label for column in sequence.columns]
    index = [f"{place} {stage}" for place, stage in enumerate((NO_INTERMEDIATE, *sequence.stages))]
    found = np.array([[forgetting.over_seeds(seeds) for seeds in row] for row in matrix.scores])
    numbers = pd.DataFrame(index=pd.Index(index, name="after"))
    shown = numbers.copy()
    for place, label in enumerate(columns):
        numbers[[label, f"{label} low", f"{label} high"]] = found[:, place]
        shown[label] = [_interval(*row, delta=False) for row in found[:, place]]
    if measure == HEADS:
        # There are no heads before a training; a blank is not a missing score.
        for place, column in enumerate(sequence.columns):
            shown.iloc[: column.place, place] = ""
        numbers, shown = numbers.iloc[1:], shown.iloc[1:]
    caption = (
        f"Dev scores of the tasks of {sequence.path} after each stage: {_ROWS[measure]}. The mean over seeds, with its "
        "95 % interval over seeds."
    )
    return Table(sequence.table(measure), caption, numbers, shown)


def summary(results: Results, encoder: str) -> Table:
    """Transfer and forgetting of all sequences, those that forget most first."""
    rows: dict[str, dict[str, float]] = {}
    texts: dict[str, dict[str, str]] = {}
    for sequence in results.sequences:
        numbers, shown = rows.setdefault(sequence.path, {}), texts.setdefault(sequence.path, {})
        for measure in _measures(results):
            matrix = matrix_of(results, encoder, sequence, measure)
            for name in _OF_MEASURES[measure]:
                found, label = forgetting.over_seeds(_STATISTICS[name](matrix)), f"{measure}: {name}"
                numbers |= dict(zip((label, f"{label} low", f"{label} high"), found, strict=True))
                shown[label] = _interval(*found, delta=name != FINAL)
    by = f"{_measures(results)[-1]}: {FORGOTTEN}"
    whole, shown = (pd.DataFrame.from_dict(one, orient="index").rename_axis("sequence") for one in (rows, texts))
    whole = whole.sort_values(by, ascending=False, kind="stable", na_position="last")
    return Table(TABLE, _about(results, by), whole, shown.reindex(whole.index))


def matrix_of(results: Results, encoder: str, sequence: Sequence, measure: str) -> Matrix:
    """The scores of a sequence with a measure; a score that is not there is missing."""
    assert results.measured is not None
    mine = results.measured[(results.measured["encoder"] == encoder) & (results.measured["measure"] == measure)]
    known = {
        (stages, None if pd.isna(seed) else int(seed), name): value
        for stages, seed, name, value in mine[["stages", "seed", "name", "value"]].itertuples(index=False)
    }
    seeds = results.grid.seeds
    scores = np.full((1 + len(sequence.stages), len(sequence.columns), len(seeds)), np.nan)
    for length in range(len(scores)):
        stages = path_of(sequence.stages[:length]) or NO_INTERMEDIATE
        for place, column in enumerate(sequence.columns):
            name = column.head if measure == HEADS else column.measured.name
            # The encoder itself has no seed.
            found = [known.get((stages, seed if length else None, name), np.nan) for seed in seeds]
            scores[length, place] = found
    return Matrix(scores, np.array([column.place for column in sequence.columns]), measure == PROBES)


def _measures(results: Results) -> list[str]:
    return [measure for measure in _OF_MEASURES if measure in results.measures]


def _interval(value: float, low: float, high: float, *, delta: bool) -> str:
    """A number with its interval, such as `71.2 (70.9 to 71.6)`."""
    if pd.isna(low):
        return text(value, delta=delta) if not pd.isna(value) else MISSING
    return f"{text(value, delta=delta)} ({text(low, delta=delta)} to {text(high, delta=delta)})"


def _about(results: Results, by: str) -> str:
    """The caption of the summary."""
    what = (
        "final: mean score of all tasks after the last stage; backward: mean change of the score of a task from its "
        "own stage to the last one; forgetting: mean loss from the best score before the last stage to the last one. "
        "Both are means over the tasks before the last stage"
    )
    if PROBES in results.measures:
        what += (
            "; forward: mean of the score of a probe before the stage of its task minus that on the untrained encoder, "
            "over the tasks after the first stage"
        )
    measures = " ".join(f"{measure}: {_ROWS[measure]}." for measure in _measures(results))
    return (
        f"What sequences of trainings forget, in points on dev data; in descending order of {by}. {measures} In each: "
        f"{what}. Means over seeds, with 95 % intervals over seeds."
    )
