"""Fingerprints of code: of all modules of this package that a job can reach by imports.

The code behind a spec is divided into roles, such as `job.train_stage` or `task.mnli`. A role consists of its entry
modules and all modules that these import. Modules that are loaded by name at run time have roles of their own; only the
modules of `LOADERS` may load any. `xstilts.fingerprints.syntax` defines which parts of a module count. If a record
(`xstilts.fingerprints.sameness`) makes code equivalent to older code, the older fingerprint is used: first for each
module, then for the role.
"""

import ast
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from xstilts.errors import UserError
from xstilts.fingerprints import syntax
from xstilts.fingerprints.sameness import Sameness
from xstilts.fingerprints.spec import Memory, fingerprint, sha256

PACKAGE = __name__.partition(".")[0]
ROOT = Path(__file__).parents[2]

ROLES = {
    "job": ("jobs.{}",),
    "task": ("tasks.{}",),
    "kind": ("kinds.{}",),
    "objective": ("training.objectives.{}", "training.objectives.accumulation"),
    "metric": ("metrics", "metrics.{}"),
    "benchmark": ("metrics.{}",),
    "local": ("sources.formats.local",),
    "perturbation": ("perturbations.{}",),
    "predictor.outputs": ("prediction.forward",),
    "predictor.vectors": ("prediction.retrieval",),
}
"""The entry modules of roles, by role or by the part of the role before the dot."""

UNCOUNTED = {
    "config": "typed settings; their values are in specs",
    "config.forgetting": "typed settings; their values are in specs",
    "config.local": "typed settings; their values are in specs",
    "config.objectives": "typed settings; their values are in specs",
    "config.settings": "the form of settings in specs",
    "config.stages": "typed settings; their values are in specs",
    "sources.encoder_config": "limits that are checked at planning",
    "sources.shapes": "estimates of memory and time",
    "arms": "the names of a grid; their meanings are in specs",
    "checks": "rejects configurations",
    "dropouts": "rejects configurations",
    "objectives": "resolves names; what they stand for is in specs",
    "distances": "reads distances; they are in specs",
    "controls": "facts about the cells of a grid; their values are in specs",
    "robustness": "facts about the cells of a grid; their values are in specs",
    "transfer": "facts about the cells of a grid; their values are in specs",
    "forgetting": "what is measured; it is in specs",
    "orders": "facts about the intermediates of a grid; their values are in specs",
    "recipes": "resolves names; what they stand for is in specs",
    "coverage": "rejects configurations; languages are in specs",
    "grid": "builds specs",
    "fingerprints.spec": "builds specs",
    "fingerprints.atomic": "how files are written",
    "fingerprints.sourcecode": "builds specs",
    "steps": "names of rules",
    "steps.entry": "the data structure of entries",
    "steps.specs": "builds specs",
    "names": "the grammar of names; their meanings are in specs",
    "perturbations.names": "the names of perturbations; their meanings are in specs",
    "perturbations.scope": "rejects configurations; languages are in specs",
    "paths": "locations of results and names of their files",
    "store": "a package without code",
    "store.entries": "locations and completeness of results",
    "store.drafts": "locations and completeness of results",
    "store.jsonfiles": "how files of the store are written",
    "store.links": "links to the reports of an experiment",
    "store.verified": "verifies the inputs of a job",
    "store.warned": "prints warnings of the reading jobs",
    "experiments": "opens configurations and grids",
    "sources.identity": "the identity of files in specs",
    "run": "the interface for the rules",
    "__main__": "the command line",
    "cli": "the command line",
    "runtime.forkserver": "the start of a job",
    "runtime.cpu": "how a CPU computes",
    "runtime.devices": "the choice of a device",
    "runtime.places": "the choice of a device",
    "runtime.sharing": "the choice of a device",
    "runtime.memory": "the number of rows that a device takes at once",
    "store.locks": "exclusive access",
    "runtime.termination": "the end of a job",
    "store.weights": "the deletion of weights",
    "jobs": "a package without code",
    "runtime": "a package without code",
    "resources": "groups of languages; they are in specs",
    "reporting": "opens results for Python users",
    "fingerprints": "a package without code",
    "runtime.job": "the configuration, the entry and the inputs of a job",
    "runtime.bundle": "the order of the predictions of a job",
    "runtime.timing": "the duration of a job",
    "runtime.processes": "starts the processes of a distributed training",
    "training.tracking": "experiment trackers",
    "languages": "facts; their values are in specs",
    "errors": "the wording of errors",
    "config.mistakes": "the wording of errors",
    "runtime.streams": "the encoding of messages",
    "sources.archives": "locations of archives; their sha256 are in specs",
    "sources.download": "fetches pinned files",
    "sources.fetch": "fetches pinned files",
    "sources.files": "locations of files; their sha256 are in specs",
    "sources.hub": "fetches pinned files",
    "sources.repositories": "locations of repositories; their commits are in specs",
}
"""Modules that do not affect results and are in no fingerprint, each with the reason. All other modules count."""

METRICS = "metrics"
"""The package whose modules count for their own roles only, not for modules that import them: a changed metric
recomputes scores, but no training or prediction, although metrics choose checkpoints."""

LOADERS = ("tasks", "kinds", "metrics", "perturbations", "jobs.predict", "training.objectives")
"""The modules that import others by a name known only at run time; the imported modules have roles of their own."""

FILES = {".css", ".csv", ".html", ".js"}
"""The suffixes of data files that a package may contain and read."""


@dataclass(frozen=True)
class _Module:
    """The fingerprint of a module alone, and the modules of this package that it imports."""

    fingerprint: str
    imports: tuple[str, ...]


class SourceCode(Memory):
    """The present modules of this package. What is derived from the source of a module is cached by its hash.

    Args:
        file: the cache file.
        sameness: the records of sameness.
    """

    def __init__(self, file: Path, sameness: Sameness):
        super().__init__(file)
        self._sameness = sameness
        self._modules: dict[str, _Module] = {}
        self._roles: dict[str, dict[str, str]] = {}

    @staticmethod
    def fits(value: object) -> bool:
        """Whether a cached value is a list of a fingerprint, imported names, and functions that import by name."""
        if not (isinstance(value, list) and len(value) == 3 and all(isinstance(part, list) for part in value[1:])):
            return False
        return all(isinstance(text, str) for text in (value[0], *value[1], *value[2]))

    def fingerprint(self, role: str) -> str:
        """The oldest equivalent fingerprint of a role.

        Raises:
            UserError: a module of the role imports by a name known only at run time and is not in `LOADERS`.
        """
        return self._sameness.oldest(role, fingerprint(self._sameness.oldest_modules(self.modules(role))))

    def modules(self, role: str) -> dict[str, str]:
        """The modules of a role, each with its present fingerprint."""
        if role not in self._roles:
            self._roles[role] = {name: self._module(name).fingerprint for name in sorted(self.reached(starts(role)))}
        return self._roles[role]

    def reached(self, modules: Iterable[str]) -> set[str]:
        """The modules and their transitive imports."""
        reached: set[str] = set()
        waiting = list(modules)
        while waiting:
            module = waiting.pop()
            if module not in reached:
                reached.add(module)
                waiting.extend(self._module(module).imports)
        return reached

    def _module(self, name: str) -> _Module:
        if name not in self._modules:
            source = _file(name).read_bytes()
            key = f"{_own_hash()}.{hashlib.sha256(source).hexdigest()}"
            tree, names, by_name = self.known.get(key) or self.learn(key, _parsed(source))
            if by_name and name not in LOADERS:
                raise _hidden(name, by_name)
            beside = _beside(name)
            own = fingerprint({"code": tree, "files": beside}) if beside else tree
            self._modules[name] = _Module(own, _counted(name, names))
        return self._modules[name]


def starts(role: str) -> list[str]:
    """The entry modules of a role."""
    what, _, name = role.partition(".")
    return [module.format(name) for module in ROLES.get(role) or ROLES[what]]


@cache
def _own_hash() -> str:
    """The hash of the code of this cache, so that a change of it invalidates what is cached."""
    readers = (Path(__file__), Path(syntax.__file__))
    return hashlib.sha256(b"".join(file.read_bytes() for file in readers)).hexdigest()[:12]


@cache
def _parsed(source: bytes) -> list:
    tree = syntax.essential(ast.parse(source))
    names, importers = set(syntax.imported_names(tree)), set(syntax.importers(tree))
    return [fingerprint(syntax.serialised(tree)), sorted(names), sorted(importers)]


def _hidden(module: str, importers: list[str]) -> UserError:
    return UserError(
        f"{_file(module)} imports modules by name ({', '.join(importers)}), which are in no fingerprint: an edit of "
        "them would not invalidate any result. Use an import statement, or add the module to LOADERS of "
        f"{__name__} and give the modules that it loads a role in the grid."
    )


def _file(module: str) -> Path:
    path = ROOT.joinpath(PACKAGE, *module.split("."))
    # Git leaves an empty folder behind when a package becomes a module.
    package = path / "__init__.py"
    return package if package.is_file() else path.with_suffix(".py")


def _beside(module: str) -> dict[str, str]:
    """The SHA-256 of the data files of a package, such as templates and tables."""
    folder = _file(module)
    if folder.name != "__init__.py":
        return {}
    files = sorted(file for file in folder.parent.iterdir() if file.is_file() and file.suffix in FILES)
    return {file.name: sha256(file) for file in files}


def _counted(importer: str, names: list[str]) -> tuple[str, ...]:
    """The modules of this package that a module imports and that count, with their parent packages."""
    found = set()
    for name in names:
        package, *parts = _absolute(importer, name).split(".")
        for length in range(1, len(parts) + 1):
            candidate = ".".join(parts[:length])
            if package == PACKAGE and _counts(candidate, importer) and _file(candidate).is_file():
                found.add(candidate)
    return tuple(sorted(found))


def _absolute(importer: str, name: str) -> str:
    """The full name of an import, which may be relative to the package of its module."""
    relative = name.lstrip(".")
    level = len(name) - len(relative)
    # In a package a single dot refers to the package itself, in a module to the package that contains it.
    package = [PACKAGE, *importer.split(".")] + [""] * (_file(importer).name == "__init__.py")
    return ".".join([*package[:-level], relative]) if level else name


def _counts(module: str, importer: str) -> bool:
    """Whether an imported module counts for the module that imports it."""
    inside = [name.partition(".")[0] == METRICS for name in (module, importer)]
    return module not in UNCOUNTED and inside != [True, False]
