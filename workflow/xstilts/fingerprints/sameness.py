"""Records that new code, or another version of a library, did the same as an older one.

A record says that one fingerprint stands for an older one. Names are formed with the oldest, so that a change that
changes no result costs no result. Those of this project come with it, in `sameness.json` beside this module; those that
a user has added for a store lie in the store, under the same name (docs/store.md).
"""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from xstilts.errors import UserError, shorten
from xstilts.fingerprints.atomic import replacing

FILE = "sameness.json"
LIBRARY = "library."
"""What the name of a library begins with in a record."""

SHIPPED = Path(__file__).with_name(FILE)
"""The records of this project."""

_FORM = '{"known": {"job.train_stage": ["<fingerprint>", ...]}, "records": [{"of", "new", "old", "why", "shown"}, ...]}'

_RESTORE = "Restore it from its last version."
_REACH = "Make it readable again: look at its permissions and at the disk on which it lies."


@dataclass(frozen=True)
class Record:
    """Something that did the same as before.

    Args:
        of: a role of code (`job.train_stage`), a module (`module.training.stage`) or a library (`library.torch`).
        new: its fingerprint, or its minor version.
        old: the one that did the same.
        why: why the change cannot matter.
        shown: by what that was shown.
    """

    of: str
    new: str
    old: str
    why: str
    shown: str


class Sameness:
    """The records of some files, as one.

    Args:
        files: the files of records; one that is not there has none.
        added: records beside them, each from the oldest fingerprint of something to an older one.

    Raises:
        UserError: a file is none of records; records contradict each other or form a circle; one names a fingerprint
            that its file does not list as known.
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
                        file, f"{record.of} {record.new} stands for two others, {others}", "one", "Remove one."
                    )
                origins[key] = file
        ending: set[tuple[str, str]] = set()
        for of, new in origins:
            ending |= self._require_end(of, new, origins, ending)
        self._older |= {(record.of, record.new): record.old for record in added}

    def oldest(self, of: str, fingerprint: str) -> str:
        """The first fingerprint that did the same; the fingerprint itself where no record says anything of it."""
        while (older := self._older.get((of, fingerprint))) is not None:
            fingerprint = older
        return fingerprint

    def oldest_modules(self, modules: Mapping[str, str]) -> dict[str, str]:
        """The same of each of some modules."""
        return {name: self.oldest(f"module.{name}", fingerprint) for name, fingerprint in modules.items()}

    def _require_end(
        self, of: str, new: str, origins: Mapping[tuple[str, str], Path], ending: Collection[tuple[str, str]]
    ) -> set[tuple[str, str]]:
        """What is passed on the way from a fingerprint to the oldest one, or to one that is known to lead there."""
        passed, last = {new: None}, new
        while (older := self._older.get((of, last))) is not None and (of, older) not in ending:
            if older in passed:
                files = " and ".join(dict.fromkeys(str(origins[of, one]) for one in passed))
                circle = " → ".join([*passed, older])
                raise _wrong(files, f"a circle of {of}: {circle}", "records that lead to an oldest one", "Remove one.")
            passed[older], last = None, older
        return {(of, one) for one in passed}


def named(spec: dict) -> dict[str, str]:
    """What records can be of in a spec: roles of code with their fingerprints, and libraries with their versions."""
    return spec["code"] | {LIBRARY + name: version for name, version in spec.get("libraries", {}).items()}


def read(file: Path) -> tuple[Mapping[str, list[str]], list[Record]]:
    """The fingerprints that a file knows, by what they are of, and its records; nothing where a store has no file.

    Raises:
        UserError: the file is not one of records; it is a link that leads nowhere, or that of this project is gone.
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
    """Add records to a file, and what they name to the fingerprints that it knows."""
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


def _is_known(value: object) -> bool:
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
                f"a record of {record.of} that names {fingerprint}",
                f"a fingerprint that it has had ({listed})",
                "Remove the record, or let `make same` or `xstilts adopt` write it.",
            )


def _wrong(file: Path | str, found: str, expected: str, advice: str) -> UserError:
    return UserError(f"{file}: found {found}; expected {expected}. {advice} Until then nothing is planned or renamed.")
