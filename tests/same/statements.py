"""The statements of a piece of code as a flat sequence, each with its own lines and expressions."""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

IMPORTS = (ast.Import, ast.ImportFrom)
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
SCOPES = (*FUNCTIONS, ast.ClassDef)
WITHS = (ast.With, ast.AsyncWith)
CONDITIONS = (ast.If, ast.While)
LOOPS = (ast.For, ast.AsyncFor, ast.While)
TRIES = (ast.Try, ast.TryStar)
_BLOCKS = ("body", "orelse", "handlers", "finalbody", "cases")
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
OPERATORS = (ast.expr_context, ast.boolop, ast.operator, ast.unaryop, ast.cmpop)
"""Nodes that occur more than once in a tree as the same object."""

_TABLES = (ast.Dict, ast.List, ast.Set, ast.Tuple)
_FLOW = (ast.Return, ast.Raise, ast.Break, ast.Continue)
_GENERATORS = (ast.Yield, ast.YieldFrom, ast.Await)


@dataclass(frozen=True, eq=False)
class Statement:
    """A statement, except clause or case, without its blocks.

    Args:
        module: the module that contains it, without the name of the package.
        node: its syntax tree, including its blocks.
        around: the enclosing statements, outermost first, each with the name of the block that contains this one.
    """

    module: str
    node: ast.AST
    around: tuple[tuple["Statement", str], ...] = ()

    @cached_property
    def place(self) -> tuple[tuple[str, str], ...]:
        """The types of the enclosing statements, and the names of their blocks."""
        return tuple((type(outer.node).__name__, block) for outer, block in self.around)

    @cached_property
    def header(self) -> tuple[tuple[str, object], ...]:
        """The fields of its syntax tree, except its blocks."""
        return tuple((name, value) for name, value in ast.iter_fields(self.node) if not _is_block(name, value))

    @cached_property
    def expressions(self) -> tuple[tuple[ast.AST, bool], ...]:
        """Each of its own nodes, and whether the node is certainly evaluated when the statement is executed."""
        certain = not (isinstance(self.node, (ast.Assert, ast.ExceptHandler, ast.match_case)) or self.suppresses)
        children = [(name, child) for name, value in self.header for child in nodes_of(value)]
        return tuple(found for _, child in children for found in _below(child, certain, self.function is None))

    @cached_property
    def lines(self) -> range:
        """Its lines, without those of its blocks."""
        nodes = [node for node, _ in self.expressions if hasattr(node, "lineno")]
        if hasattr(self.node, "lineno"):
            first, simple = self.node.lineno, not any(_is_block(*field) for field in ast.iter_fields(self.node))
            last = self.node.end_lineno if simple else first
        else:
            first = last = nodes[0].lineno
        return range(min([first, *(node.lineno for node in nodes)]), max([last, *(n.end_lineno for n in nodes)]) + 1)

    @cached_property
    def names(self) -> set[str]:
        """The names and attributes in it."""
        keys, nodes = ("id", "attr", "name"), [node for node, _ in self.expressions]
        found = {getattr(node, key, None) for node in nodes for key in keys}
        return {name.rpartition(".")[2] for name in found if isinstance(name, str)}

    @property
    def function(self) -> "Statement | None":
        """The outermost function that contains it."""
        return next((one for one, _ in self.around if isinstance(one.node, FUNCTIONS)), None)

    @property
    def scope(self) -> "Statement | None":
        """The innermost function or class that contains it."""
        scopes = [one for one, _ in self.around if isinstance(one.node, SCOPES)]
        return scopes[-1] if scopes else None

    @property
    def leads_elsewhere(self) -> bool:
        """Whether it affects the control flow after it, without being a condition."""
        return (
            isinstance(self.node, _FLOW)
            or self.suppresses
            or any(isinstance(n, _GENERATORS) for n, _ in self.expressions)
        )

    @property
    def suppresses(self) -> bool:
        """Whether it is a `with` statement that suppresses exceptions."""
        nodes = (node for item in self.node.items for node in ast.walk(item)) if isinstance(self.node, WITHS) else ()
        return any("suppress" in (getattr(node, "id", None), getattr(node, "attr", None)) for node in nodes)

    def starts(self, block: str) -> list["Statement"]:
        """The first statement of a block, or all except clauses for the block `handlers`."""
        nodes = getattr(self.node, block, [])
        return [
            Statement(self.module, node, (*self.around, (self, block)))
            for node in (nodes if block == "handlers" else nodes[:1])
        ]


def flattened(
    module: str, nodes: Iterable[ast.AST], around: tuple[tuple[Statement, str], ...] = ()
) -> Iterator[Statement]:
    """All statements in preorder; the methods of a class are sorted by name."""
    for node in nodes:
        statement = Statement(module, node, around)
        yield statement
        for block in _BLOCKS:
            below = getattr(node, block, None)
            if _is_block(block, below):
                if isinstance(node, ast.ClassDef):
                    below = sorted(below, key=lambda one: one.name if isinstance(one, FUNCTIONS) else "")
                yield from flattened(module, below, (*around, (statement, block)))


def bound(statement: Statement) -> tuple[set[str], set[str]]:
    """The names and the attributes that a statement binds or modifies."""
    names, attributes, holders = stored(statement), set(), [node for node, _ in statement.expressions]
    match statement.node:
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name() as receiver))):
            names.add(receiver.id)
        case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
            names |= {alias.asname or alias.name.partition(".")[0] for alias in aliases}
    for holder in (node for node in holders if isinstance(getattr(node, "ctx", None), (ast.Store, ast.Del))):
        while isinstance(holder, (ast.Subscript, ast.Starred)):
            holder = holder.value
        names |= {holder.id} if isinstance(holder, ast.Name) else set()
        attributes |= {holder.attr} if isinstance(holder, ast.Attribute) else set()
    return names - _targets(statement) - {"self", "cls"}, attributes


def stored(statement: Statement) -> set[str]:
    """The names that a statement binds in the function, class or module that contains it."""
    parts = [node for node, _ in statement.expressions]
    names = {node.id for node in parts if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)}
    # Functions, classes and except clauses have a name, and so have the patterns of a case.
    for node in (statement.node, *parts):
        names |= {getattr(node, key) for key in ("name", "rest") if isinstance(getattr(node, key, None), str)}
    return names - _targets(statement)


def _targets(statement: Statement) -> set[str]:
    """The variables of comprehensions."""
    targets = (node.target for node, _ in statement.expressions if isinstance(node, ast.comprehension))
    return {node.id for target in targets for node in ast.walk(target) if isinstance(node, ast.Name)}


def nodes_of(value: object) -> list[ast.AST]:
    """The nodes in the value of a field, which may be a node or a list."""
    items = value if isinstance(value, list) else [value]
    return [item for item in items if isinstance(item, ast.AST) and not isinstance(item, OPERATORS)]


def _is_block(name: str, value: object) -> bool:
    return name in _BLOCKS and isinstance(value, list)


def _below(node: ast.AST, certain: bool, table: bool) -> Iterator[tuple[ast.AST, bool]]:
    yield node, certain
    # Coverage does not show which parts of a table, or which words of a split string, are used.
    certain = certain and not (table and (isinstance(node, _TABLES) or _is_split(node)))
    for name, value in ast.iter_fields(node):
        for number, child in enumerate(nodes_of(value)):
            yield from _below(child, certain and _always(node, name, number), table)


def _is_split(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr.startswith("split")


def _always(node: ast.AST, field: str, number: int) -> bool:
    """Whether a part of an expression is evaluated whenever the expression is."""
    if isinstance(node, (ast.BoolOp, ast.IfExp, ast.Lambda)):
        return False
    if isinstance(node, ast.Compare):
        return len(node.ops) == 1
    if isinstance(node, _COMPREHENSIONS):
        return field == "generators" and number == 0
    return field == "iter" if isinstance(node, ast.comprehension) else True
