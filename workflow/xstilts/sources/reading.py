"""Files in any layout, read into canonical tables.

What a file holds is either right or a `DataError` that names its place: nothing is guessed or repaired, and what a
reader leaves out, as its format demands, is counted.
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
from xstilts.task import ANOTHER_LANGUAGE, LeftOut, Row, Task

_BATCH = 10_000
_LISTED = 50

Example = tuple[Path, str, dict]
"""A file, a place in it and the canonical row read there."""


def read(
    sources: list[Found], task: Task, lang: str, limit: int | None = None, left_out: Counter[str] | None = None
) -> pa.Table:
    """The canonical table of a split, all of it checked.

    Args:
        sources: where the split lies; of a task that pools others, one for each of them, read by turns, a row from
            each, so that the first rows are of all.
        limit: keep the first so many examples. Of a retrieval set it keeps the first so many foreign sentences, all
            English sentences that are their translations, and further English ones in file order up to the limit, as
            if the files had never held more: a Tatoeba row number is still the row of a foreign sentence, and a gold
            pair whose foreign sentence is cut is dropped.
        left_out: counts the rows that were met and left out, by the reason: with those of the table they are all rows
            of the files, as far as these were read.

    Raises:
        DataError: a file that is not what its format says, with the place of the first thing that is wrong.
    """
    schema = SCHEMAS[task.kind]
    left_out = Counter() if left_out is None else left_out
    rows = _checked(_examples(sources, task, lang, limit, left_out), sources[0].split, task)
    batches = [pa.RecordBatch.from_pylist(batch, schema) for batch in iter(lambda: list(islice(rows, _BATCH)), [])]
    if not batches:
        raise _nothing(sources, lang, left_out)
    return pa.Table.from_batches(batches, schema)


def described(left_out: Mapping[str, int]) -> str:
    """What was left out, in words: `785 without a majority of annotators, 2 torn by a line feed`."""
    return ", ".join(f"{count} {reason}" for reason, count in left_out.items())


def _nothing(sources: list[Found], lang: str, left_out: Counter[str]) -> DataError:
    """The error for files without an example, and why they may have none."""
    first, *others = [path for found in sources for path in found.paths]
    hints = [f"Looked into {', '.join(path.name for path in others)} too."] if others else []
    if left_out:
        hints.append(f"Rows left out: {described(left_out)}.")
    if ANOTHER_LANGUAGE in left_out:
        hints.append("Leave the language out, or name a file that has it.")
    hints = hints or ["The file may have been cut off; fetch it again."]
    return DataError(first, "", f"no example in {lang!r}", "at least one", " ".join(hints))


def _examples(
    sources: list[Found], task: Task, lang: str, limit: int | None, left_out: Counter[str]
) -> Iterator[Example]:
    """The rows of all sources, or the first ones."""
    if task.kind == "retrieval" and limit is not None:
        (found,) = sources
        rows = bitext.first(found.layout.read(list(found.paths), task=task, lang=lang), limit)
        return ((found.paths[0], place, row) for place, row in _kept(rows, left_out))
    return islice(_by_turns([_of_files(found, task, lang, left_out) for found in sources]), limit)


def _of_files(found: Found, task: Task, lang: str, left_out: Counter[str]) -> Iterator[Example]:
    """The rows of one source; the files of a layout that stands for many follow each other, or take turns."""
    layout = found.layout
    groups = [[path] for path in found.paths] if layout.every or layout.interleave else [list(found.paths)]
    readers = [_placed(paths, found, task, lang, left_out) for paths in groups]
    return _by_turns(readers) if layout.interleave else chain.from_iterable(readers)


def _placed(paths: list[Path], found: Found, task: Task, lang: str, left_out: Counter[str]) -> Iterator[Example]:
    """The rows of files that belong together; in a pool their ids begin with the name of the part they are from."""
    part = found.task
    for place, row in _kept(found.layout.read(paths, task=part, lang=lang), left_out):
        own = {"id": f"{part.name}-{row['id']}"} if "id" in row and part.name != task.name else {}
        yield paths[0], place, row | own


def _kept(rows: Iterator[Row], left_out: Counter[str]) -> Iterator[Row]:
    """The rows that a reader does not leave out."""
    for place, row in rows:
        if isinstance(row, LeftOut):
            left_out[row] += 1
        else:
            yield place, row


def _by_turns(streams: list[Iterator[Example]]) -> Iterator[Example]:
    """A row from each stream as long as it has one."""
    for turn in zip_longest(*streams):
        yield from (example for example in turn if example is not None)


def _checked(examples: Iterator[Example], split: str, task: Task) -> Iterator[dict]:
    """The rows, each with an id of its own, labelled throughout or not at all, and right for their kind."""
    column, check, seen, labelled = GOLD_COLUMN[task.kind], _CHECKS.get(task.kind), set(), None
    for path, place, row in examples:
        row = {"id": str(len(seen)), **row}
        if not row["id"] or row["id"] in seen:
            raise DataError(path, place, f"the id {row['id']!r}" + " again" * bool(row["id"]), "an id of its own")
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
        raise DataError(path, place, f"{found}, where the rows before have {before}", "labels in every row, or in none")
    return has_gold


def _check_label(path: Path, place: str, row: dict, labels: tuple[str, ...]) -> None:
    if row["label"] not in (None, *labels):
        raise _not_a_label(path, place, f"the label {shorten(row['label'])}", row["label"], labels)


def _check_choices(path: Path, place: str, row: dict, labels: tuple[str, ...]) -> None:
    if len(row["choices"]) != len(labels):
        raise DataError(path, place, f"{len(row['choices'])} choices", f"{len(labels)}, as in every row of this task")
    texts = {"the prompt": row["prompt"]} | {f"choice {number}": text for number, text in enumerate(row["choices"])}
    for name, text in texts.items():
        if not text:
            raise DataError(path, place, f"no text in {name}", "a prompt and choices, all with text")
    _check_label(path, place, row, labels)


def _check_tags(path: Path, place: str, row: dict, labels: tuple[str, ...]) -> None:
    words, tags = row["words"], row["tags"]
    if tags is None:
        return
    if not words or len(words) != len(tags):
        raise DataError(path, place, f"{len(tags)} tags for {len(words)} words", "words, and a tag for each")
    strange = set(tags).difference(labels) if labels else {tag for tag in tags if tag.split() != [tag]}
    for number, (word, tag) in enumerate(zip(words, tags, strict=True), 1):
        if tag in strange:
            found = f"the tag {shorten(tag)} on word {number}, {shorten(word)}"
            raise _not_a_label(path, place, found, tag, labels)


def _not_a_label(path: Path, place: str, found: str, value: str, labels: tuple[str, ...]) -> DataError:
    if not labels:
        return DataError(path, place, found, "a tag without spaces")
    known = ", ".join(labels) if len(labels) <= _LISTED else f"the {len(labels)} labels"
    return DataError(path, place, found, f"one of {known}", nearest(value, labels).strip())


_CHECKS = {"classification": _check_label, "multiple_choice": _check_choices, "tagging": _check_tags}
