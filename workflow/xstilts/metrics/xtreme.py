"""The averages of the XTREME benchmark (Hu et al. 2020; its evaluate.py); incomplete averages are None."""

import math
from collections.abc import Iterable, Mapping

GROUPS = {
    "classification": ("xnli", "pawsx"),
    "tagging": ("udpos", "panx"),
    "qa": ("xquad", "mlqa", "tydiqa"),
    "retrieval": ("bucc2018", "tatoeba"),
}
"""The tasks of each group; together the nine of the benchmark."""

TASKS = tuple(task for tasks in GROUPS.values() for task in tasks)


def task_average(by_language: Mapping[str, float | None], languages: Iterable[str]) -> float | None:
    """The unweighted mean of a score over all languages of a task; None if a language is missing or NaN.

    The main score of a task is the metric's `main_score` of these averages.
    """
    return _complete_mean(by_language, languages)


def group_averages(main_scores: Mapping[str, float | None]) -> dict[str, float | None]:
    """The unweighted mean of the main scores of each group of tasks; None for a group with a missing task."""
    return {group: _complete_mean(main_scores, tasks) for group, tasks in GROUPS.items()}


def overall(main_scores: Mapping[str, float | None]) -> float | None:
    """The XTREME score: the unweighted mean over the nine tasks, not over the groups; None if a task is missing."""
    return _complete_mean(main_scores, TASKS)


def _complete_mean(values: Mapping[str, float | None], keys: Iterable[str]) -> float | None:
    wanted = [values.get(key) for key in keys]
    present = [value for value in wanted if value is not None and not math.isnan(value)]
    if not wanted or len(present) < len(wanted):
        return None
    return sum(present) / len(present)
