"""Giving old results the names that they have under changed code, when a person knows that it cannot matter."""

import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from xstilts.grid import Entry
from xstilts.inspection.differences import changes
from xstilts.inspection.progress import lock_file
from xstilts.inspection.results import ADOPTED, Result, Results, is_reference
from xstilts.locks import holder
from xstilts.spec import sha256
from xstilts.steps import RESULTS
from xstilts.store import MANIFEST, REMOVED, SPEC, write_json


@dataclass(frozen=True)
class Adoption:
    """An entry, and the result that takes its name."""

    entry: Entry
    result: Result


def adoptions(pending: dict[str, Entry], results: Results, steps: Iterable[str] = RESULTS) -> list[Adoption]:
    """What can be adopted: entries of which there is a result that differs in nothing but code.

    What it was made from has to be what the entry is made from: the same entry, one that is adopted for it, or one
    with the same bytes in all of its files.

    Returns:
        One for each entry, those that others are made from first.
    """
    found: dict[str, Adoption] = {}
    for entry in _in_order(pending):
        if entry.step in steps and not holder(lock_file(results.store, entry)):
            fitting = (one for one in _others(entry, results) if _fits(entry, one, results, found))
            if result := next(fitting, None):
                found[entry.path] = Adoption(entry, result)
    return list(found.values())


def adopt(store: Path, adoption: Adoption, because: str) -> None:
    """Put the files of a result under the name of an entry, by hard links where the disk can; the manifest comes last.

    Args:
        because: why the change of code cannot matter; kept in the spec of the entry with the name of the result.
    """
    entry, result = adoption.entry, adoption.result
    record = {"from": result.path, "when": datetime.now(UTC).isoformat(timespec="seconds"), "because": because}
    spec = {**entry.spec, ADOPTED: [*result.spec.get(ADOPTED, []), record]}
    folder = store / entry.path
    for name in result.notes["files"]:
        if name != SPEC:
            _link(result.folder / name, folder / name)
    write_json(folder / SPEC, spec)
    hashes = {**result.notes["files"], SPEC: sha256(folder / SPEC)}
    sizes = {name: (folder / name).stat().st_size for name in hashes}
    write_json(folder / MANIFEST, {**result.notes, "files": hashes, "sizes": sizes})


def _in_order(pending: dict[str, Entry]) -> list[Entry]:
    """The entries, each behind those that it is made from."""
    order: dict[str, Entry] = {}

    def visit(entry: Entry) -> None:
        if entry.path in pending and entry.path not in order:
            for one in entry.inputs.values():
                visit(one)
            order[entry.path] = entry

    for entry in pending.values():
        visit(entry)
    return list(order.values())


def _others(entry: Entry, results: Results) -> list[Result]:
    """The results in the place of an entry under other names; those that have lost their weights come last."""
    found = [one for one in results.like(entry.path) if one.path != entry.path]
    return sorted(found, key=lambda one: REMOVED in one.notes)


def _fits(entry: Entry, result: Result, results: Results, found: dict[str, Adoption]) -> bool:
    inputs = {one.path for one in entry.inputs.values()}
    for key, (old, new) in changes(entry, result).items():
        if key != ("code",) and not (is_reference(old) and new in inputs):
            return False
    return _same_root(entry, result) and all(_corresponds(entry, role, result, results, found) for role in entry.inputs)


def _same_root(entry: Entry, result: Result) -> bool:
    """Whether the path begins with the same encoder or tokenizer, or with one that is an input."""
    mine, theirs = (path.split("/")[1] for path in (entry.path, result.path))
    return mine == theirs or bool({"encoder", "parent", "model", "predictions"} & entry.inputs.keys()) or _is_own(entry)


def _is_own(entry: Entry) -> bool:
    """Whether the first name of a path below its folder is that of the entry itself."""
    return entry.path.count("/") == 1


def _corresponds(entry: Entry, role: str, result: Result, results: Results, found: dict[str, Adoption]) -> bool:
    """Whether a result was made from what an entry has as an input."""
    mine, theirs = entry.inputs[role], results.counterpart(entry, role, result)
    if theirs is None:
        # It is looked at where another input is made from it.
        return any(mine in one.inputs.values() for one in entry.inputs.values())
    if theirs == mine.path or (mine.path in found and found[mine.path].result.path == theirs):
        return True
    return _same_bytes(results.at(mine.path), results.at(theirs))


def _same_bytes(mine: Result | None, theirs: Result | None) -> bool:
    if mine is None or theirs is None:
        return False
    return _contents(mine) == _contents(theirs)


def _contents(result: Result) -> dict[str, str]:
    return {name: hash_ for name, hash_ in result.notes["files"].items() if name != SPEC}


def _link(old: Path, new: Path) -> None:
    """One file under two names, or a copy where the disk cannot do that."""
    new.parent.mkdir(parents=True, exist_ok=True)
    new.unlink(missing_ok=True)
    try:
        os.link(old, new)
    except OSError:
        shutil.copy2(old, new)
