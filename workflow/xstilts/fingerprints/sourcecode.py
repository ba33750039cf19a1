"""The fingerprint of code: of all modules of this package that a job can reach by imports.

Each thing that a grid names has a role, such as `job.train_stage` or `task.mnli`, which begins with a module or two.
Modules that are loaded by name at run time are not seen by imports and have roles of their own; which modules load any
is a list here, and no other may. What counts of a module is in `xstilts.fingerprints.syntax`. Where a record says that
code did the same as older code (`xstilts.fingerprints.sameness`), the older one stands for it: first for each module,
then for the role.
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
    "metric": ("metrics", "metrics.{}"),
    "benchmark": ("metrics.{}",),
    "predictor.outputs": ("prediction.forward",),
    "predictor.vectors": ("prediction.retrieval",),
}
"""The modules with which a role begins, by its name, or else by what it is a role of."""

UNCOUNTED = {
    "config": "typed settings, whose values stand in specs",
    "config.settings": "how settings stand in specs",
    "sources.encoder_config": "limits that are checked at planning",
    "checks": "refuses configurations",
    "grid": "makes specs",
    "fingerprints.spec": "makes specs",
    "fingerprints.atomic": "how files are written",
    "fingerprints.sourcecode": "makes specs",
    "steps": "names of rules",
    "steps.entry": "what an entry is",
    "steps.specs": "makes specs",
    "names": "the grammar of names; what they stand for stands in specs",
    "paths": "where results lie, and what their files are called",
    "store": "a package without code",
    "store.entries": "where results lie, and when they are complete",
    "store.drafts": "where results lie, and when they are complete",
    "store.jsonfiles": "how files of the store are written",
    "store.links": "where the reports of an experiment are shown",
    "store.warned": "tells what reading found",
    "experiments": "opens configurations and grids",
    "sources.identity": "what stands for files in specs",
    "run": "what the rules ask",
    "__main__": "the command line",
    "runtime.devices": "on which device a job runs",
    "store.locks": "who may write",
    "runtime.termination": "when a job ends",
    "store.weights": "which weights are deleted",
    "jobs": "a package without code",
    "runtime": "a package without code",
    "reporting": "opens results for Python users",
    "fingerprints": "a package without code",
    "runtime.job": "what a job begins with: its entry and where its inputs lie",
    "runtime.timing": "how long a job takes",
    "runtime.processes": "starts the processes that train together",
    "training.tracking": "where a training is shown",
    "languages": "facts, whose values stand in specs",
    "errors": "the wording of errors",
    "config.mistakes": "the wording of errors",
    "runtime.streams": "how messages are written",
    "sources.archives": "where archives are; their sha256 stand in specs",
    "sources.download": "fetches what is pinned",
    "sources.fetch": "fetches what is pinned",
    "sources.files": "where files are; their sha256 stand in specs",
    "sources.hub": "fetches what is pinned",
    "sources.repositories": "where repositories are; their commits stand in specs",
}
"""Modules that decide no result and count for nothing, each with the reason. A module counts unless its full name is
here."""

METRICS = "metrics"
"""The package whose modules count where they are named and not where they are only used: a metric that changes makes
new scores, and trains and predicts nothing again although it chooses checkpoints."""

LOADERS = ("tasks", "kinds", "metrics", "jobs.predict")
"""The modules that import others by a name known only at run time; what they load has roles of its own."""

FILES = {".css", ".csv", ".html", ".js"}
"""What a package may have beside its modules, and reads."""


@dataclass(frozen=True)
class _Module:
    """The fingerprint of a module alone, and the modules of this package that it imports."""

    fingerprint: str
    imports: tuple[str, ...]


class SourceCode(Memory):
    """The modules of this package as they are now; what was read is remembered by the text of a module.

    Args:
        file: the file that remembers.
        sameness: which code did the same as older code.
    """

    def __init__(self, file: Path, sameness: Sameness):
        super().__init__(file)
        self._sameness = sameness
        self._modules: dict[str, _Module] = {}
        self._roles: dict[str, dict[str, str]] = {}

    @staticmethod
    def fits(value: object) -> bool:
        """Whether a value is the fingerprint of a module, the names that it imports, and by what it imports others."""
        if not (isinstance(value, list) and len(value) == 3 and all(isinstance(part, list) for part in value[1:])):
            return False
        return all(isinstance(text, str) for text in (value[0], *value[1], *value[2]))

    def fingerprint(self, role: str) -> str:
        """The fingerprint that a role had first, of all those under which its code did the same.

        Raises:
            UserError: a module that it reaches imports by a name known only at run time and is not among `LOADERS`.
        """
        return self._sameness.oldest(role, fingerprint(self._sameness.oldest_modules(self.modules(role))))

    def modules(self, role: str) -> dict[str, str]:
        """The modules that a role reaches, each with its fingerprint as it is now."""
        if role not in self._roles:
            self._roles[role] = {name: self._module(name).fingerprint for name in sorted(self.reached(starts(role)))}
        return self._roles[role]

    def reached(self, modules: Iterable[str]) -> set[str]:
        """The modules, what they import, and so on."""
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
    """The modules with which a role begins."""
    what, _, name = role.partition(".")
    return [module.format(name) for module in ROLES.get(role) or ROLES[what]]


@cache
def _own_hash() -> str:
    """Stands for the way in which code is read here."""
    readers = (Path(__file__), Path(syntax.__file__))
    return hashlib.sha256(b"".join(file.read_bytes() for file in readers)).hexdigest()[:12]


@cache
def _parsed(source: bytes) -> list:
    tree = syntax.essential(ast.parse(source))
    names, importers = set(syntax.imported_names(tree)), set(syntax.importers(tree))
    return [fingerprint(syntax.serialised(tree)), sorted(names), sorted(importers)]


def _hidden(module: str, importers: list[str]) -> UserError:
    return UserError(
        f"{_file(module)} imports modules by name ({', '.join(importers)}), which no fingerprint sees: an edit of "
        "theirs would leave old results in place. Import them by an import statement, or add the module to LOADERS of "
        f"{__name__} and give what it loads a role in the grid."
    )


def _file(module: str) -> Path:
    path = ROOT.joinpath(PACKAGE, *module.split("."))
    # As for Python, a folder without one is no package: git leaves one behind where a package became a module.
    package = path / "__init__.py"
    return package if package.is_file() else path.with_suffix(".py")


def _beside(module: str) -> dict[str, str]:
    """The sha256 of the files of a package that are no modules: templates and tables."""
    folder = _file(module)
    if folder.name != "__init__.py":
        return {}
    files = sorted(file for file in folder.parent.iterdir() if file.is_file() and file.suffix in FILES)
    return {file.name: sha256(file) for file in files}


def _counted(importer: str, names: list[str]) -> tuple[str, ...]:
    """The modules of this package among what a module imports, the packages above them included."""
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
    # A package is the first thing that its own dots stand for, a module is not.
    package = [PACKAGE, *importer.split(".")] + [""] * (_file(importer).name == "__init__.py")
    return ".".join([*package[:-level], relative]) if level else name


def _counts(module: str, importer: str) -> bool:
    """Whether what a module imports is part of the code that it reaches."""
    inside = [name.partition(".")[0] == METRICS for name in (module, importer)]
    return module not in UNCOUNTED and inside != [True, False]
