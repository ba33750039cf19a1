"""Token ids on disk: one memory-mapped Arrow file for each split and language of a task."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from xstilts.features.batching import padded_length
from xstilts.names import split_name


def file_name(split: str, lang: str) -> str:
    """The name of the file with the features of a split in one language."""
    return f"{split_name(split, lang)}.arrow"


def write(path: Path, table: pa.Table) -> None:
    """Write features as an Arrow file."""
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)


def read(path: Path) -> pa.Table:
    """The features in a file, memory-mapped: only the rows that are used are read from disk."""
    return pa.ipc.open_file(pa.memory_map(str(path))).read_all()


def lengths(features: pa.Table) -> np.ndarray:
    """The number of token ids of each row, shape (rows,)."""
    return pc.list_value_length(features["input_ids"]).to_numpy()


def widths(features: pa.Table) -> np.ndarray:
    """The number of tokens that each row has in a batch, its own padding included, shape (rows,)."""
    if "choices" not in features.column_names:
        return padded_length(lengths(features))
    choices = features["choices"].combine_chunks()
    longest = np.maximum.reduceat(
        choices.flatten().to_numpy(), choices.offsets.to_numpy()[:-1] - choices.offsets[0].as_py()
    )
    return padded_length(longest) * pc.list_value_length(choices).to_numpy()
