"""Renamed variables are equivalent wherever they are used; swapped variables are not."""

from pathlib import Path

import pytest
from comparing import problem

DRIVER = "from toy.a import f\nf(1)\n"

SHOWN = {
    "in a branch that was not taken, and in a comprehension": """
        -- a.py
        def f(x, gpu=False):
            {{rows|batch}} = [{{row|one}} for {{row|one}} in [x] if {{row|one}} > 5]
            if gpu:
                {{rows|batch}}.append(1)
            return {{rows|batch}}
        """,
    "in a method that was not called": """
        -- a.py
        class K:
            size = 1
            def m(self, x):
                {{wide|width}} = self.size * x
                return {{wide|width}}
        def f(x):
            return x
        """,
}

NOT_SHOWN = {
    "two parameters are swapped": """
        -- a.py
        def f(x, y=1, gpu=False):
            if gpu:
                return {{x - y|y - x}}
            return x
        """,
    "two variables are swapped": """
        -- a.py
        def f(x, gpu=False):
            u, v = x, -x
            if gpu:
                return {{u - v|v - u}}
            return x
        """,
    "one variable has become two": """
        -- a.py
        def f(x, gpu=False):
            u = x
            {{u|v}} = -x
            if gpu:
                return u
            return x
        """,
    "a variable has the name of a function": """
        -- a.py
        def f(x, gpu=False):
            {{u|abs}} = x
            if gpu:
                return abs({{u|abs}})
            return x
        """,
    "a variable has the name of a parameter": """
        -- a.py
        def f(x, n=1, gpu=False):
            {{u|n}} = -x
            if gpu:
                return n
            return x
        """,
    "a variable hides one of the function around it": """
        -- a.py
        def f(x, gpu=False):
            u = 1
            def g():
                {{v|u}} = 2
                if gpu:
                    return u
            g()
            return x
        """,
    "the parameter of a lambda hides a variable": """
        -- a.py
        def f(x, gpu=False):
            u = 1
            g = lambda {{v|u}}: u if gpu else 0
            return g(x)
        """,
    "a name that others know": """
        -- a.py
        class K:
            {{u|v}} = 1
        def f(x, gpu=False):
            return getattr(K, "u") if gpu else x
        """,
    "a function has another name": """
        -- a.py
        def f(x, gpu=False):
            def {{g|h}}():
                return 1
            if gpu:
                return {{g|h}}.__name__
            return x
        """,
    "a name that a function reads": """
        -- a.py
        def f(x, gpu=False):
            {{u|v}} = x
            if gpu:
                {{u|v}} += 1
                return locals()
            return x
        """,
    "two parameters that are set are swapped": """
        -- a.py
        def f(x, y=1, gpu=False):
            {{x|y}} += 0
            {{y|x}} += 0
            if gpu:
                return {{x - y|y - x}}
            return 0
        """,
    "a variable of the module is swapped with one of a function": """
        -- a.py
        def g():
            global u
            {{u|v}} = 1
            {{v|u}} = 2
        def f(x, gpu=False):
            g()
            return x if not gpu else u
        """,
    "a class and its method have a variable of one name": """
        -- a.py
        class K:
            {{u|v}} = 1
            def m(self):
                {{u|v}} = 1
                return {{u|v}}
        def f(x, gpu=False):
            K().m()
            return getattr(K, "u") if gpu else x
        """,
    "a key": """
        -- a.py
        def f(x, gpu=False):
            u = 1
            options = dict({{u|v}}=u)
            if gpu:
                return options
            return x
        """,
}


@pytest.mark.parametrize("code", SHOWN.values(), ids=SHOWN.keys())
def test_it_is_shown_where_a_variable_has_another_name(tmp_path: Path, code: str):
    assert problem(tmp_path, code, DRIVER) == ""


@pytest.mark.parametrize("code", NOT_SHOWN.values(), ids=NOT_SHOWN.keys())
def test_nothing_is_shown_where(tmp_path: Path, code: str):
    assert problem(tmp_path, code, DRIVER) != ""
