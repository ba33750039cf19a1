"""What lies in a store: every entry that was ever made there, whatever configuration asked for it."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from xstilts.paths import CELLS, FLAT, LEAF, MANIFEST, MODELS, NAME, SPEC, place
from xstilts.steps.entry import About, Entry
from xstilts.store import older
from xstilts.store.entries import ENTRY, MEASURED, MODULES, finished
from xstilts.store.jsonfiles import read_json


@dataclass(frozen=True)
class Result:
    """An entry that lies in the store, finished or not, known by its path alone."""

    store: Path
    path: str

    @property
    def folder(self) -> Path:
        """Where it lies."""
        return self.store / self.path

    @property
    def manifest(self) -> Path:
        """The file whose presence says that it is finished."""
        return self.folder / MANIFEST

    @property
    def is_finished(self) -> bool:
        """Whether it is complete."""
        manifest = str(self.manifest.relative_to(self.store))
        return finished(self.store, Entry("", self.path, {}, {}, manifest)) and bool(self.spec)

    @cached_property
    def notes(self) -> dict:
        """What its manifest says."""
        return read_json(self.manifest)

    @cached_property
    def _said(self) -> dict:
        return read_json(self.folder / SPEC)

    @cached_property
    def spec(self) -> dict:
        """What it was made with; nothing where nobody can know."""
        return {key: value for key, value in self._said.items() if key != ENTRY}

    @property
    def _of_entry(self) -> dict:
        return self._said.get(ENTRY, {})

    @cached_property
    def about(self) -> About:
        """What it stands for."""
        said = self._of_entry.get("about")
        return About(**{**said, "stages": tuple(said["stages"])}) if said else older.about(self.path)

    @cached_property
    def inputs(self) -> dict[str, str] | None:
        """The paths of what it was made from, by role; None where its spec.json does not say it."""
        return self._of_entry.get("inputs")

    @property
    def measured(self) -> dict:
        """The `seconds` that it took, for how many `examples`, on which `device`; nothing where that is not noted."""
        noted = self.notes.get(MEASURED)
        return noted if isinstance(noted, dict) and noted.keys() == {"seconds", "examples", "device"} else {}

    @property
    def is_too_old(self) -> bool:
        """Whether it was made by a version that had one fingerprint for all code, for which no record can stand."""
        return not isinstance(self.spec.get("code"), dict)

    @property
    def modules(self) -> dict[str, dict[str, str]]:
        """The modules of its code with their fingerprints, by role; nothing where that is not noted."""
        noted = self.notes.get(MODULES)
        return noted if isinstance(noted, dict) and all(isinstance(one, dict) for one in noted.values()) else {}

    @cached_property
    def made(self) -> int:
        """When it was finished, in nanoseconds since 1970."""
        return self.manifest.stat().st_mtime_ns


class Contents:
    """What a store holds, found in one walk."""

    def __init__(self, store: Path):
        self.store = store
        self.all = {path: Result(store, path) for path in paths(store)}
        self._by_place: dict[str, list[Result]] = {}
        for path, result in self.all.items():
            self._by_place.setdefault(place(path), []).append(result)
        self._finished: dict[str, list[Result]] = {}

    def at(self, path: str) -> Result | None:
        """The finished entry of this path."""
        result = self.all.get(path)
        return result if result and result.is_finished else None

    def like(self, path: str) -> list[Result]:
        """The finished entries in the place of a path, the newest first."""
        where = place(path)
        if where not in self._finished:
            found = [result for result in self._by_place.get(where, []) if result.is_finished]
            self._finished[where] = sorted(found, key=lambda result: -result.made)
        return self._finished[where]

    def below(self, folder: str) -> list[Result]:
        """The finished entries below one of the store's folders, such as `models`."""
        return [one for path, one in self.all.items() if path.startswith(f"{folder}/") and one.is_finished]

    def counterpart(self, entry: Entry, role: str, result: Result) -> str | None:
        """The path of what a result was made from where the entry has its input `role`; None where nobody can know."""
        if result.inputs is not None:
            return result.inputs.get(role)
        return older.counterpart(entry, role, result.path, result.spec, (one.path for one in self._roots(entry, role)))

    def _roots(self, entry: Entry, role: str) -> list[Result]:
        """The encoders or tokenizers, made here, that a result in the place of an entry may begin with."""
        return self.like(entry.inputs[role].path) if role in ("encoder", "tokenizer") else []


def paths(store: Path) -> Iterator[str]:
    """The paths of all entries below a store, finished or not."""
    for folder, names in FLAT.items():
        for found in sorted((store / folder).glob(names)):
            if NAME.fullmatch(found.name) and found.is_dir():
                yield str(found.relative_to(store))
    for folder in (MODELS, CELLS):
        yield from _leaves(store, folder)


def _leaves(store: Path, folder: str) -> Iterator[str]:
    """The entries below a folder of models or cells."""
    try:
        inside = sorted(os.scandir(store / folder), key=lambda item: item.name)
    except (FileNotFoundError, NotADirectoryError):
        return
    for item in inside:
        path = f"{folder}/{item.name}"
        if not item.is_dir(follow_symlinks=False):
            continue
        if LEAF.fullmatch(item.name):
            yield path
            scores = sorted(one.name for one in (store / path).glob("scores~*/") if NAME.fullmatch(one.name))
            yield from (f"{path}/{name}" for name in scores)
        elif NAME.fullmatch(item.name):
            yield from _leaves(store, path)
