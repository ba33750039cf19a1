"""The contents of a store: all entries in it, of any configuration."""

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
from xstilts.store.metadata import Metadata


@dataclass(frozen=True)
class Result:
    """An entry in the store, finished or not, identified by its path only."""

    store: Path
    path: str

    @property
    def folder(self) -> Path:
        """Its folder."""
        return self.store / self.path

    @property
    def manifest(self) -> Path:
        """The file that marks it as finished."""
        return self.folder / MANIFEST

    @property
    def is_finished(self) -> bool:
        """Whether it is complete and has a spec."""
        manifest = str(self.manifest.relative_to(self.store))
        return finished(self.store, Entry("", self.path, {}, {}, manifest)) and bool(self.spec)

    @cached_property
    def notes(self) -> dict:
        """Its manifest."""
        return read_json(self.manifest)

    @cached_property
    def _content(self) -> dict:
        return read_json(self.folder / SPEC)

    @cached_property
    def spec(self) -> dict:
        """Its spec; empty if it has none."""
        return {key: value for key, value in self._content.items() if key != ENTRY}

    @cached_property
    def _entry(self) -> Metadata | None:
        return Metadata.of(self._content.get(ENTRY))

    @property
    def about(self) -> About:
        """Its metadata."""
        return self._entry.about if self._entry else older.about(self.path)

    @property
    def inputs(self) -> dict[str, str] | None:
        """The paths of its inputs, by role; None if its spec.json does not list them."""
        return self._entry.inputs if self._entry else None

    @property
    def measured(self) -> dict:
        """The measured `seconds`, number of `examples` and `device`, and the number of `places` if it was shared.

        Empty if the manifest does not have them.
        """
        noted = self.notes.get(MEASURED)
        if not isinstance(noted, dict) or noted.keys() - {"places"} != {"seconds", "examples", "device"}:
            return {}
        return noted

    @property
    def is_too_old(self) -> bool:
        """Whether a version with one fingerprint for all code computed it; records cannot refer to such code."""
        return not isinstance(self.spec.get("code"), dict)

    @property
    def modules(self) -> dict[str, dict[str, str]]:
        """The modules of its code with their fingerprints, by role; empty if the manifest does not list them."""
        noted = self.notes.get(MODULES)
        return noted if isinstance(noted, dict) and all(isinstance(one, dict) for one in noted.values()) else {}

    @cached_property
    def made(self) -> int:
        """The time at which it was finished, in nanoseconds since 1970."""
        return self.manifest.stat().st_mtime_ns


class Contents:
    """An index of the entries of a store."""

    def __init__(self, store: Path):
        self.store = store
        self.all = {path: Result(store, path) for path in paths(store)}
        self._by_place: dict[str, list[Result]] = {}
        for path, result in self.all.items():
            self._by_place.setdefault(place(path), []).append(result)
        self._finished: dict[str, list[Result]] = {}

    def at(self, path: str) -> Result | None:
        """The finished entry with this path; None if there is none."""
        result = self.all.get(path)
        return result if result and result.is_finished else None

    def like(self, path: str) -> list[Result]:
        """The finished entries whose paths differ from this one in fingerprints only, the newest first."""
        where = place(path)
        if where not in self._finished:
            found = [result for result in self._by_place.get(where, []) if result.is_finished]
            self._finished[where] = sorted(found, key=lambda result: -result.made)
        return self._finished[where]

    def below(self, folder: str) -> list[Result]:
        """The finished entries below one of the store's folders, such as `models`."""
        return [one for path, one in self.all.items() if path.startswith(f"{folder}/") and one.is_finished]

    def counterpart(self, entry: Entry, role: str, result: Result) -> str | None:
        """The path of the input `role` of a result; None if it is unknown.

        Args:
            entry: an entry with the same path but for fingerprints, whose inputs have the same roles.
        """
        if result.inputs is not None:
            return result.inputs.get(role)
        return older.counterpart(entry, role, result.path, result.spec, (one.path for one in self._roots(entry, role)))

    def _roots(self, entry: Entry, role: str) -> list[Result]:
        """The pretrained encoders or tokenizers in the store that a result with the entry's place may be based on."""
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
    """The paths of the entries below a folder of models or cells."""
    try:
        items = sorted(os.scandir(store / folder), key=lambda item: item.name)
    except (FileNotFoundError, NotADirectoryError):
        return
    for item in items:
        path = f"{folder}/{item.name}"
        if not item.is_dir(follow_symlinks=False):
            continue
        if LEAF.fullmatch(item.name):
            yield path
            scores = sorted(one.name for one in (store / path).glob("scores~*/") if NAME.fullmatch(one.name))
            yield from (f"{path}/{name}" for name in scores)
        elif NAME.fullmatch(item.name):
            yield from _leaves(store, path)
