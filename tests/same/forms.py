"""What statements of two versions have in common: their syntax trees with what names stand for in place of names."""

import ast
from collections.abc import Callable, Hashable, Iterable

from definitions import Definition, Meaning, Names, Package
from statements import IMPORTS, Statement, nodes_of

Same = Callable[[Meaning], Meaning]
"""What stands for the same thing in the new version; nothing has changed in what is of the new version."""


def form(statement: Statement, names: Names | None = None, same: Same = lambda meaning: meaning) -> Hashable:
    """A statement without what is below it; equal where statements are, in the same blocks, with the same meaning."""
    if names and isinstance(statement.node, IMPORTS):
        return statement.place, "import", *((name, same(meaning)) for name, meaning in names.imported(statement.node))
    fields = ((key, node_form(value, names, same)) for key, value in statement.header)
    return statement.place, type(statement.node).__name__, *fields


def node_form(node: object, names: Names | None, same: Same) -> Hashable:
    """The same of a part of a statement."""
    if isinstance(node, list):
        return tuple(node_form(one, names, same) for one in node)
    if not isinstance(node, ast.AST):
        return type(node).__name__, repr(node)
    if names and (meaning := names.of(node)):
        return "meaning", same(meaning)
    fields = ((key, value) for key, value in ast.iter_fields(node) if key != "ctx")
    return type(node).__name__, *((key, node_form(value, names, same)) for key, value in fields)


def differing(old: object, new: object, alike: Callable[[object, object], bool]) -> list[tuple[list, list]]:
    """The smallest parts in which two trees differ: the nodes of the old one and those of the new one."""
    if alike(old, new):
        return []
    pairs = []
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        pairs = list(zip(old, new, strict=True))
    elif type(old) is type(new) and isinstance(old, ast.AST) and not isinstance(old, (ast.Name, ast.Constant)):
        pairs = [(getattr(old, key), getattr(new, key)) for key in old._fields]
    parts = [part for pair in pairs for part in differing(*pair, alike)]
    # Operators and names of arguments are no nodes: what has them differs.
    return parts if all(map(any, parts)) and parts else [(nodes_of(old), nodes_of(new))]


def other_literal(old: list[list[ast.AST]], new: list[list[ast.AST]], names: Names) -> str:
    """The first literal, or row of literals, that stands in place of another or of what was computed.

    Args:
        old: parts of a statement.
        new: their counterparts.
        names: what the names in the old ones stand for; one of the module may be that of the literal.
    """
    pairs = list(zip(old, new, strict=True))
    there = [_text(before) for before, _ in pairs if all(map(_is_literal, before))]
    for before, after in pairs:
        replaced = all(map(_is_literal, before)) or not (_text(after) in there or any(map(names.is_defined, before)))
        if before and after and all(map(_is_literal, after)) and replaced:
            return f"`{_text(after)}` was `{_text(before)}`"
    return ""


def _text(nodes: list[ast.AST]) -> str:
    return ", ".join(map(ast.unparse, nodes))


def matched(base: Package, new: Package) -> dict[Definition, Definition]:
    """Which definitions of two versions belong together, wherever they have moved: by place, or else by name."""
    pairs: dict[Definition, Definition] = {}
    for key in (_by_place, _by_folder_and_text, _by_text, _by_folder, _by_name):
        candidates = [
            _unique(found, key)
            for found in (set(base.definitions) - set(pairs), set(new.definitions) - set(pairs.values()))
        ]
        pairs |= {one: candidates[1][name] for name, one in candidates[0].items() if name in candidates[1]}
    return pairs


def sameness(base: Package, new: Package, pairs: dict[Definition, Definition]) -> Same:
    """What names of the base version stand for in the new one."""
    modules: dict[str, dict[str, int]] = {}
    for old, one in pairs.items():
        counts = modules.setdefault(old.home.name, {})
        counts[one.home.name] = counts.get(one.home.name, 0) + 1
    moved = {name: max(sorted(counts), key=counts.get) for name, counts in modules.items() if name not in new.modules}

    def same(meaning: Meaning) -> Meaning:
        if meaning[0] == "module":
            return "module", moved.get(meaning[1], meaning[1])
        if meaning[0] == "definition":
            found = pairs.get(base.find(meaning))
            return (*found.key, *meaning[3:]) if found else ("gone", *meaning)
        return tuple(same(part) if isinstance(part, tuple) else part for part in meaning)

    return same


def _is_literal(node: ast.AST) -> bool:
    try:
        ast.literal_eval(node)
    except ValueError:
        return False
    return True


def _by_place(one: Definition) -> Hashable:
    return one.home.name, one.name


def _by_folder_and_text(one: Definition) -> Hashable:
    return one.home.name.rpartition(".")[2], _by_text(one)


def _by_text(one: Definition) -> Hashable:
    return one.name, tuple(map(form, one.statements))


def _by_folder(one: Definition) -> Hashable:
    return one.home.name.rpartition(".")[2], one.name


def _by_name(one: Definition) -> Hashable:
    return one.name


def _unique(definitions: Iterable[Definition], key: Callable[[Definition], Hashable]) -> dict[Hashable, Definition]:
    """The definitions that are the only ones of their key."""
    found: dict[Hashable, list[Definition]] = {}
    for one in definitions:
        found.setdefault(key(one), []).append(one)
    return {name: ones[0] for name, ones in found.items() if len(ones) == 1}
