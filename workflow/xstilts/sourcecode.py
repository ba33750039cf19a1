"""The fingerprint of code: of all modules of this package that a job can reach by imports.

It is taken over the syntax trees without docstrings, so that comments, docstrings and layout do not count, and is the
same under every Python version. Modules loaded by name at run time are not seen and have to be given, and so have
metrics; who may load any is a list here, and no other module that a job reaches does.
"""

import ast
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from xstilts.errors import UserError
from xstilts.spec import Memory, fingerprint, sha256

PACKAGE = __name__.partition(".")[0]
ROOT = Path(__file__).parent.parent

_FETCHING = tuple(f"sources.{name}" for name in ("archives", "download", "fetch", "hub", "repositories"))
_PLANNING = ("config", "replacing", "encoder_config", "checks", "grid", "spec", "sourcecode")
_RUNNING = ("store", "run", "steps", "devices", "locks", "discard", "commands", "__main__")
_SAYING = ("errors", "mistakes", "streams")
WIRING = (*_PLANNING, *_RUNNING, *_SAYING, *_FETCHING)
"""Modules that decide which jobs there are and what their specs say, how pinned files come here, where jobs run, what
is kept, or what is said of it: never a result."""

METRICS = "metrics"
"""The package whose modules count where they are named and not where they are only used: a metric that changes makes
new scores, and trains and predicts nothing again although it chooses checkpoints."""

LOADERS = ("tasks", "kinds", "metrics", "commands.predict")
"""The modules that import others by a name known only at run time; the grid names what a job loads in this way."""

_IMPORTERS = {"import_module", "__import__", "exec_module", "load_module", "resolve_name", "run_module", "run_path"}
"""Functions of the standard library that import what no import statement names."""

_FILES = {".css", ".csv", ".html", ".js"}
"""What a package may have beside its modules, and reads."""

_SILENT_FIELDS = {"ctx", "kind", "type_comment", "type_ignores"}


@dataclass(frozen=True)
class _Module:
    """The fingerprint of a module alone, and the modules of this package that it imports."""

    fingerprint: str
    imports: tuple[str, ...]


class SourceCode(Memory):
    """The modules of this package as they are now; what was read is remembered by the text of a module."""

    def __init__(self, file: Path):
        super().__init__(file)
        self._modules: dict[str, _Module] = {}

    @staticmethod
    def fits(value: object) -> bool:
        """Whether a value is the fingerprint of a module, the names that it imports, and by what it imports others."""
        if not (isinstance(value, list) and len(value) == 3 and all(isinstance(part, list) for part in value[1:])):
            return False
        return all(isinstance(text, str) for text in (value[0], *value[1], *value[2]))

    def fingerprint(self, *modules: str) -> str:
        """The fingerprint of all code that the modules reach.

        Raises:
            UserError: one of them imports by a name known only at run time and is not among `LOADERS`.
        """
        reached = self.reached(f"{PACKAGE}.{module}" for module in modules)
        return fingerprint({module: self._module(module).fingerprint for module in reached})

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
            parsed, names, by_name = self.known.get(key) or self.learn(key, _parsed(source))
            if by_name and name.partition(".")[2] not in LOADERS:
                raise _hidden(name, by_name)
            beside = _beside(name)
            own = fingerprint({"code": parsed, "files": beside}) if beside else parsed
            self._modules[name] = _Module(own, _counted(name, names))
        return self._modules[name]


@cache
def _own_hash() -> str:
    """Stands for the way in which code is read here."""
    return hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:12]


@cache
def _parsed(source: bytes) -> list:
    tree = ast.parse(source)
    return [fingerprint(_serialise(tree)), sorted(set(_imported_names(tree))), sorted(set(_importers(tree)))]


def _hidden(module: str, importers: list[str]) -> UserError:
    return UserError(
        f"{_file(module)} imports modules by name ({', '.join(importers)}), which no fingerprint sees: an edit of "
        "theirs would leave old results in place. Import them by an import statement, or add the module to LOADERS of "
        f"{__name__} and name what it loads where the grid names the code of a job."
    )


def _file(module: str) -> Path:
    path = ROOT.joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def _beside(module: str) -> dict[str, str]:
    """The sha256 of the files of a package that are no modules: templates and tables."""
    folder = _file(module)
    if folder.name != "__init__.py":
        return {}
    files = sorted(file for file in folder.parent.iterdir() if file.is_file() and file.suffix in _FILES)
    return {file.name: sha256(file) for file in files}


def _counted(importer: str, names: list[str]) -> tuple[str, ...]:
    """The modules of this package among what a module imports, the packages above them included."""
    found = set()
    for name in names:
        parts = _absolute(importer, name).split(".")
        for length in range(2, len(parts) + 1):
            candidate = ".".join(parts[:length])
            if parts[0] == PACKAGE and _counts(parts[1:length], importer) and _file(candidate).is_file():
                found.add(candidate)
    return tuple(sorted(found))


def _absolute(importer: str, name: str) -> str:
    """The full name of an import, which may be relative to the package of its module."""
    relative = name.lstrip(".")
    level = len(name) - len(relative)
    # A package is the first thing that its own dots stand for, a module is not.
    package = importer.split(".") + [""] * (_file(importer).name == "__init__.py")
    return ".".join([*package[:-level], relative]) if level else name


def _counts(parts: list[str], importer: str) -> bool:
    """Whether what a module imports is part of the code that it reaches."""
    return not _is_wiring(parts) and (parts[0] != METRICS or importer.split(".")[1] == METRICS)


def _is_wiring(parts: list[str]) -> bool:
    return any(".".join(parts[:length]) in WIRING for length in (1, 2))


def _imported_names(tree: ast.AST) -> Iterator[str]:
    """Dotted names of everything imported at run time, relative ones with their dots in front.

    Blocks under `if TYPE_CHECKING` are left out.
    """
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            yield from _imported_names(ast.Module(node.orelse, []))
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = f"{'.' * node.level}{node.module}." if node.module else "." * node.level
            yield from (f"{package}{alias.name}" for alias in node.names)
        else:
            yield from _imported_names(node)


def _importers(tree: ast.AST) -> Iterator[str]:
    """The functions of a module, used or imported, that import by name."""
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.alias(name=name) if name in _IMPORTERS:
                yield name


def _serialise(node: object) -> object:
    """A syntax tree as plain lists, without docstrings and without what differs among Python versions."""
    if isinstance(node, ast.AST):
        fields = {name: _serialise(value) for name, value in ast.iter_fields(node) if name not in _SILENT_FIELDS}
        return [type(node).__name__, {name: value for name, value in fields.items() if value not in (None, [])}]
    if isinstance(node, list):
        return [_serialise(item) for item in node if not _is_docstring(item)]
    if isinstance(node, (bytes, complex, type(...))):
        return repr(node)
    return node


def _is_docstring(node: object) -> bool:
    """Whether a statement is a bare string: the docstring of a module, class, function or attribute."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
