"""Reading files in any layout into canonical tables.

Invalid content raises a `DataError` with its position; nothing is guessed or repaired. Rows that a reader leaves out,
as their format prescribes, are counted.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import chain, islice, zip_longest
from pathlib import Path

import pyarrow as pa

from xstilts.errors import DataError, nearest, shorten
from xstilts.sources.columns import GOLD_COLUMN, SCHEMAS
from xstilts.sources.formats import bitext
from xstilts.sources.release import Found
from xstilts.task import ANOTHER_LANGUAGE, DEFECTS, LeftOut, Row, Task

_BATCH = 10_000
_DEFECTIVE = 0.1
"""The maximum share of the rows of a split that may have the same defect."""
_SAMPLE = 100
"""The number of rows from which this share is judged, if a limit ends the reading before the end of the files."""
_LISTED = 50

Example = tuple[Path, str, dict]
"""A file, a position in it and the canonical row at that position."""


def read(
    sources: list[Found], task: Task, lang: str, limit: int | None = None, left_out: Counter[str] | None = None
) -> pa.Table:
    """The validated canonical table of a split.

    Args:
        sources: the files of the split; one entry for each task of a pool. The rows of several entries are interleaved,
            so that the first rows cover all of them.
        limit: the number of examples to keep. For retrieval, the first `limit` foreign sentences are kept, all of their
            English translations, and further English sentences in file order up to the limit. The result is what
            smaller files would give: Tatoeba row numbers stay valid, and gold pairs without their foreign sentence are
            dropped.
        left_out: receives the number of rows that were left out, by reason. Together with the rows of the table, these
            are all rows that were read.

    Raises:
        DataError: a file violates its format, the message has the position of the first error; or more than a tenth of
            the rows have the same defect.
    """
    schema = SCHEMAS[task.kind]
    left_out = Counter() if left_out is None else left_out
    rows = _checked(_examples(sources, task, lang, limit, left_out), sources[0].split, task)
    batches = [pa.RecordBatch.from_pylist(batch, schema) for batch in iter(lambda: list(islice(rows, _BATCH)), [])]
    if not batches:
        raise _no_examples(sources, lang, left_out)
    table = pa.Table.from_batches(batches, schema)
    _require_few_defects(sources, table.num_rows, limit, left_out)
    return table


def _require_few_defects(sources: list[Found], rows: int, limit: int | None, left_out: Counter[str]) -> None:
    for reason in DEFECTS:
        count, total = left_out[reason], rows + left_out[reason]
        judged = limit is None or rows < limit or total >= _SAMPLE
        if judged and count > _DEFECTIVE * total:
            paths = ", ".join(str(path) for found in sources for path in found.paths)
            hint = "The files are incomplete: download them again, or leave out the language."
            raise DataError(
                paths, "", f"{count:,} of {total:,} rows {reason}", f"at most {_DEFECTIVE:.0%} of such rows", hint
            )


def described(left_out: Mapping[str, int]) -> str:
    """The rows that were left out as text: `785 without a majority of annotators, 2 torn by a line feed`."""
    return ", ".join(f"{count} {reason}" for reason, count in left_out.items())


def _no_examples(sources: list[Found], lang: str, left_out: Counter[str]) -> DataError:
    """The error for files without examples, with possible reasons."""
    first, *others = [path for found in sources for path in found.paths]
    hints = [f"Also searched: {', '.join(path.name for path in others)}."] if others else []
    if left_out:
        hints.append(f"Rows left out: {described(left_out)}.")
    if ANOTHER_LANGUAGE in left_out:
        hints.append("Leave out the language, or provide a file that has it.")
    hints = hints or ["The file may be truncated; download it again."]
    return DataError(first, "", f"no example in {lang!r}", "at least one", " ".join(hints))


def _examples(
    sources: list[Found], task: Task, lang: str, limit: int | None, left_out: Counter[str]
) -> Iterator[Example]:
    """The rows of all sources, up to the limit."""
    if task.kind == "retrieval" and limit is not None:
        (found,) = sources
        rows = _kept(found.layout.read(list(found.paths), task=task, lang=lang), left_out)
        return ((found.paths[0], place, row) for place, row in _kept(bitext.first(rows, limit), left_out))
    return islice(_by_turns([_of_files(found, task, lang, left_out) for found in sources]), limit)


def _of_files(found: Found, task: Task, lang: str, left_out: Counter[str]) -> Iterator[Example]:
    """The rows of one source; the files of a layout are read one after the other, or interleaved."""
    layout = found.layout
    groups = [[path] for path in found.paths] if layout.every or layout.interleave else [list(found.paths)]
    readers = [_placed(paths, found, task, lang, left_out) for paths in groups]
    return _by_turns(readers) if layout.interleave else chain.from_iterable(readers)


def _placed(paths: list[Path], found: Found, task: Task, lang: str, left_out: Counter[str]) -> Iterator[Example]:
    """The rows of files that belong together; in a pool, ids are prefixed with the name of the task."""
    part = found.task
    for place, row in _kept(found.layout.read(paths, task=part, lang=lang), left_out):
        own = {"id": f"{part.name}-{row['id']}"} if "id" in row and part.name != task.name else {}
        yield paths[0], place, row | own


def _kept(rows: Iterator[Row], left_out: Counter[str]) -> Iterator[tuple[str, dict]]:
    """The canonical rows; those that a reader leaves out are counted."""
    for place, row in rows:
        if isinstance(row, LeftOut):
            left_out[row] += 1
        else:
            yield place, row


def _by_turns(streams: list[Iterator[Example]]) -> Iterator[Example]:
    """One row from each stream in turn, until all are exhausted."""
    for turn in zip_longest(*streams):
        yield from (example for example in turn if example is not None)


def _checked(examples: Iterator[Example], split: str, task: Task) -> Iterator[dict]:
    """The rows, once their ids are unique, all or none of them are labelled, and they are valid for their kind."""
    column, check, labelled = GOLD_COLUMN[task.kind], _CHECKS.get(task.kind), None
    seen: set[str] = set()
    for path, place, row in examples:
        row = {"id": str(len(seen)), **row}
        if not row["id"] or row["id"] in seen:
            raise DataError(path, place, f"the id {row['id']!r}" + " again" * bool(row["id"]), "a unique id")
        seen.add(row["id"])
        if row.get("side") != "foreign":
            labelled = _labelled(path, place, row[column] is not None, labelled, split)
        if check:
            check(path, place, row, task.labels)
        yield row


def _labelled(path: Path, place: str, has_gold: bool, labelled: bool | None, split: str) -> bool:
    if split == "train" and not has_gold:
        raise DataError(path, place, "no label", "labels in training data")
    if labelled not in (None, has_gold):
        found, before = ("a label", "none") if has_gold else ("no label", "one")
        raise DataError(path, place, f"{found}, but the rows before have {before}", "labels in all rows or in none")
    return has_gold


def _check_label(path: Path, place: str, row: dict, labels: tuple[str, ...]) -> None:
    if row["label"] not in (None, *labels):
        raise _not_a_label(path, place, f"the label {shorten(row['label'])}", row["label"], labels)


def _check_choices(path: Path, place: str, row: dict, labels: tuple[str, ...]) -> None:
    if len(row["choices"]) != len(labels):
        raise DataError(
            path, place, f"{len(row['choices'])} choices", f"{len(labels)} choices in each row of this task"
        )
    texts = {"the prompt": row["prompt"]} | {f"choice {number}": text for number, text in enumerate(row["choices"])}
    for name, text in texts.items():
        if not text:
            raise DataError(path, place, f"no text in {name}", "text in the prompt and in every choice")
    _check_label(path, place, row, labels)


def _check_tags(path: Path, place: str, row: dict, labels: tuple[str, ...]) -> None:
    words, tags = row["words"], row["tags"]
    if tags is None:
        return
    if not words or len(words) != len(tags):
        raise DataError(path, place, f"{len(tags)} tags for {len(words)} words", "one tag for each word")
    unknown = set(tags).difference(labels) if labels else {tag for tag in tags if tag.split() != [tag]}
    for number, (word, tag) in enumerate(zip(words, tags, strict=True), 1):
        if tag in unknown:
            found = f"the tag {shorten(tag)} on word {number}, {shorten(word)}"
            raise _not_a_label(path, place, found, tag, labels)


def _not_a_label(path: Path, place: str, found: str, value: str, labels: tuple[str, ...]) -> DataError:
    if not labels:
        return DataError(path, place, found, "a tag without spaces")
    known = ", ".join(labels) if len(labels) <= _LISTED else f"the {len(labels)} labels"
    return DataError(path, place, found, f"one of {known}", nearest(value, labels).strip())


_CHECKS = {"classification": _check_label, "multiple_choice": _check_choices, "tagging": _check_tags}
