"""Comparison of the number of rows of a split with the size of its release."""

from xstilts.task import Task


def unexpected(task: Task, split: str, lang: str, rows: int, limit: int | None) -> str | None:
    """A warning if the number of rows differs from the release; None if it agrees or the release's size is unknown.

    Args:
        rows: the number of rows that were read, of both sides for retrieval.
        limit: the maximum number of rows to read; None for all.
    """
    expected = task.counts.get(split, {}).get(lang)
    cut = limit is not None and rows >= limit
    if expected is None or rows == expected or (cut and rows <= expected):
        return None
    return f"{rows} rows, where its release has {expected}"
