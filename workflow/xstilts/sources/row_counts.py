"""Whether a split has as many rows as it is known to have."""

from xstilts.task import Task


def unexpected(task: Task, split: str, lang: str, rows: int, limit: int | None) -> str | None:
    """What is strange about the number of rows that were read, in words; None if nothing is, or nothing is known.

    Args:
        rows: what was read, at most `limit` of them. Of a retrieval set, rows of both sides.
        limit: where the reading ended; a split that may go on behind it has not been counted.
    """
    expected = task.counts.get(split, {}).get(lang)
    cut = limit is not None and rows >= limit
    if expected is None or rows == expected or (cut and rows <= expected):
        return None
    return f"{rows} rows, where its release has {expected}"
