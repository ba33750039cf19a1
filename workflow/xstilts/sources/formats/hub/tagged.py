"""Tagged words: PAN-X."""

from collections.abc import Iterator
from pathlib import Path

from xstilts.sources.formats import objects, parquet
from xstilts.task import Row, Task


def panx(paths: list[Path], *, task: Task, lang: str) -> Iterator[Row]:
    """PAN-X in `google/xtreme`."""
    (path,) = paths
    for place, row in parquet.rows(path, "tokens", "ner_tags"):
        words = objects.strings(path, place, row, "tokens")
        yield place, {"words": [word.strip() for word in words], "tags": objects.strings(path, place, row, "ner_tags")}
