"""Comparing two versions with definitions that have moved, and may have another meaning."""

from pathlib import Path

import pytest
from comparing import problem

pytestmark = pytest.mark.thorough

DRIVER = "from toy.a import f\nf(1)\n"

MOVED = {
    "a module": """
        -- a.py
        from {{toy|toy.c}} import b
        def f(x):
            return b.g(x) if b else 0
        -- {{b|c/b}}.py
        def g(x, gpu=False):
            return -x if gpu else x
        """,
    "a definition that is now used by way of its module": """
        -- a.py
        from {{toy.b import g|toy import d}}
        def f(x):
            return [{{g|d.g}}(one) for one in [x] if one]
        -- {{b|d}}.py
        def g(x):
            return x
        """,
    "a definition with the one that it uses": """
        -- a.py
        {{LIMIT = 3
        def g(x):
            return LIMIT if x else 0
        |from .limits import g
        }}
        def f(x):
            return g(x)
        -- limits.py
        {{|LIMIT = 3
        def g(x):
            return LIMIT if x else 0
        }}
        """,
    "what a package passes on": """
        -- a.py
        from toy.p{{|.q}} import g
        def f(x):
            return g(x) or 0
        -- p/__init__.py
        {{from toy.p.q import g|NONE = 0}}
        -- p/q.py
        def g(x):
            return x
        """,
    "what is imported inside a function": """
        -- a.py
        def f(x, gpu=False):
            if gpu:
                from toy.{{b|c}} import g
                return g(x)
            return x
        -- {{b|c}}.py
        def g(x):
            return x
        """,
    "methods, in another order": """
        -- a.py
        class K:
            def {{g|h}}(self):
                return {{self.h() or 1|1}}
            def {{h|g}}(self):
                return {{1|self.h() or 1}}
        def f(x):
            return K().h()
        """,
}

OTHERS = {
    "another function of the same name is imported": (
        """
        -- a.py
        from toy.{{b|c}} import g
        def f(x):
            return g(x)
        -- b.py
        def g(x):
            return x
        -- c.py
        def g(x):
            return +x
        """,
        "`g` stands for c.g and stood for b.g",
    ),
    "a function has moved to where a name means something else": (
        """
        -- a.py
        from toy.{{b|c}} import f
        -- b.py
        N = 1
        {{def f(x):
            return x if x else N|}}
        -- c.py
        N = 2
        {{|def f(x):
            return x if x else N}}
        """,
        "`N` stands for c.N and stood for b.N",
    ),
    "another function of a library has the same name": (
        """
        -- a.py
        from math import {{floor|ceil}} as near
        def f(x):
            return near(x)
        """,
        "`near` stands for math.ceil and stood for math.floor",
    ),
    "a package passes on another function": (
        """
        -- a.py
        from toy.p import g
        def f(x):
            return g(x)
        -- p/__init__.py
        from toy.{{q|r}} import g
        -- q.py
        def g(x):
            return x
        -- r.py
        def g(x):
            return x
        """,
        "`g` stands for r.g and stood for q.g",
    ),
    "a parameter had the name of what is used now": (
        """
        -- a.py
        {{from toy.b import g|import toy.b as m}}
        def f(x, g=abs):
            return {{g|m.g}}(x)
        -- b.py
        def g(x):
            return x if x > 0 else 0
        """,
        "cannot be seen",
    ),
    "a name of the language is now the module's": (
        """
        -- a.py
        {{|def abs(x):
            return x}}
        def f(x):
            return abs(x)
        """,
        "`abs` stands for a.abs and stood for built in.abs",
    ),
    "a variable hides what is the module's": (
        """
        -- a.py
        N = 1
        def f(x, gpu=False):
            {{|N = x}}
            return x if not gpu else N
        """,
        "`N` stands for a variable here or a.N and stood for a.N",
    ),
    "one of two modules is imported": (
        """
        -- a.py
        try:
            from math import {{sqrt|cbrt}} as g
        except ImportError:
            from math import exp as g
        def f(x):
            return g(x)
        """,
        "`g` stands for math.cbrt or math.exp and stood for math.exp or math.sqrt",
    ),
    "two definitions have changed places": (
        """
        -- a.py
        from toy import b, c
        def f(x):
            return b.g(x) + c.g(x)
        -- b.py
        def g(x, gpu=0):
            return {{1|2}} if gpu else x
        -- c.py
        def g(x, gpu=0):
            return {{2|1}} if gpu else x
        """,
        "cannot be seen",
    ),
    "a method hides that of its base": (
        """
        -- a.py
        class B:
            def m(self):
                return 1
        class K(B):
            {{pass|def m(self):
                return 2}}
        def f(x, gpu=0):
            if gpu:
                return K().m()
            return x
        """,
        "not executed",
    ),
    "a table beside the modules differs": (
        """
        -- a.py
        def f(x):
            return x
        -- p/table.csv
        {{1|2}}
        """,
        "table.csv",
    ),
    "the fields of a data class are in another order": (
        """
        -- a.py
        from dataclasses import dataclass
        @dataclass
        class P:
            {{u|v}}: int = 0
            {{v|u}}: int = 0
        def f(x, gpu=0):
            if gpu:
                return P(1, 2).u
            return x
        """,
        "not executed",
    ),
    "a constant has another name where it is used": (
        """
        -- a.py
        from toy.b import N as M
        def f(x, gpu=0):
            if gpu:
                return M
            return x
        -- b.py
        N = {{1|2}}
        """,
        "not executed",
    ),
    "a constant is what another is made of": (
        """
        -- a.py
        N = {{1|2}}
        M = N + 1
        def f(x, gpu=0):
            if gpu:
                return M
            return x
        """,
        "not executed",
    ),
    "another value decides between cases": (
        """
        -- a.py
        def f(x):
            match {{x|x + 0}}:
                case 1:
                    return 1
                case _:
                    return 2
        """,
        "which cases",
    ),
    "a table is filled behind it": (
        """
        -- a.py
        T = {}
        T["u"] = {{1|2}}
        def f(x, gpu=0):
            if gpu:
                return T["u"]
            return x
        """,
        "not executed",
    ),
    "a table is filled by a function": (
        """
        -- a.py
        T = {}
        def g():
            T["u"] = {{1|2}}
        def h(gpu):
            if gpu:
                return T["u"]
            return 0
        def f(x):
            g()
            return h(False)
        """,
        "not executed",
    ),
    "a function sets a variable of its module": (
        """
        -- a.py
        N = 0
        def g():
            global N
            N = {{1|2}}
        def f(x, gpu=0):
            g()
            if gpu:
                return N
            return x
        """,
        "not executed",
    ),
    "a function within a function has another default": (
        """
        -- a.py
        def f(x, gpu=0):
            def g(y, n={{1|2}}):
                if gpu:
                    return n
                return y
            return g(x)
        """,
        "one outcome",
    ),
    "an option is read in a branch": (
        """
        -- a.py
        def f(x, gpu=0):
            options = {}
            options.update(n={{1|2}})
            if gpu:
                return options
            return x
        """,
        "not executed",
    ),
    "a module that is loaded by name has another default": (
        """
        -- a.py
        from importlib import import_module
        def f(x, gpu=False):
            kind = import_module("toy.k")
            if gpu:
                return kind.g(x)
            return kind.g(x, 3)
        -- k.py
        def g(x, n={{1|2}}):
            return n
        """,
        "not executed",
    ),
    "a function of a module that is loaded by name is called in place of another": (
        """
        -- a.py
        from importlib import import_module
        def f(x):
            return import_module("toy.k").{{g|h}}(x)
        -- k.py
        def g(x):
            return x
        def h(x, gpu=False):
            if gpu:
                return -x
            return x
        """,
        "one outcome",
    ),
    "a default is kept in an attribute": (
        """
        -- a.py
        class K:
            def __init__(self, precision={{"bf16"|"fp16"}}):
                self.precision = precision
        class L:
            def m(self, k, gpu=False):
                if gpu:
                    return k.precision
                return 0
        def f(x):
            return L().m(K())
        """,
        "not executed",
    ),
    "a variable of a module is set by way of the module": (
        """
        -- a.py
        from toy import b, c
        b.N = c.{{M|N}}
        def f(x, gpu=False):
            if gpu:
                return b.N
            return x
        -- b.py
        N = 1
        -- c.py
        M, N = 2, 3
        """,
        "a.py:6 (new) was not executed",
    ),
}


@pytest.mark.parametrize("code", MOVED.values(), ids=MOVED.keys())
def test_what_has_moved_and_means_the_same_need_not_be_executed(tmp_path: Path, code: str):
    assert problem(tmp_path, code, DRIVER) == ""


@pytest.mark.parametrize("code, expected", OTHERS.values(), ids=OTHERS.keys())
def test_nothing_is_shown_where(tmp_path: Path, code: str, expected: str):
    assert expected in problem(tmp_path, code, DRIVER)


def test_nothing_is_shown_where_a_module_that_is_imported_now_does_something_on_a_gpu(tmp_path: Path):
    code = """
        -- a.py
        {{|import toy.b}}
        def f(x):
            return x + {{1|0}}
        -- b.py
        import sys
        if "gpu" in sys.argv:
            sys.gpu = True
        """
    reached = {"base": ["a"], "new": ["a", "b"]}
    assert "one outcome" in problem(tmp_path, code, DRIVER, reached)


def test_an_error_that_was_caught_elsewhere_hides_nothing(tmp_path: Path):
    code = """
        -- a.py
        def g(x):
            return {{x + 0|0 + x}}
        def f(x):
            try:
                int("a")
            except ValueError:
                return g(x)
        """
    assert problem(tmp_path, code, DRIVER) == ""


def test_what_the_code_does_not_reach_may_differ(tmp_path: Path):
    code = """
        -- a.py
        def f(x):
            return x
        -- b.py
        def never():
            return {{1|2}}
        """
    assert problem(tmp_path, code, DRIVER, {"base": ["a"], "new": ["a"]}) == ""
    assert problem(tmp_path / "whole", code, DRIVER) == "toy/b.py:3 (new) was not executed"
