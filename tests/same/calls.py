"""The functions that an exception may have passed through, derived from the statements that raised it."""

import ast
from collections.abc import Hashable, Iterable, Iterator

from definitions import Definition, Package
from statements import FUNCTIONS, SCOPES, Statement

UNKNOWN = "*"
"""Represents functions that may be called indirectly: passed as values, decorated, or nested."""

SPECIAL = ".__"
"""Represents special methods, which operators and statements call implicitly."""

_OPERATIONS = (ast.BinOp, ast.UnaryOp, ast.Compare, ast.Subscript, ast.comprehension, ast.FormattedValue)
_STATEMENTS = (ast.For, ast.With, ast.AugAssign, ast.If, ast.While)
_MAKING = ("__init__", "__new__", "__post_init__")


class Calls:
    """The possible calls of the statements of a package.

    Args:
        package: the package.
    """

    def __init__(self, package: Package):
        self._uses: dict[Hashable, set[Hashable]] = {UNKNOWN: set(), SPECIAL: set()}
        self._homes: dict[Statement, Definition] = {}
        for definition in package.definitions:
            for one in definition.statements:
                self._homes[one] = definition
                called, passed = _used(definition, one)
                self._uses[UNKNOWN] |= passed
                for owner in owners(definition, one):
                    self._uses.setdefault(owner, set()).update(called)
        self._at: dict[tuple[str, int], list[Statement]] = {}
        for one in self._homes:
            for line in one.lines:
                self._at.setdefault((one.module, line), []).append(one)

    def reached(self, places: Iterable[tuple[str, int]]) -> set[Hashable]:
        """Everything that may have been called, directly or indirectly, from some lines; keys as in `owners`.

        Args:
            places: the modules and line numbers.
        """
        raising = [one for place in places for one in self._at.get(place, ())]
        waiting = {key for one in raising for key in _used(self._homes[one], one)[0]}
        found: set[Hashable] = set()
        while waiting:
            key = waiting.pop()
            found.add(key)
            waiting |= self._uses.get(key, set()) - found
        return found

    def owners(self, one: Statement) -> set[Hashable]:
        """The keys of the functions that contain a statement."""
        return set(owners(self._homes[one], one)) if one in self._homes else set()


def owners(definition: Definition, one: Statement) -> Iterator[Hashable]:
    """The keys of the functions, or else the module, that contain a statement of a definition."""
    scopes = [outer.node for outer, _ in (*one.around, (one, "")) if isinstance(outer.node, SCOPES)]
    functions = [scope for scope in scopes if isinstance(scope, FUNCTIONS)]
    yield from (f".{function.name}" for function in functions)
    if any(function.name.startswith("__") and function.name not in _MAKING for function in functions):
        yield SPECIAL
    if not isinstance(definition.nodes[0], ast.ClassDef) or not functions or functions[0].name in _MAKING:
        yield definition.key
    if not functions:
        yield "module", one.module
    if len(functions) > 1 or any(function.decorator_list for function in functions):
        yield UNKNOWN


def _used(definition: Definition, one: Statement) -> tuple[set[Hashable], set[Hashable]]:
    """The keys of what a statement may call, and of what it passes as a value."""
    nodes = [node for node, _ in one.expressions if isinstance(node, (ast.Name, ast.Attribute, ast.Call))]
    functions = {id(node.func) for node in nodes if isinstance(node, ast.Call)}
    imported = [meaning for _, meaning in definition.names.imported(one.node)]
    called: set[Hashable] = {("module", meaning[1]) for meaning in imported if meaning[0] in ("module", "definition")}
    passed: set[Hashable] = set()
    if isinstance(one.node, _STATEMENTS) or any(isinstance(node, _OPERATIONS) for node, _ in one.expressions):
        called.add(SPECIAL)
    for node in nodes:
        if isinstance(node, ast.Call) and not isinstance(node.func, (ast.Name, ast.Attribute)):
            called.add(UNKNOWN)
        elif not isinstance(node, ast.Call):
            meaning = definition.names.of(node)
            if meaning and meaning[0] in ("definition", "any", "here or"):
                keys = {part[:3] for part in (meaning, *meaning) if part[:1] == ("definition",)}
            else:
                keys = {f".{node.attr}"} if isinstance(node, ast.Attribute) and not meaning else set()
            called |= keys
            passed |= keys if id(node) not in functions else set()
            if isinstance(node, ast.Name) and id(node) in functions and (not meaning or meaning[0] == "here or"):
                called.add(UNKNOWN)
    return called, passed
