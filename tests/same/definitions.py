"""The definitions of a package, and what the names in them refer to."""

import ast
from collections import Counter
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from pathlib import Path

from statements import FUNCTIONS, IMPORTS, Statement, flattened, stored

from xstilts.fingerprints import syntax
from xstilts.fingerprints.sourcecode import FILES

_OF_A_MODULE = {"__name__", "__file__", "__path__", "__package__", "__spec__"}

Meaning = tuple
"""What a name refers to: `("definition", module, name)`, `("module", name)`, `("external", dotted name)`, ..."""


@dataclass(frozen=True, eq=False)
class Definition:
    """A function, class or variable of a module; the definition named "" has all other statements.

    Args:
        home: the module.
        name: the names that it binds, separated by commas.
        nodes: its statements.
    """

    home: "Module"
    name: str
    nodes: list[ast.stmt] = field(default_factory=list)

    @property
    def key(self) -> Meaning:
        """The meaning of names that refer to it."""
        return "definition", self.home.name, self.name

    @cached_property
    def statements(self) -> list[Statement]:
        """All its statements, including nested ones."""
        return list(flattened(self.home.name, self.nodes))

    @cached_property
    def names(self) -> "Names":
        """The meanings of the names in it."""
        return Names(self)

    @cached_property
    def meanings(self) -> dict[str, Meaning]:
        """The meanings of its names and of attributes of what it imports, by their source text."""
        nodes = [node for one in self.statements for node, _ in one.expressions]
        found = [(node, self.names.of(node)) for node in nodes if isinstance(node, (ast.Name, ast.Attribute))]
        return {ast.unparse(node): meaning for node, meaning in found if meaning}

    @property
    def attributes(self) -> set[str]:
        """The attributes that it accesses on objects of unknown type."""
        nodes = [node for one in self.statements for node, _ in one.expressions]
        return {node.attr for node in nodes if isinstance(node, ast.Attribute) and not self.names.of(node)}

    def mentions(self, name: Hashable) -> dict[Statement, list[ast.AST]]:
        """The statements and nodes that contain a name, an attribute (`.name`) or a meaning."""
        return self._index.get(name, {})

    def below(self, statement: Statement) -> list[Statement]:
        """The statements nested in a statement."""
        return [one for one in self.statements if any(outer is statement for outer, _ in one.around)]

    @cached_property
    def _index(self) -> dict[Hashable, dict[Statement, list[ast.AST]]]:
        found: dict[Hashable, dict[Statement, list[ast.AST]]] = {}
        for one in self.statements:
            for node in (one.node, *(node for node, _ in one.expressions)):
                for name in self._named(node):
                    found.setdefault(name, {}).setdefault(one, []).append(node)
        return found

    def _named(self, node: ast.AST) -> list[Hashable]:
        match node:
            case ast.Name(id=name):
                meaning = self.names.of(node)
                return [name, *meaning[2:]] if meaning and meaning[0] == "here or" else [meaning or name]
            case ast.Attribute(attr=name):
                # An attribute of a module may be set through another name of the module.
                return [*filter(None, [self.names.of(node)]), f".{name}"]
            case ast.Global(names=names) | ast.Nonlocal(names=names):
                return names
            case ast.Constant(value=str(name)) | ast.keyword(arg=str(name)):
                return [f".{name}"]
        return []


class Module:
    """A module of a version.

    Args:
        package: the version.
        name: its name, without that of the package.
        file: its source file.
    """

    def __init__(self, package: "Package", name: str, file: Path):
        self.package, self.name, self.file = package, name, file
        self.statements = list(flattened(name, syntax.essential(ast.parse(file.read_bytes())).body))
        self.imports: dict[str, set[str]] = {}
        """The full names of its imports, by the names that they have in the module."""
        self.definitions: dict[str, Definition] = {}
        self.homes: dict[str, str] = {}
        """The name of the definition that binds each of its variables."""
        outside = [one for one in self.statements if one.scope is None]
        often = Counter(name for one in outside for name in stored(one))
        for statement in (one for one in outside if not one.around):
            names = stored(statement)
            alone = isinstance(statement.node, (*FUNCTIONS, ast.ClassDef, ast.Assign, ast.AnnAssign)) and names
            label = ", ".join(sorted(names)) if alone and all(often[name] == 1 for name in names) else ""
            if not isinstance(statement.node, IMPORTS):
                self.definitions.setdefault(label, Definition(self, label)).nodes.append(statement.node)
        self.homes = {name: label for label in self.definitions for name in label.split(", ") if label}
        for statement in outside:
            if isinstance(statement.node, IMPORTS):
                _add(self.imports, self.imported(statement.node))
            else:
                self.homes = dict.fromkeys(stored(statement), "") | self.homes

    @property
    def files(self) -> set[tuple[str, str]]:
        """The names and SHA-256 hashes of the data files of a package."""
        beside = self.file.parent.iterdir() if self.file.name == "__init__.py" else ()
        return {(file.name, sha256(file.read_bytes()).hexdigest()) for file in beside if file.suffix in FILES}

    def imported(self, node: ast.AST) -> dict[str, set[str]]:
        """The full names of the objects that an import statement binds, by the bound names."""
        if isinstance(node, ast.Import):
            pairs = [(alias.asname, alias.name) for alias in node.names]
            return {
                asname or name.partition(".")[0]: {name if asname else name.partition(".")[0]} for asname, name in pairs
            }
        if not isinstance(node, ast.ImportFrom):
            return {}
        above = self.package.full(self.name).split(".") + [""] * (self.file.name == "__init__.py")
        stem = [*above[: -node.level], *filter(None, [node.module])] if node.level else [node.module]
        return {alias.asname or alias.name: {".".join([*stem, alias.name])} for alias in node.names}


class Package:
    """A version of a package.

    Args:
        root: its folder.
    """

    def __init__(self, root: Path):
        self.root = root
        self.modules: dict[str, Module] = {}
        for file in sorted(root.rglob("*.py")):
            *above, last = file.relative_to(root).with_suffix("").parts
            name = ".".join(above if last == "__init__" else [*above, last])
            self.modules[name] = Module(self, name, file)
        self.definitions = [one for module in self.modules.values() for one in module.definitions.values()]

    def full(self, *parts: str) -> str:
        """A full name, including that of the package."""
        return ".".join(filter(None, (self.root.name, *parts)))

    def find(self, meaning: Meaning) -> Definition:
        """The definition that a meaning refers to."""
        return self.modules[meaning[1]].definitions[meaning[2]]

    def resolved(self, dotted: str, seen: frozenset[str] = frozenset()) -> Meaning:
        """The meaning of a full name, which may be imported from elsewhere."""
        package, *parts = dotted.split(".")
        if package != self.root.name:
            return "external", dotted
        length = max(length for length in range(len(parts) + 1) if ".".join(parts[:length]) in self.modules)
        module, rest = self.modules[".".join(parts[:length])], parts[length:]
        if not rest:
            return "module", module.name
        found = []
        if rest[0] in module.homes:
            label = module.homes[rest[0]]
            found.append(("definition", module.name, label, *(rest if [label] != rest else ())))
        if dotted not in seen:
            origins = module.imports.get(rest[0], ())
            found += [self.resolved(".".join([origin, *rest[1:]]), seen | {dotted}) for origin in origins]
        return _one_of(found or [("unknown", dotted)])


class Names:
    """The meanings of the names in a definition.

    Args:
        definition: the definition.
        variables: the meanings of its own variables; unknown by default.
    """

    def __init__(self, definition: Definition, variables: Callable[[str], Meaning | None] = lambda name: None):
        self._definition, self._variables = definition, variables
        self._module = definition.home
        self._imports: dict[str, set[str]] = {}
        self._local: set[str] = set()
        for statement in definition.statements:
            if isinstance(statement.node, IMPORTS):
                _add(self._imports, self._module.imported(statement.node))
            elif statement.around:
                self._local |= stored(statement)
            parts = [node for node, _ in statement.expressions]
            self._local |= {node.arg for node in parts if isinstance(node, ast.arg)}
            variables = (target for node in parts for target in ast.walk(getattr(node, "target", ast.Pass())))
            self._local |= {node.id for node in variables if isinstance(node, ast.Name)}

    def of(self, node: ast.AST) -> Meaning | None:
        """The meaning of a name or of an attribute of something imported; None if it is unknown."""
        if isinstance(node, ast.Name):
            return self.of_name(node.id) or self._variables(node.id)
        if isinstance(node, ast.Attribute) and (above := self.of(node.value)):
            if above[0] == "module":
                return self._module.package.resolved(self._module.package.full(above[1], node.attr))
            if above[0] == "external":
                return "external", f"{above[1]}.{node.attr}"
        return None

    def is_defined(self, node: ast.AST) -> bool:
        """Whether a node is the name of a definition."""
        return (self.of(node) or ("",))[0] == "definition"

    @cached_property
    def without_variables(self) -> "Names":
        """The same, where all variables have one meaning."""
        return Names(self._definition, lambda name: ("variable",))

    @cached_property
    def with_numbers(self) -> "Names":
        """The same, where variables of functions are numbered in the order of their appearance."""
        parts = [(one, node) for one in self._definition.statements for node, _ in one.expressions]
        written = [(one, node) for one, node in parts if isinstance(node, ast.Name)]
        bound = {node.id for one, node in written if one.function and not isinstance(node.ctx, ast.Load)}
        # Attributes of classes, parameters and imports keep their names.
        fixed = {node.id for one, node in written if not (one.scope and isinstance(one.scope.node, FUNCTIONS))}
        fixed |= {node.arg for _, node in parts if isinstance(node, ast.arg)} | self._imports.keys()
        for node in (node for one in self._definition.statements for node in ast.walk(one.node)):
            fixed |= {name for key in ("name", "rest", "names") for name in _texts(getattr(node, key, None))}
        reads_names = any(node.id in ("dir", "eval", "exec", "locals", "vars") for _, node in written)
        order = dict.fromkeys(node.id for _, node in written if node.id in bound - fixed and not reads_names)
        numbers = {name: ("variable", number) for number, name in enumerate(order)}
        return Names(self._definition, numbers.get)

    def imported(self, node: ast.AST) -> list[tuple[str, Meaning]]:
        """The names that an import statement binds, with their meanings."""
        found = self._module.imported(node)
        return sorted((name, self._module.package.resolved(one)) for name, whole in found.items() for one in whole)

    def of_name(self, name: str) -> Meaning | None:
        """The meaning of a name, given as a string; None if it is unknown."""
        package, module, found = self._module.package, self._module, None
        if name in self._imports:
            found = _one_of([package.resolved(whole) for whole in self._imports[name]])
        elif name in module.homes or name in module.imports:
            found = package.resolved(package.full(module.name, name))
        elif name in _OF_A_MODULE:
            found = "variable of the module", name, module.name
        elif name not in self._local:
            found = "built in", name
        return ("here or", name, found) if found and name in self._local else found


def _texts(value: object) -> list[str]:
    return [text for text in (value if isinstance(value, list) else [value]) if isinstance(text, str)]


def _one_of(meanings: list[Meaning]) -> Meaning:
    found = sorted(set(meanings), key=repr)
    return found[0] if len(found) == 1 else ("any", *found)


def _add(imports: dict[str, set[str]], more: dict[str, set[str]]) -> None:
    for name, whole in more.items():
        imports.setdefault(name, set()).update(whole)
