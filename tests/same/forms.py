"""Comparable forms of statements of two versions: their syntax trees, with meanings in place of names."""

import ast
from collections.abc import Callable, Hashable, Iterable

from definitions import Definition, Meaning, Names, Package
from statements import IMPORTS, Statement, nodes_of

Same = Callable[[Meaning], Meaning]
"""Maps a meaning to the equivalent one of the new version; the identity for meanings of the new version."""


def form(statement: Statement, names: Names | None = None, same: Same = lambda meaning: meaning) -> Hashable:
    """The form of a statement without its blocks. Equivalent statements in equal blocks have equal forms."""
    if names and isinstance(statement.node, IMPORTS):
        return statement.place, "import", *((name, same(meaning)) for name, meaning in names.imported(statement.node))
    fields = ((key, node_form(value, names, same)) for key, value in statement.header)
    return statement.place, type(statement.node).__name__, *fields


def node_form(node: object, names: Names | None, same: Same) -> Hashable:
    """The form of a part of a statement."""
    if isinstance(node, list):
        return tuple(node_form(one, names, same) for one in node)
    if not isinstance(node, ast.AST):
        return type(node).__name__, repr(node)
    if names and (meaning := names.of(node)):
        return "meaning", same(meaning)
    fields = ((key, value) for key, value in ast.iter_fields(node) if key != "ctx")
    return type(node).__name__, *((key, node_form(value, names, same)) for key, value in fields)


def differing(old: object, new: object, alike: Callable[[object, object], bool]) -> list[tuple[list, list]]:
    """The smallest parts in which two trees differ, as pairs of old and new nodes."""
    if alike(old, new):
        return []
    pairs = []
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        pairs = list(zip(old, new, strict=True))
    elif type(old) is type(new) and isinstance(old, ast.AST) and not isinstance(old, (ast.Name, ast.Constant)):
        pairs = [(getattr(old, key), getattr(new, key)) for key in old._fields]
    parts = [part for pair in pairs for part in differing(*pair, alike)]
    # Operators and names of arguments are not nodes; if they differ, so do their parents.
    return parts if all(map(any, parts)) and parts else [(nodes_of(old), nodes_of(new))]


def other_literal(old: list[list[ast.AST]], new: list[list[ast.AST]], names: Names) -> str:
    """The first literal, or sequence of literals, that replaces another literal or a computed value.

    Args:
        old: parts of a statement.
        new: their counterparts.
        names: the meanings of the names in the old parts; such a name may be defined as the literal.
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
    """The corresponding definitions of two versions, also if they were moved: matched by place, else by name."""
    pairs: dict[Definition, Definition] = {}
    for key in (_by_place, _by_folder_and_text, _by_text, _by_folder, _by_name):
        candidates = [
            _unique(found, key)
            for found in (set(base.definitions) - set(pairs), set(new.definitions) - set(pairs.values()))
        ]
        pairs |= {one: candidates[1][name] for name, one in candidates[0].items() if name in candidates[1]}
    return pairs


def sameness(base: Package, new: Package, pairs: dict[Definition, Definition]) -> Same:
    """The mapping from meanings of the base version to those of the new one."""
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
    """The definitions with a unique key, by that key."""
    found: dict[Hashable, list[Definition]] = {}
    for one in definitions:
        found.setdefault(key(one), []).append(one)
    return {name: ones[0] for name, ones in found.items() if len(ones) == 1}
