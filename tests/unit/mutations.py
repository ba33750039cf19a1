"""Ways to damage a file, each determined by a few random numbers."""

import gzip
import io
import json
import zlib
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import strategies as st

_DEEP = "[" * 3000 + "]" * 3000
_TEXTS = (
    *(
        '"',
        '""',
        "\t",
        "\n",
        "\r",
        "\r\n",
        "\n\n",
        "\0",
        "\ufeff",
        "\u2028",
        "\u0085",
        " ",
        "-",
        "_",
        "|",
        ",",
        "'",
        "\\",
    ),
    *(_DEEP, "9" * 5000, "1e999", "-1", "NaN", "null", "{}", "[]", "true", '"\\ud800"', "²", "٣"),
    *("1-2", "2-1", f"1-{'9' * 30}", "1.1", "de:", "(<L ", "ID="),
)
PIECES = [*(text.encode() for text in _TEXTS), b"\xff", b"\xed\xa0\x80", b"\x1f\x8b", b"PAR1"]
VALUES = [
    None,
    True,
    -1,
    7,
    2**31,
    10**400,
    1.5,
    float("nan"),
    "",
    " ",
    "x",
    "\ud800",
    "a\tb\nc",
    [],
    {},
    [None],
    {"a": 1},
]

Mutation = tuple[str, int, int, int]
"""The name of a way, a place, an extent and which piece or value to put there."""


def _cut(content: bytes, place: int, extent: int, which: int) -> bytes:
    return content[: place % (len(content) + 1)]


def _overwrite(content: bytes, place: int, extent: int, which: int) -> bytes:
    start = place % (len(content) + 1)
    return content[:start] + PIECES[which % len(PIECES)] + content[start + extent % 4 :]


def _field(content: bytes, place: int, extent: int, which: int) -> bytes:
    """Another field in one line, or one less."""
    lines = content.split(b"\n")
    fields = lines[place % len(lines)].split(b"\t")
    fields[extent % len(fields) :][:1] = []
    fields[extent % len(fields)] = PIECES[which % len(PIECES)]
    lines[place % len(lines)] = b"\t".join(fields)
    return b"\n".join(lines)


def _drop_line(content: bytes, place: int, extent: int, which: int) -> bytes:
    lines = content.splitlines(keepends=True) or [b""]
    del lines[place % len(lines)]
    return b"".join(lines)


def _repeat_line(content: bytes, place: int, extent: int, which: int) -> bytes:
    lines = content.splitlines(keepends=True) or [b""]
    number = place % len(lines)
    lines[number : number + 1] *= extent % 3 + 2
    return b"".join(lines)


def _other_ends(content: bytes, place: int, extent: int, which: int) -> bytes:
    plain = content.replace(b"\r\n", b"\n")
    return plain.replace(b"\n", (b"\n", b"\r\n", b"\r", b"\n\n")[extent % 4])


def _change_value(value: Any, place: int, extent: int, which: int) -> Any:
    """A JSON value with something else somewhere in it, or with something less."""
    if place % 7 and isinstance(value, (dict, list)) and value:
        keys = list(value) if isinstance(value, dict) else range(len(value))
        key = keys[extent % len(keys)]
        if place % 11 == 1:
            del value[key]
        else:
            value[key] = _change_value(value[key], place // 7 + 1, extent // 3, which)
        return value
    return VALUES[which % len(VALUES)]


def _change_json(content: bytes, place: int, extent: int, which: int) -> bytes:
    lines = content.decode("utf-8", "surrogateescape").split("\n")
    number = extent % len(lines)
    try:
        value = json.loads(lines[number])
    except (ValueError, RecursionError):
        return content
    lines[number] = json.dumps(_change_value(value, place, extent, which))
    return "\n".join(lines).encode("utf-8", "surrogateescape")


def _change_table(content: bytes, place: int, extent: int, which: int) -> bytes:
    """A parquet file with a column of another type, another value, or none."""
    try:
        table = pq.read_table(io.BytesIO(content))
    except (pa.ArrowException, OSError):
        return content
    if not table.num_columns:
        return content
    column = place % table.num_columns
    name, value = table.column_names[column], VALUES[which % len(VALUES)]
    values = table.column(column).to_pylist()
    try:
        spoilt = pa.array([value] * len(values) if extent % 2 else [*values[:-1], value][: len(values)])
    except (pa.ArrowException, OverflowError, UnicodeError):
        spoilt = pa.array([str(number).encode() + b"\xff" for number in range(len(values))])
    if extent % 5 == 0:
        table = table.remove_column(column)
    elif extent % 5 == 1:
        table = table.replace_schema_metadata({"huggingface": PIECES[which % len(PIECES)]})
    else:
        table = table.set_column(column, name, spoilt)
    written = io.BytesIO()
    try:
        pq.write_table(table, written)
    except pa.ArrowException:
        return content
    return written.getvalue()


WAYS: dict[str, Callable[[bytes, int, int, int], bytes]] = {
    "cut": _cut,
    "overwrite": _overwrite,
    "field": _field,
    "drop a line": _drop_line,
    "repeat a line": _repeat_line,
    "other line ends": _other_ends,
    "change JSON": _change_json,
    "change a table": _change_table,
}

_NUMBERS = st.integers(0, 10**6)
MUTATIONS = st.lists(st.tuples(st.sampled_from(sorted(WAYS)), _NUMBERS, _NUMBERS, _NUMBERS), min_size=1, max_size=4)


def mutated(name: str, content: bytes, mutations: list[Mutation]) -> bytes:
    """The content of a file after some mutations; what is in a compressed file is spoilt as well as its bytes."""
    for way, place, extent, which in mutations:
        inside = name.endswith(".gz") and place % 3
        try:
            plain = gzip.decompress(content) if inside else content
        except (OSError, EOFError, zlib.error):
            plain, inside = content, False
        plain = WAYS[way](plain, place, extent, which)
        content = gzip.compress(plain, mtime=0) if inside else plain
    return content
