"""The parts of a module's source that affect results, and those that only people and type checkers read."""

import ast
import textwrap

import pytest

from xstilts.fingerprints.syntax import essential, imported_names, serialised


def read(text: str) -> object:
    """What counts of a module."""
    return serialised(essential(ast.parse(textwrap.dedent(text))))


SILENT = {
    "docstrings": ('def f():\n    """It."""\n    return 1', "def f():\n    return 1"),
    "the docstring of an attribute": ('A = 1\n"""It."""', "A = 1"),
    "annotations of arguments": (
        "def f(a: int, /, b: str = '', *c: int, d: int, **e: int): g(a)",
        "def f(a, /, b='', *c, d, **e): g(a)",
    ),
    "the annotation of what is returned": ("def f() -> int: g()", "def f(): g()"),
    "the annotation of a method": ("class A:\n    def f(self, a: int): g()", "class A:\n    def f(self, a): g()"),
    "what is imported for types": ("if TYPE_CHECKING:\n    import a\nb()", "b()"),
    "what is imported for types beside something else": ("if TYPE_CHECKING:\n    import a\nelse:\n    b()", "b()"),
    "the wording of an error": ("raise UserError(f'no {a}')", "raise UserError('nothing', a, hint=b)"),
    "the wording of an error that is not raised here": (
        "def f(a): return DataError(f'x {a}')",
        "def f(a): return DataError(f'y {a}')",
    ),
    "the wording of an error of a module": ("raise errors.DataError('x')", "raise errors.DataError()"),
    "a message": ("print('a', b)\nc()", "c()"),
    "a warning": ("warnings.warn(f'{a}', stacklevel=2)\nc()", "c()"),
    "the wording of a message that calls something": ("print('a', next(b))", "print('c', next(b))"),
    "how a task is described": (
        "A = Task(name='a', title='A', licence='B', citation='C' 'D', homepage='E', notes='F')",
        "A = Task(name='a')",
    ),
    "what is estimated of a task": ("A = Task(name='a', estimates={'train': {'rows': 9}})", "A = Task(name='a')"),
    "the languages that describe the data of a task": (
        "A = Task(name='a', trained_in=('de',), translated=('de',), overlaps={'dev': ('b.dev',)})",
        "A = Task(name='a')",
    ),
    "the wording within a format": ("print(f'a {next(b)} c')", "print(f'd {next(b)} e')"),
}


@pytest.mark.parametrize(("one", "other"), SILENT.values(), ids=SILENT.keys())
def test_what_only_people_and_type_checkers_read_counts_for_nothing(one: str, other: str):
    assert read(one) == read(other)


COUNTED = {
    "what a task is, besides its description": ("A = Task(name='a', title='A')", "A = Task(name='b', title='A')"),
    "what describes a task and is no text": ("A = Task(name='a', title=b)", "A = Task(name='a', title=c)"),
    "what is estimated of a task by a name": (
        "A = Task(name='a', estimates={'train': b})",
        "A = Task(name='a', estimates={'train': c})",
    ),
    "the title of something else": ("A = chart(title='A')", "A = chart(title='B')"),
    "what an error that is not raised here is made from": ("a = DataError(next(b))", "a = DataError(b)"),
    "what is raised": ("raise say('a')", "raise say('b')"),
    "the annotation of a field, which a model reads": ("class A:\n    a: int", "class A:\n    a: str"),
    "an annotation that a decorator may read": ("@register\ndef f(a: int): g()", "@register\ndef f(a: str): g()"),
    "the default of an argument": ("def f(a: int = 1): g()", "def f(a: int = 2): g()"),
    "the name of an argument": ("def f(a): g()", "def f(b): g()"),
    "another kind of error": ("raise UserError('x')", "raise DataError('x')"),
    "the cause of an error": ("raise UserError('x') from None", "raise UserError('x') from a"),
    "whether an error is raised": ("if a:\n    raise UserError('x')", "if b:\n    raise UserError('x')"),
    "what a message calls": ("print(next(a))", "print(next(b))"),
    "whether a message calls something": ("print(next(a))\nc()", "c()"),
    "what a message binds": ("print(a := b)\nc()", "c()"),
    "what is printed to a file": ("print(a, file=b)", "print(c, file=b)"),
    "the wording of what is printed to a file": ("print('a', file=b)", "print('c', file=b)"),
    "what is printed with options that are not seen": ("print(a, **b)", "print(c, **b)"),
    "whether a message uses up an iterator": ("print(*a)\nb(a)", "b(a)"),
    "whether a message goes through an iterator": ("print([b for b in a])\nc(a)", "c(a)"),
    "whether a message looks for something in an iterator": ("print(b in a)\nc(a)", "c(a)"),
    "a method that is called as a message is": ("self.print('a')\nb.warn('c')", "self.print('d')\nb.warn('e')"),
    "bytes and the text that shows them": ("a = b'b'", "a = \"b'b'\""),
    "an ellipsis and its name": ("a = ...", "a = 'Ellipsis'"),
    "a text that is no message": ("say('a')", "say('b')"),
    "a text that is returned": ("def f(): return 'a'", "def f(): return 'b'"),
    "what a call of print is used for": ("a = print('b')", "a = None"),
    "the arguments of another class": ("raise SystemExit(1)", "raise SystemExit(2)"),
    "a condition that is not about types": ("if CHECKING:\n    import a\nb()", "b()"),
}


@pytest.mark.parametrize(("one", "other"), COUNTED.values(), ids=COUNTED.keys())
def test_all_else_counts(one: str, other: str):
    assert read(one) != read(other)


def test_what_is_left_keeps_its_place_in_the_text():
    tree = essential(ast.parse('"""Words."""\nimport a\n\n\ndef f(x: int):\n    print(x)\n    return x\n'))
    assert [node.lineno for node in ast.walk(tree) if isinstance(node, ast.stmt)] == [2, 5, 7]


def test_what_is_imported_for_types_is_not_imported():
    text = "import a\nif TYPE_CHECKING:\n    import b\nelif c:\n    from d import e\nelse:\n    from . import f\n"
    assert list(imported_names(essential(ast.parse(text)))) == ["a", "d.e", ".f"]
