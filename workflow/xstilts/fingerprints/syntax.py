"""The parts of a module that can affect results: its syntax tree without what only people and type checkers read.

Comments, layout, docstrings, annotations of functions, blocks under `if TYPE_CHECKING`, messages of raised errors,
printed messages and descriptions of tasks are removed. The rest is serialised in the same way under every Python
version.
"""

import ast
from collections.abc import Iterator
from typing import TypeGuard

_SILENT_FIELDS = {"ctx", "kind", "type_comment", "type_ignores"}

_IMPORTERS = {"import_module", "__import__", "exec_module", "load_module", "resolve_name", "run_module", "run_path"}
"""Functions of the standard library that import modules by name."""

_MESSAGES = {"print", "warnings.warn"}
"""Functions that only print messages."""

DESCRIPTION = {
    *("title", "licence", "citation", "homepage", "notes"),
    *("trained_in", "translated", "overlaps", "estimates"),
}
"""The fields of `xstilts.task.Task` that only describe its data to people."""

_LITERAL = (ast.Constant, ast.Dict, ast.Tuple, ast.Load)
"""Expressions that describe a task."""

_TAKING = (ast.Starred, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.In, ast.NotIn)
"""Expressions that may consume an iterator."""
_DOING = (ast.Call, ast.NamedExpr, ast.Await, ast.Yield, ast.YieldFrom)
"""Expressions that may have other side effects."""


def essential(tree: ast.Module) -> ast.Module:
    """The tree without the parts that cannot affect results; the remaining nodes keep their line numbers."""
    return _Essential().visit(tree)


def serialised(node: object) -> object:
    """A syntax tree as JSON values, without what differs between Python versions."""
    if isinstance(node, ast.AST):
        fields = {name: serialised(value) for name, value in ast.iter_fields(node) if name not in _SILENT_FIELDS}
        return [type(node).__name__, {name: value for name, value in fields.items() if value not in (None, [])}]
    if isinstance(node, list):
        return [serialised(item) for item in node]
    if isinstance(node, (bytes, complex, type(...))):
        return {type(node).__name__: repr(node)}
    return node


def imported_names(tree: ast.AST) -> Iterator[str]:
    """Dotted names of everything that is imported at run time, relative ones with leading dots."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = f"{'.' * node.level}{node.module}." if node.module else "." * node.level
            yield from (f"{package}{alias.name}" for alias in node.names)


def importers(tree: ast.AST) -> Iterator[str]:
    """The functions used or imported in a module that import by name."""
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.alias(name=name) if name in _IMPORTERS:
                yield name


class _Essential(ast.NodeTransformer):
    """Removes the parts of a tree that cannot affect results."""

    def visit_If(self, node: ast.If) -> ast.If | list[ast.stmt]:
        self.generic_visit(node)
        return node.orelse if isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING" else node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        self.generic_visit(node)
        # A decorator may read annotations, as that of singledispatch does.
        if not node.decorator_list:
            node.returns = None
            arguments = node.args
            every = (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg)
            for argument in filter(None, every):
                argument.annotation = None
        return node

    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        if isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            return None
        if _is_message(node.value) and not _has_effects(node.value):
            return None
        return self.generic_visit(node)

    def visit_Raise(self, node: ast.Raise) -> ast.AST:
        if isinstance(node.exc, ast.Call) and _called(node.exc).endswith("Error"):
            node.exc = ast.copy_location(ast.Call(node.exc.func, [], []), node.exc)
        return self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if _called(node) == "Task":
            node.keywords = [keyword for keyword in node.keywords if not _is_description(keyword)]
        self.generic_visit(node)
        if _is_message(node) or _called(node).endswith("Error"):
            for part in ast.walk(node):
                if isinstance(part, ast.Constant) and isinstance(part.value, str):
                    part.value = ""
        return node


def _called(node: ast.Call) -> str:
    """The last component of the name of a called function; empty if it has no name."""
    match node:
        case ast.Call(func=ast.Name(id=name)) | ast.Call(func=ast.Attribute(attr=name)):
            return name
    return ""


def _is_description(keyword: ast.keyword) -> bool:
    """Whether an argument of a task is a description, without names whose values are defined elsewhere."""
    return keyword.arg in DESCRIPTION and all(isinstance(part, _LITERAL) for part in ast.walk(keyword.value))


def _is_message(node: ast.AST) -> TypeGuard[ast.Call]:
    """Whether a node prints a message. Text that is printed to a file may be a result and is not a message."""
    if not isinstance(node, ast.Call) or ast.unparse(node.func) not in _MESSAGES:
        return False
    return not {"file", None} & {keyword.arg for keyword in node.keywords}


def _has_effects(call: ast.Call) -> bool:
    """Whether evaluating the arguments of a call may have side effects."""
    parts = (part for argument in (*call.args, *call.keywords) for part in ast.walk(argument))
    return any(isinstance(part, (*_DOING, *_TAKING)) for part in parts)
