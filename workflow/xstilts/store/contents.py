"""What lies in a store: every entry that was ever made there, whatever configuration asked for it."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from xstilts.fingerprints.spec import fingerprint
from xstilts.grid import Entry
from xstilts.store.entries import MANIFEST, MEASURED, MODULES, SPEC, finished
from xstilts.store.jsonfiles import read_json

FLAT = {"miniature": "*~*", "data": "*~*", "features": "*~*/*~*", "experiments": "*/*~*"}
"""The folders of the store in which all paths have the same number of names, and what these look like."""

BRANCHING = ("models", "cells")
"""The folders in which a path has one more name for each stage."""

_FINGERPRINT = re.compile(r"~[0-9a-f]{12}")
_NAME = re.compile(r"[^~]+~[0-9a-f]{12}")
_REFERENCE = re.compile(rf"(?:{'|'.join([*FLAT, *BRANCHING])})/.*~[0-9a-f]{{12}}.*")
_LEAF = re.compile(r"seed-\d+|untrained")


def place(path: str) -> str:
    """The path of an entry without its fingerprints: what it is, whatever it was made with."""
    return _FINGERPRINT.sub("", path)


def is_reference(value: object) -> bool:
    """Whether a value of a spec is the path of an entry."""
    return isinstance(value, str) and _REFERENCE.fullmatch(value) is not None


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
    def spec(self) -> dict:
        """What it was made with; nothing where nobody can know."""
        return read_json(self.folder / SPEC)

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
        """The path of what a result was made from where the entry has its input `role`.

        Returns:
            None if neither its path nor its spec says so itself: the data behind its token ids.
        """
        if role == "predictions":
            return result.path.rpartition("/")[0]
        if role in ("parent", "model"):
            _, *names, _, leaf = result.path.split("/")
            return "/".join(("models", *names, leaf))
        if role in ("encoder", "tokenizer") and role not in entry.spec:
            return self._root_of(entry.inputs[role], role, result)
        for key, value in leaves(entry.spec).items():
            if value == entry.inputs[role].path:
                return leaves(result.spec).get(key)
        return None

    def _root_of(self, made: Entry, role: str, result: Result) -> str | None:
        """The encoder or tokenizer, made here, whose fingerprint stands at the beginning of a result's path."""
        root = result.path.split("/")[1].partition("~")[2]
        known = (other.path for other in self.like(made.path))
        return next((path for path in known if fingerprint({role: path}) == root), None)


def paths(store: Path) -> Iterator[str]:
    """The paths of all entries below a store, finished or not."""
    for kind, names in FLAT.items():
        for folder in sorted((store / kind).glob(names)):
            if _NAME.fullmatch(folder.name) and folder.is_dir():
                yield str(folder.relative_to(store))
    for kind in BRANCHING:
        yield from _leaves(store, kind)


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
        if _LEAF.fullmatch(item.name):
            yield path
            scores = sorted(place.name for place in (store / path).glob("scores~*/") if _NAME.fullmatch(place.name))
            yield from (f"{path}/{name}" for name in scores)
        elif _NAME.fullmatch(item.name):
            yield from _leaves(store, path)


def leaves(spec: dict, key: tuple[str, ...] = ()) -> dict[tuple[str, ...], object]:
    """The values of a spec by the names above them; a list is a value."""
    found: dict[tuple[str, ...], object] = {}
    for name, value in spec.items():
        found |= leaves(value, (*key, name)) if isinstance(value, dict) and value else {(*key, name): value}
    return found
