"""What a result depends on, as canonical JSON, and the fingerprint of it that becomes part of its name.

A spec holds settings, the identity of the data and the code, and the minor versions of the libraries that decide
results. It holds nothing that may change without changing the result: devices, threads, logging, paths, dates.
"""

import ast
import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGE = __name__.partition(".")[0]
ROOT = Path(__file__).parent.parent

_FETCHING = tuple(f"sources.{name}" for name in ("archives", "download", "fetch", "hub", "repositories"))
_RUNNING = ("store", "run", "devices", "discard", "commands", "errors", "__main__")
WIRING = ("config", "checks", "grid", "spec", *_RUNNING, *_FETCHING)
"""Modules that decide which jobs there are and what their specs say, how pinned files come here, where jobs run, what
is kept, or how a mistake is worded: never a result."""

METRICS = "metrics"
"""The package whose modules count where they are named and not where they are only used: a metric that changes makes
new scores, and trains and predicts nothing again although it chooses checkpoints."""

_SILENT_FIELDS = {"ctx", "kind", "type_comment", "type_ignores"}


def canonical(value: object) -> str:
    """JSON with sorted keys and no whitespace: equal values give equal text."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def fingerprint(value: object) -> str:
    """Twelve hexadecimal digits that stand for a spec."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()[:12]


def libraries(*names: str) -> dict[str, str]:
    """The installed minor version of each library, `absent` where there is none."""
    return {name: _minor_version(name) for name in names}


@cache
def _minor_version(name: str) -> str:
    try:
        return ".".join(version(name).split(".")[:2])
    except PackageNotFoundError:
        return "absent"


@cache
def code(*modules: str) -> str:
    """The fingerprint of all code of this package that the modules can reach by imports.

    It is taken over the syntax trees without docstrings, so that comments, docstrings and layout do not count, and it
    is the same under every Python version. Modules loaded by name at run time are not seen and have to be given, and so
    have metrics.
    """
    reached = _closure(f"{PACKAGE}.{module}" for module in modules)
    return fingerprint({module: _module_fingerprint(module) for module in reached})


def _closure(modules: Iterable[str]) -> set[str]:
    reached: set[str] = set()
    waiting = list(modules)
    while waiting:
        module = waiting.pop()
        if module not in reached:
            reached.add(module)
            waiting.extend(_imports(module))
    return reached


@cache
def _tree(module: str) -> ast.Module:
    return ast.parse(_file(module).read_bytes())


@cache
def _module_fingerprint(module: str) -> str:
    return fingerprint(_serialise(_tree(module)))


def _file(module: str) -> Path:
    path = ROOT.joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


@cache
def _imports(module: str) -> tuple[str, ...]:
    """The modules of this package that a module imports, the packages above them included."""
    found = set()
    for name in _imported_names(_tree(module)):
        parts = name.split(".")
        for length in range(2, len(parts) + 1):
            candidate = ".".join(parts[:length])
            if parts[0] == PACKAGE and _counts(parts[1:length], module) and _file(candidate).is_file():
                found.add(candidate)
    return tuple(sorted(found))


def _counts(parts: list[str], importer: str) -> bool:
    """Whether what a module imports is part of the code that it reaches."""
    return not _is_wiring(parts) and (parts[0] != METRICS or importer.split(".")[1] == METRICS)


def _is_wiring(parts: list[str]) -> bool:
    return any(".".join(parts[:length]) in WIRING for length in (1, 2))


def _imported_names(tree: ast.AST) -> Iterator[str]:
    """Dotted names of everything imported at run time; blocks under `if TYPE_CHECKING` are left out."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        else:
            yield from _imported_names(node)


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


def sha256(path: Path) -> str:
    """The sha256 of a file, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class FileHashes:
    """sha256 of files, remembered by path, size and time of change, so that a second look costs nothing.

    Args:
        memory: the JSON file that remembers; it may be deleted at any time.
    """

    def __init__(self, memory: Path):
        self.memory = memory
        self.known = json.loads(memory.read_text()) if memory.is_file() else {}
        self.changed = False

    def of(self, path: Path) -> str:
        """The sha256 of a file."""
        status = path.stat()
        state = [status.st_size, status.st_mtime_ns]
        key = str(path.resolve())
        if self.known.get(key, [None])[0] != state:
            self.known[key] = [state, sha256(path)]
            self.changed = True
        return self.known[key][1]

    def save(self) -> None:
        """Write down what was learnt, whole or not at all."""
        if self.changed:
            self.memory.parent.mkdir(parents=True, exist_ok=True)
            scratch = self.memory.with_suffix(f".{os.getpid()}")
            scratch.write_text(json.dumps(self.known))
            scratch.replace(self.memory)
            self.changed = False
