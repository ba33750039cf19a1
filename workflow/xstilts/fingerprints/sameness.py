"""Records of sameness: new code, or another version of a library, gives the same results as an older one.

A record makes one fingerprint equivalent to an older one. Names are built with the oldest, so that a change without
effect on results invalidates none. The records of this project are in `sameness.json` beside this module; those that a
user adds are in the store, in a file of the same name (docs/store.md).
"""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeGuard

from xstilts.errors import UserError, shorten
from xstilts.fingerprints.atomic import replacing

FILE = "sameness.json"
LIBRARY = "library."
"""Prefix of the names of libraries in records."""

SHIPPED = Path(__file__).with_name(FILE)
"""The records of this project."""

_FORM = '{"known": {"job.train_stage": ["<fingerprint>", ...]}, "records": [{"of", "new", "old", "why", "shown"}, ...]}'

_RESTORE = "Restore it from its last version."
_REACH = "Make it readable again: check its permissions and its disk."


@dataclass(frozen=True)
class Record:
    """Statement that something gives the same results as before.

    Args:
        of: a role of code (`job.train_stage`), a module (`module.training.stage`) or a library (`library.torch`).
        new: its fingerprint, or its minor version.
        old: the equivalent older one.
        why: why the change does not affect results.
        shown: the evidence for that.
    """

    of: str
    new: str
    old: str
    why: str
    shown: str


class Sameness:
    """The combined records of several files.

    Args:
        files: the files of records; a missing file has none.
        added: additional records, each from the oldest fingerprint of something to an older one.

    Raises:
        UserError: a file is not a file of records; records contradict each other or form a cycle; a record has a
            fingerprint that its file does not list as known.
    """

    def __init__(self, files: Iterable[Path], added: Iterable[Record] = ()):
        self._older: dict[tuple[str, str], str] = {}
        origins: dict[tuple[str, str], Path] = {}
        for file in files:
            known, records = read(file)
            for record in records:
                _require_known(file, record, known)
                key = (record.of, record.new)
                if self._older.setdefault(key, record.old) != record.old:
                    others = f"{record.old} by {file} and {self._older[key]} by {origins[key]}"
                    raise _wrong(
                        file, f"{record.of} {record.new} with two older equivalents, {others}", "one", "Remove one."
                    )
                origins[key] = file
        ending: set[tuple[str, str]] = set()
        for of, new in origins:
            ending |= self._require_end(of, new, origins, ending)
        self._older |= {(record.of, record.new): record.old for record in added}

    def oldest(self, of: str, fingerprint: str) -> str:
        """The oldest equivalent fingerprint; the fingerprint itself if it has no record."""
        while (older := self._older.get((of, fingerprint))) is not None:
            fingerprint = older
        return fingerprint

    def oldest_modules(self, modules: Mapping[str, str]) -> dict[str, str]:
        """The oldest equivalent fingerprint of each module."""
        return {name: self.oldest(f"module.{name}", fingerprint) for name, fingerprint in modules.items()}

    def _require_end(
        self, of: str, new: str, origins: Mapping[tuple[str, str], Path], ending: Collection[tuple[str, str]]
    ) -> set[tuple[str, str]]:
        """The fingerprints from `new` to the oldest one, or to one of `ending`, which are known to lead to one.

        Raises:
            UserError: the records form a cycle.
        """
        passed, last = {new: None}, new
        while (older := self._older.get((of, last))) is not None and (of, older) not in ending:
            if older in passed:
                files = " and ".join(dict.fromkeys(str(origins[of, one]) for one in passed))
                circle = " → ".join([*passed, older])
                raise _wrong(files, f"a cycle of {of}: {circle}", "records that lead to an oldest one", "Remove one.")
            passed[older], last = None, older
        return {(of, one) for one in passed}


def named(spec: dict) -> dict[str, str]:
    """The parts of a spec that can have records: code fingerprints by role, and library versions."""
    return spec["code"] | {LIBRARY + name: version for name, version in spec.get("libraries", {}).items()}


def read(file: Path) -> tuple[Mapping[str, list[str]], list[Record]]:
    """Read a file of records.

    Returns:
        The fingerprints that the file lists as known, and its records. Both are empty if a store has no file.

    Raises:
        UserError: the file is not a file of records, is a broken link, or is the missing file of this project.
    """
    try:
        content = json.loads(file.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        if isinstance(error, FileNotFoundError) and file != SHIPPED and not file.is_symlink():
            return {}, []
        advice = _RESTORE if isinstance(error, ValueError | RecursionError) else _REACH
        raise _wrong(file, f"a file that cannot be read ({error})", _FORM, advice) from None
    known, records = _parts(content)
    if not _is_known(known) or not all(map(_is_record, records)):
        bad = next((one for one in records if not _is_record(one)), content)
        raise _wrong(file, shorten(bad, 200), _FORM, _RESTORE)
    return known, [Record(**record) for record in records]


def add(file: Path, records: Iterable[Record]) -> None:
    """Add records to a file, and their fingerprints to those that it lists as known."""
    known, present = read(file)
    every = list(dict.fromkeys([*present, *records]))
    listed = {of: dict.fromkeys(fingerprints) for of, fingerprints in known.items()}
    for record in every:
        listed.setdefault(record.of, {}).update(dict.fromkeys((record.old, record.new)))
    content = {"known": {of: list(found) for of, found in sorted(listed.items())}, "records": list(map(asdict, every))}
    with replacing(file) as scratch:
        scratch.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _parts(content: object) -> tuple[object, list]:
    if not isinstance(content, dict) or content.keys() != {"known", "records"}:
        return None, []
    return content["known"], content["records"] if isinstance(content["records"], list) else [None]


def _is_known(value: object) -> TypeGuard[Mapping[str, list[str]]]:
    return isinstance(value, dict) and all(
        isinstance(found, list) and all(isinstance(one, str) for one in found) for found in value.values()
    )


def _is_record(value: object) -> bool:
    fields = Record.__dataclass_fields__
    return isinstance(value, dict) and value.keys() == fields.keys() and all(isinstance(v, str) for v in value.values())


def _require_known(file: Path, record: Record, known: Mapping[str, list[str]]) -> None:
    for fingerprint in (record.new, record.old):
        if fingerprint not in known.get(record.of, ()):
            listed = ", ".join(known.get(record.of, ())) or "none"
            raise _wrong(
                file,
                f"a record of {record.of} with the fingerprint {fingerprint}",
                f"one of its known fingerprints ({listed})",
                "Remove the record, or let `make same` or `xstilts adopt` write it.",
            )


def _wrong(file: Path | str, found: str, expected: str, advice: str) -> UserError:
    return UserError(f"{file}: found {found}; expected {expected}. {advice} Until then nothing is planned or renamed.")
