"""The canonical columns of each kind of task, independent of the file format that a task is read from.

| kind | a row is | gold |
|---|---|---|
| classification | one text or a pair | `label`, a member of the task's labels |
| multiple_choice | a prompt and its choices | `label`, the 0-based position of the correct choice, as a string |
| tagging | a sentence as a list of words | `tags`, one for each word |
| span | a question about a context | `answers`, each with its character offset in the context |
| retrieval | one sentence of one side, `english` or `foreign` | `gold`, on English rows: the ids of its translations |
| masked_lm | a passage, or a sentence and its translation | `text_a`: the text itself is predicted |

In an unlabelled split all gold values are null.
"""

import pyarrow as pa

from xstilts.names import split_name

_ANSWER = pa.struct([("start", pa.int32()), ("text", pa.string())])

SCHEMAS = {
    "classification": pa.schema(
        [("id", pa.string()), ("text_a", pa.string()), ("text_b", pa.string()), ("label", pa.string())]
    ),
    "multiple_choice": pa.schema(
        [("id", pa.string()), ("prompt", pa.string()), ("choices", pa.list_(pa.string())), ("label", pa.string())]
    ),
    "tagging": pa.schema([("id", pa.string()), ("words", pa.list_(pa.string())), ("tags", pa.list_(pa.string()))]),
    "span": pa.schema(
        [("id", pa.string()), ("question", pa.string()), ("context", pa.string()), ("answers", pa.list_(_ANSWER))]
    ),
    "retrieval": pa.schema(
        [("id", pa.string()), ("side", pa.string()), ("text", pa.string()), ("gold", pa.list_(pa.string()))]
    ),
    "masked_lm": pa.schema([("id", pa.string()), ("text_a", pa.string()), ("text_b", pa.string())]),
}

GOLD_COLUMN = {
    "classification": "label",
    "multiple_choice": "label",
    "tagging": "tags",
    "span": "answers",
    "retrieval": "gold",
    "masked_lm": "text_a",
}
"""The gold column of each kind."""


def file_name(split: str, lang: str) -> str:
    """The name of the file with the examples of a split in one language."""
    return f"{split_name(split, lang)}.parquet"
