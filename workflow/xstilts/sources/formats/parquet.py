"""Parquet files written by the library `datasets`, row by row, with the names of labels."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xstilts.errors import DataError, shorten

if TYPE_CHECKING:
    import pyarrow as pa

_BATCH = 1_000
_UNLABELLED = -1


def rows(path: Path, *columns: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The wanted columns of each row, with its position, from `row 0`.

    A `ClassLabel` is converted to the name of the label, or None if the row is unlabelled (-1).

    Raises:
        DataError: the file is not a valid parquet file, a column is missing, or a label has no name.
    """
    numbers = count()
    for batch in _batches(path, columns):
        labels = _labels(path, batch.schema)
        for row in batch.to_pylist():
            place = f"row {next(numbers)}"
            own = {column: _named(path, f"{place}.{column}", row[column], names) for column, names in labels.items()}
            yield place, row | own


def _batches(path: Path, columns: tuple[str, ...]) -> Iterator["pa.RecordBatch"]:
    # Planning imports every reader but reads no file; these imports would slow it down.
    import pyarrow as pa
    from pyarrow.parquet import ParquetFile

    try:
        file = ParquetFile(path)
        lacking = [column for column in columns if file.schema_arrow.names.count(column) != 1]
        if lacking:
            found = f"the columns {', '.join(file.schema_arrow.names)}"
            raise DataError(path, "", found, f"the columns {', '.join(columns)}", "Check the revision of the file.")
        for batch in file.iter_batches(_BATCH, columns=list(columns)):
            batch.validate(full=True)
            yield batch
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise DataError(path, "", str(error), "a complete parquet file", "Download it again.") from None


def _labels(path: Path, schema: "pa.Schema") -> dict[str, list[str]]:
    """The names of the labels of each `ClassLabel` column, in the order of their numbers."""
    from datasets import ClassLabel, Features

    try:
        features = Features.from_arrow_schema(schema)
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
        found = f"features that cannot be read ({shorten(str(error))})"
        raise DataError(path, "", found, "a parquet file written by datasets", "Download it again.") from None
    inner = {column: getattr(feature, "feature", feature) for column, feature in features.items()}
    return {column: feature.names for column, feature in inner.items() if isinstance(feature, ClassLabel)}


def _named(path: Path, place: str, value: Any, names: list[str]) -> Any:
    if isinstance(value, list):
        return [_named(path, f"{place}[{number}]", one, names) for number, one in enumerate(value)]
    if value is None or value == _UNLABELLED:
        return None
    if not isinstance(value, int) or not 0 <= value < len(names):
        raise DataError(path, place, f"the label {shorten(value)}", f"-1 or one of 0 to {len(names) - 1}")
    return names[value]
