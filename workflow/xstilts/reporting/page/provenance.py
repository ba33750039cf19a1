"""Provenance of a cell: settings, data, versions, time and device of each entry it was computed from."""

import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

from xstilts import __version__
from xstilts.fingerprints.readable import readable
from xstilts.names import split_and_language, split_name
from xstilts.sources.columns import file_name
from xstilts.steps.entry import Entry
from xstilts.store.contents import Result
from xstilts.store.entries import PRECISION, noted

PROJECT = Path(__file__).parents[4]

_SETTINGS = {"train_stage": "stage", "encode_task": "settings", "predict": "options"}
"""The key of the settings in the spec of a step."""

_READING = ("read_task", "perturb_task")
"""The steps that write examples."""

_TOOLS = ("altair", "pandas", "pyarrow")


class Entries:
    """Numbered descriptions of entries of the store, each entry once.

    Args:
        store: the folder of the store.
    """

    def __init__(self, store: Path):
        self.store = store
        self.described: list[dict] = []
        self._numbers: dict[str, int] = {}

    def number(self, entry: Entry) -> int:
        """The number of an entry. Its inputs are described as well; `from` has their numbers by role."""
        if entry.path not in self._numbers:
            made_from = {role: self.number(source) for role, source in entry.inputs.items()}
            self._numbers[entry.path] = len(self.described)
            self.described.append({**_described(Result(self.store, entry.path), entry), "from": made_from})
        return self._numbers[entry.path]


def _described(result: Result, entry: Entry) -> dict:
    measured = result.measured
    return {
        "path": entry.path,
        "step": entry.step,
        "settings": _flat(readable(entry.spec).get(_SETTINGS.get(entry.step, ""), {})),
        "code": entry.spec["code"],
        "libraries": entry.spec.get("libraries", {}),
        "seconds": measured.get("seconds"),
        "device": measured.get("device"),
        "precision": result.notes.get(PRECISION),
        "files": _files(result) if entry.step in _READING else [],
    }


def _flat(settings: dict, prefix: str = "") -> dict[str, object]:
    """Settings by dotted key; lists are not flattened."""
    found: dict[str, object] = {}
    for key, value in settings.items():
        found |= _flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {f"{prefix}{key}": value}
    return found


def _files(result: Result) -> list[dict]:
    """The data of each split and language: rows, source files and the sha256 of the canonical table."""
    spec = result.spec
    names = spec["files"] if "files" in spec else [split_name(spec["split"], lang) for lang in spec["languages"]]
    return [
        {
            "name": name,
            "rows": note["rows"],
            "read_from": note["read_from"],
            "warning": note.get("warning"),
            "left_out": note.get("left_out", {}),
            "sha256": result.notes["files"][file_name(*split_and_language(name))],
        }
        for name in names
        for note in [noted(result.store, result.path, name, "rows", "read_from")]
    ]


def versions() -> dict[str, str]:
    """The versions used to write the page: this project with its commit, Python, and libraries."""
    made_with = {"xstilts": __version__, "commit": commit(PROJECT), "Python": platform.python_version()}
    return made_with | {name: version(name) for name in _TOOLS}


def commit(folder: Path) -> str:
    """The git commit of a folder, with a note about uncommitted changes, or the reason why it is unknown."""
    try:
        head = _git(folder, "rev-parse", "HEAD")
        changed = _git(folder, "status", "--porcelain", "--untracked-files=no")
    except FileNotFoundError:
        return "unknown: git is not installed"
    except subprocess.CalledProcessError as error:
        missing = "not a git repository" in error.stderr
        return "not a git checkout" if missing else f"unknown: {error.stderr.strip().splitlines()[0]}"
    return f"{head}, with changes that are not committed" if changed else head


def _git(folder: Path, *arguments: str) -> str:
    command = ["git", "-C", str(folder), *arguments]
    return subprocess.run(command, capture_output=True, check=True, encoding="utf-8", errors="replace").stdout.strip()
