"""The changes between two versions of a package, and the statements whose execution shows them to be equivalent."""

import ast
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from functools import cached_property

from definitions import Definition, Meaning, Names, Package
from forms import Same, differing, form, matched, node_form, other_literal, sameness
from statements import CONDITIONS, FUNCTIONS, LOOPS, SCOPES, TRIES, Statement, bound, stored

BASE, NEW = "base", "new"
OTHERS = ((BASE, NEW), (NEW, BASE))
ON_GPUS = ("accelerate", "torch", "transformers")
"""Libraries that may behave differently on a GPU and on a CPU."""


@dataclass(frozen=True)
class Need:
    """A statement that must have been executed.

    Args:
        version: the version in whose run it must have been executed.
        statement: the statement.
        problem: why its execution cannot show that a part of it was evaluated; empty if it can.
        outcomes: whether it must have been both true and false.
        where_reached: whether only roles that reach its module need it, because it uses what has changed.
        last: whether it is reported only if there is no other problem.
    """

    version: str
    statement: Statement
    problem: str = ""
    outcomes: bool = False
    where_reached: bool = False
    last: bool = False


@dataclass(frozen=True, eq=False)
class Change:
    """A changed, added or removed definition.

    Args:
        base: the definition in the base version; None if it was added.
        new: the definition in the new version; None if it was removed.
        needs: the statements that must have been executed.
        problem: why it cannot be shown to be equivalent, whatever was executed; empty if it can.
        statements: the number of its statements that differ.
    """

    base: Definition | None
    new: Definition | None
    needs: set[Need] = field(default_factory=set)
    problem: str = ""
    statements: int = 0

    def matters(self, modules: dict[str, set[str]]) -> bool:
        """Whether it is in one of some modules, which are given by version."""
        sides = ((BASE, self.base), (NEW, self.new))
        return any(one.home.name in modules[version] for version, one in sides if one)


class Comparison:
    """A comparison of two versions of a package."""

    def __init__(self, base: Package, new: Package):
        self.packages = {BASE: base, NEW: new}
        self.pairs = matched(base, new)
        self.same = sameness(base, new, self.pairs)

    @cached_property
    def changes(self) -> list[Change]:
        """Every definition that was changed, added or removed."""
        alone = {BASE: set(self.packages[BASE].definitions) - set(self.pairs)}
        alone[NEW] = set(self.packages[NEW].definitions) - set(self.pairs.values())
        found = [self._compared(*pair) for pair in self.pairs.items()]
        found += [Change(one, None, set(self._alone(BASE, one)), "", len(one.statements)) for one in alone[BASE]]
        found += [Change(None, one, set(self._alone(NEW, one)), "", len(one.statements)) for one in alone[NEW]]
        return [change for change in found if change.needs or change.problem]

    def whole(self, version: str, definition: Definition) -> Iterator[Need]:
        """Needs for all statements of a definition."""
        return (self._all_of(version, one) for one in definition.statements)

    def _alone(self, version: str, definition: Definition) -> Iterator[Need]:
        """Needs for a definition that only one version has, and for what may access it through its module."""
        yield from self.whole(version, definition)
        yield from self._on_gpus(version, definition)
        names = {f".{name}" for one in definition.statements if one.scope is None for name in stored(one)}
        yield from self._uses_of(version, names, frozenset())

    def newly_reached(self, modules: dict[str, set[str]]) -> Iterator[Need]:
        """Needs for what is executed when modules are imported that only one version reaches."""
        names = {BASE: {self.same(("module", name))[1]: name for name in modules[BASE]}}
        names[NEW] = {name: name for name in modules[NEW]}
        for version, other in OTHERS:
            for name in sorted(names[version].keys() - names[other].keys()):
                for one in self.packages[version].modules[names[version][name]].definitions.values():
                    if not isinstance(one.nodes[0], SCOPES):
                        yield from self.whole(version, one)

    def _compared(self, old: Definition, new: Definition) -> Change:
        sides = ((old, self.same), (new, lambda meaning: meaning))
        forms = [[form(statement, one.names, same) for statement in one.statements] for one, same in sides]
        named = [[form(statement, one.names.with_numbers, same) for statement in one.statements] for one, same in sides]
        if forms[0] == forms[1] or named[0] == named[1]:
            return Change(old, new)
        meant = {name: self.same(meaning) for name, meaning in old.meanings.items()}
        for name in sorted(meant.keys() & new.meanings.keys()):
            if meant[name] != new.meanings[name] and meant[name][0] != "variable of the module":
                problem = f"`{name}` stands for {_said(new.meanings[name])} and stood for {_said(meant[name])}"
                return Change(old, new, set(), problem)
        needs, count = set(self._gained({BASE: old, NEW: new})), 0
        for tag, i1, i2, j1, j2 in SequenceMatcher(None, *forms, autojunk=False).get_opcodes():
            if tag != "equal":
                blocks = {BASE: old.statements[i1:i2], NEW: new.statements[j1:j2]}
                count += max(i2 - i1, j2 - j1)
                needs.update(self._needs({BASE: old, NEW: new}, blocks))
        return Change(old, new, needs, "", count)

    def _needs(self, sides: dict[str, Definition], blocks: dict[str, list[Statement]]) -> Iterator[Need]:
        """Needs that show two blocks of statements to be equivalent."""
        kinds = {version: [(type(one.node), one.place) for one in block] for version, block in blocks.items()}
        paired = kinds[BASE] == kinds[NEW]
        for version, block in blocks.items():
            for number, one in enumerate(block):
                if paired:
                    parts = self._differing(sides, blocks, number)
                    yield self._shown(version, one, [node for part in parts[version] for node in part])
                    if change := other_literal(parts[BASE], parts[NEW], sides[BASE].names):
                        yield Need(version, one, f"{change}: what else the value decides cannot be seen", last=True)
                else:
                    yield self._all_of(version, one)
                    outer = (outer for outer, _ in one.around if isinstance(outer.node, (*CONDITIONS, ast.match_case)))
                    yield from (self._shown(version, condition, [], outcomes=True) for condition in outer)
                    if any(_may_skip(*outer) for outer in one.around if outer[0] not in block):
                        yield Need(version, one, "in which cases it is executed cannot be seen")
                yield from self._uses(version, sides[version], one)
        turns = {version: _turns(block) for version, block in blocks.items()}
        if [(type(one.node), one.place) for one in turns[BASE]] != [(type(one.node), one.place) for one in turns[NEW]]:
            for version, block in turns.items():
                yield from (Need(version, one, "what follows it is executed in other cases") for one in block)

    def _differing(
        self, sides: dict[str, Definition], blocks: dict[str, list[Statement]], number: int
    ) -> dict[str, list[list[ast.AST]]]:
        """The parts in which two statements differ, by version."""
        old, new = ([value for _, value in blocks[version][number].header] for version in (BASE, NEW))
        names = sides[BASE].names, sides[NEW].names
        parts = differing(old, new, lambda *pair: _alike(*pair, *names, self.same))
        if not all(map(any, parts)):
            return {version: [[node for node, _ in block[number].expressions]] for version, block in blocks.items()}
        return {BASE: [part for part, _ in parts], NEW: [part for _, part in parts]}

    def _all_of(self, version: str, one: Statement, **kinds: bool) -> Need:
        return self._shown(version, one, [node for node, _ in one.expressions], **kinds)

    def _shown(
        self, version: str, one: Statement, nodes: Iterable[ast.AST], outcomes: bool = False, **kinds: bool
    ) -> Need:
        """A need for the execution of a statement and the evaluation of some of its nodes."""
        below = {id(part) for node in nodes for part in ast.walk(node)}
        doubtful = [node for node, certain in one.expressions if id(node) in below and not certain]
        problem = ""
        if doubtful:
            problem = f"whether `{ast.unparse(doubtful[0])}` was used cannot be seen"
        elif isinstance(one.node, (ast.Match, ast.match_case)):
            problem = "which cases were looked at cannot be seen"
        elif isinstance(one.node, FUNCTIONS) and not one.node.body:
            problem = "nothing in it can be executed"
        return Need(version, one, problem, isinstance(one.node, CONDITIONS) and (outcomes or bool(below)), **kinds)

    def _uses(
        self, version: str, definition: Definition, one: Statement, seen: frozenset = frozenset()
    ) -> Iterator[Need]:
        """Needs for all uses of what a statement binds, and of what is derived from it when its module is imported."""
        names, attributes = bound(one)
        wanted: set[Hashable] = {f".{name}" for name in attributes}
        for name in names:
            wanted |= set(_definitions(definition.names.of_name(name) or ()))
        if one.function is not None:
            for place in (other for other in definition.statements if other.function is one.function):
                if nodes := [node for name in sorted(names) for node in definition.mentions(name).get(place, ())]:
                    yield self._shown(version, place, nodes)
        elif one.scope is not None:
            # Special methods and the fields of a dataclass are used through their class.
            wanted |= {definition.key, *(f".{name}" for name in names if not name.startswith("__"))}
        else:
            # Code that imports by name accesses modules as objects.
            wanted |= {f".{name}" for name in names}
        yield from self._uses_of(version, wanted, seen)
        if isinstance(one.node, SCOPES):
            # Its parameters, or what it inherits, may affect everything in it.
            for other in definition.below(one):
                yield self._all_of(version, other)
                yield from self._uses_of(version, {f".{name}" for name in bound(other)[1]}, seen)
            for decorator in one.node.decorator_list:
                yield from self._all_named(version, definition, decorator)
            yield from self._uses_of(version, {f".{name}" for name in self._inherited(version, definition, one)}, seen)

    def _inherited(self, version: str, definition: Definition, one: Statement) -> set[str]:
        """The names that a class inherits from classes of the package."""
        found: set[str] = set()
        for base in one.node.bases if isinstance(one.node, ast.ClassDef) else ():
            for key in _definitions(definition.names.of(base) or ()):
                above = self.packages[version].find(key)
                for statement in above.statements:
                    found |= stored(statement) if statement.scope is not None and statement.function is None else set()
                    found |= self._inherited(version, above, statement)
        return {name for name in found if not name.startswith("__")}

    def _uses_of(self, version: str, wanted: set[Hashable], seen: frozenset) -> Iterator[Need]:
        """Needs for all uses of some attributes and meanings."""
        for other in self.packages[version].definitions if wanted - seen else ():
            for name in sorted(wanted - seen, key=repr):
                for place, nodes in other.mentions(name).items():
                    yield self._shown(version, place, nodes, where_reached=True)
                    if place.function is None:
                        yield from self._uses(version, other, place, seen | wanted)

    def _gained(self, sides: dict[str, Definition]) -> Iterator[Need]:
        """Needs for everything that a definition uses in one version only."""
        for version, other in OTHERS:
            yield from self._on_gpus(version, sides[version])
            direct, before = self._used(version, sides[version]), self._used(other, sides[other], certain=True)
            known = self._reach(other, before, certain=True)
            for key, one in self._reach(version, direct).items():
                if key not in known or key in direct.keys() - before.keys():
                    yield from self.whole(version, one)
            called = sides[version].attributes - sides[other].attributes
            calls, there = self._calls(version, sides[version]), self._calls(other, sides[other])
            for call in (nodes[0] for key, nodes in calls.items() if len(nodes) > len(there.get(key, ()))):
                # A function that is passed as an argument may be called there.
                values = [call.func, *call.args, *(keyword.value for keyword in call.keywords)]
                for value in (value for value in values if isinstance(value, (ast.Name, ast.Attribute))):
                    yield from self._all_named(version, sides[version], value)
                if isinstance(call.func, ast.Attribute) and not sides[version].names.of(call.func):
                    called.add(call.func.attr)
            yield from self._methods(version, called)

    @cached_property
    def _external(self) -> dict[str, set[Meaning]]:
        """The names of libraries that each version uses."""
        every = {
            version: [one.meanings.values() for one in self.packages[version].definitions] for version in (BASE, NEW)
        }
        return {v: {one for found in every[v] for one in found if one[0] == "external"} for v in every}

    def _on_gpus(self, version: str, definition: Definition) -> Iterator[Need]:
        """Needs for uses of GPU libraries that the other version does not have anywhere."""
        for meaning in sorted(self._external[NEW] ^ self._external[BASE]):
            if meaning[1].partition(".")[0] in ON_GPUS:
                for place in definition.mentions(meaning):
                    yield Need(version, place, f"what `{meaning[1]}` does on a GPU cannot be seen")

    def _calls(self, version: str, definition: Definition) -> dict[Hashable, list[ast.Call]]:
        """The calls in a definition, by their forms without names of variables."""
        same = self.same if version == BASE else lambda meaning: meaning
        names = definition.names.without_variables
        nodes = [node for one in definition.statements for node, _ in one.expressions if isinstance(node, ast.Call)]
        found: dict[Hashable, list[ast.Call]] = {}
        for node in nodes:
            found.setdefault(node_form(node, names, same), []).append(node)
        return found

    def _all_named(self, version: str, definition: Definition, node: ast.AST) -> Iterator[Need]:
        """Needs for all definitions that a part of another definition names."""
        for meaning in filter(None, map(definition.names.of, ast.walk(node))):
            for key in _definitions(meaning):
                yield from self.whole(version, self.packages[version].find(key))

    def _methods(self, version: str, called: set[str]) -> Iterator[Need]:
        """Needs for all functions and methods with some names."""
        for one in self.packages[version].definitions if called else ():
            for function in (s for s in one.statements if s.function is None and isinstance(s.node, FUNCTIONS)):
                if function.node.name in called:
                    below = (function, *one.below(function))
                    yield from (self._all_of(version, statement, where_reached=True) for statement in below)

    def _used(self, version: str, definition: Definition, certain: bool = False) -> dict[Meaning, Definition]:
        """The definitions that one names, certainly or possibly, by their keys in the new version."""
        meanings = definition.meanings.values()
        found = {key for meaning in meanings for key in _definitions(meaning) if not certain or key == meaning}
        ones = [self.packages[version].find(key) for key in sorted(found)]
        return {self.same(one.key) if version == BASE else one.key: one for one in ones}

    def _reach(self, version: str, used: dict[Meaning, Definition], certain: bool = False) -> dict[Meaning, Definition]:
        """Some definitions, and all that they name, directly or indirectly."""
        reached, waiting = dict(used), list(used.values())
        while waiting:
            for key, one in self._used(version, waiting.pop(), certain).items():
                if key not in reached:
                    reached[key] = one
                    waiting.append(one)
        return reached


def _alike(old: object, new: object, before: Names, after: Names, same: Same) -> bool:
    return node_form(old, before, same) == node_form(new, after, lambda meaning: meaning)


def _turns(block: list[Statement]) -> list[Statement]:
    """The statements that affect the control flow after them, except those inside functions of the block."""
    inside = [
        one for one in block if not any(outer in block for outer, _ in one.around if isinstance(outer.node, FUNCTIONS))
    ]
    return [one for one in inside if one.leads_elsewhere]


def _may_skip(outer: Statement, block: str) -> bool:
    """Whether the execution of a block depends on exceptions or on how a loop ends."""
    return isinstance(outer.node, TRIES) or (isinstance(outer.node, LOOPS) and block == "orelse")


def _definitions(meaning: Meaning) -> Iterator[Meaning]:
    if meaning[:1] == ("definition",):
        yield meaning
    else:
        for part in meaning:
            if isinstance(part, tuple):
                yield from _definitions(part)


def _said(meaning: Meaning) -> str:
    if meaning[0] == "here or":
        return f"a variable here or {_said(meaning[2])}"
    if meaning[0] == "any":
        return " or ".join(map(_said, meaning[1:]))
    return ".".join(
        part for part in meaning if isinstance(part, str) and part not in ("definition", "gone", "external")
    )
