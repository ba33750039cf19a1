"""A run of the grid with one version: its entries, their files and the coverage of their jobs."""

import hashlib
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from calls import Calls
from definitions import Package
from evidence import Arcs, Evidence, measured, together
from versions import GRID, SHIPPED, python_folder, unpack

from xstilts.errors import UserError
from xstilts.fingerprints import sameness
from xstilts.fingerprints.sameness import Record

PACKAGE = Path("workflow", "xstilts")
_MEASURING = Path(__file__).parent / "measuring"
DIGITS = 16
"""The digits of the hashes of entries in the names of coverage data, as in `measuring/sitecustomize.py`."""
_NOT_CONTENT = ("spec.json", "manifest.json")


@dataclass(frozen=True)
class Entry:
    """An entry of the store.

    Args:
        path: its path, relative to the store.
        code: the fingerprints of its code, by role.
        modules: the modules of its code, by role.
        files: the SHA-256 of its files, except those that contain fingerprints.
    """

    path: str
    code: dict[str, str]
    modules: dict[str, set[str]]
    files: dict[str, str]

    @property
    def place(self) -> str:
        """Its path without fingerprints."""
        return re.sub("~[0-9a-f]+", "~", self.path)


class Run:
    """A finished run.

    Args:
        folder: the folder of the unpacked version, with its results.
        coverage: the folder of the coverage data.
        content: identifies everything that the run depends on.
    """

    def __init__(self, folder: Path, coverage: Path, content: str):
        self.folder, self._coverage, self.content = folder, coverage, content
        self.entries = [
            _entry(folder / "results", file) for file in sorted((folder / "results").rglob("manifest.json"))
        ]

    @cached_property
    def package(self) -> Package:
        """The package of the version."""
        return Package(self.folder / PACKAGE)

    @cached_property
    def _calls(self) -> Calls:
        return Calls(self.package)

    @cached_property
    def _arcs(self) -> dict[str, Arcs]:
        return measured(self._coverage, self.package)

    def of(self, role: str) -> dict[str, Entry]:
        """The entries whose code includes a role, by path without fingerprints."""
        return {entry.place: entry for entry in self.entries if role in entry.code}

    def fingerprint(self, role: str) -> str | None:
        """The fingerprint of the code of a role; None if no entry has the role."""
        return next((entry.code[role] for entry in self.of(role).values()), None)

    def modules(self, role: str) -> set[str]:
        """The modules of a role."""
        return {name for entry in self.of(role).values() for name in entry.modules[role]}

    def evidence(self, role: str) -> Evidence:
        """The code that the jobs of a role have executed."""
        names = (hashlib.sha256(entry.path.encode()).hexdigest()[:DIGITS] for entry in self.of(role).values())
        return Evidence(self.package, self._calls, together(self._arcs[name] for name in names if name in self._arcs))


def run(root: Path, commit: str | None, build: Path, named: Iterable[Record] = (), names: str = "") -> Run:
    """Run the grid with a version, or reuse an earlier run of exactly this version.

    Args:
        root: the folder of the project.
        commit: the commit of the version; None for the working tree.
        build: the folder for the version and its run.
        named: records that give its entries the names of another version, so that files that contain names are equal.
        names: identifies the version that has these names.

    Raises:
        UserError: the run failed.
    """
    version, coverage, done = build / "version", build / "coverage", build / "done"
    content = f"{unpack(root, commit, build / 'unpacked')} {names}"
    if not done.is_file() or done.read_text(encoding="utf-8") != content:
        for place in (version, coverage, done):
            shutil.rmtree(place, ignore_errors=True) if place.is_dir() else place.unlink(missing_ok=True)
        coverage.mkdir()
        (build / "unpacked").rename(version)
        if named:
            sameness.add(version / SHIPPED, named)
        print(f"Running the grid with {commit or 'the working tree'}; its output is in {build / 'log'}.", flush=True)
        _start(version, coverage, build / "log")
        done.write_text(content, encoding="utf-8")
    shutil.rmtree(build / "unpacked", ignore_errors=True)
    return Run(version, coverage, content)


def _start(version: Path, coverage: Path, log: Path) -> None:
    environment = os.environ | {
        "PYTHONPATH": str(_MEASURING),
        "SAME_FOLDER": str(coverage),
        "SAME_PACKAGE": str(version / PACKAGE),
        # Neither version is a git repository, and both sum numbers in the same order.
        "GIT_CEILING_DIRECTORIES": str(version.parent),
        "CUDA_VISIBLE_DEVICES": "",
        "OMP_NUM_THREADS": "1",
    }
    command = [python_folder() / "snakemake", "--cores", "all", "--configfile", GRID]
    with log.open("w", encoding="utf-8") as file:
        if subprocess.run(command, cwd=version, env=environment, stdout=file, stderr=file, check=False).returncode:
            raise UserError(f"the grid of {version} failed; its output is in {log}. Both versions have to run it.")


def _entry(store: Path, manifest: Path) -> Entry:
    spec = json.loads(manifest.with_name("spec.json").read_bytes())
    content = json.loads(manifest.read_bytes())
    files = {name: hashed for name, hashed in content["files"].items() if name not in _NOT_CONTENT}
    modules = {role: set(found) for role, found in content["modules"].items()}
    return Entry(str(manifest.parent.relative_to(store)), spec["code"], modules, files)
