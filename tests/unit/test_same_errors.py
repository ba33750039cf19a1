"""Comparing two versions when an error prevents code from being executed completely."""

from pathlib import Path

import pytest
from comparing import problem

DRIVER = "from toy.a import f\nf(1)\n"

NOT_SHOWN = {
    "an error keeps a part of a statement from being evaluated": (
        """
        -- a.py
        def f(x):
            try:
                x = int("a") + {{1|2}}
            except ValueError:
                x = 0
            return x
        """,
        "not executed to its end",
    ),
    "the error leaves a function": (
        """
        -- a.py
        def g():
            return int("a") + {{1|2}}
        def h():
            return g()
        def f(x):
            try:
                return h()
            except ValueError:
                return 0
        """,
        "not executed to its end",
    ),
    "the error leaves a method that an operator calls": (
        """
        -- a.py
        class K:
            def __lt__(self, other):
                return int("a") + {{1|2}}
        def f(x):
            k = K()
            try:
                return k < 1
            except ValueError:
                return 0
        """,
        "not executed to its end",
    ),
    "the error leaves a function that is passed on": (
        """
        -- a.py
        def g():
            return int("a") + {{1|2}}
        def attempt(work):
            try:
                return work()
            except ValueError:
                return 0
        def f(x):
            return attempt(g)
        """,
        "not executed to its end",
    ),
    "the error leaves a function that was kept": (
        """
        -- a.py
        def g():
            return int("a") + {{1|2}}
        class K:
            pass
        def f(x):
            K.kept = [g]
            try:
                return K.kept[0]()
            except ValueError:
                return 0
        """,
        "not executed to its end",
    ),
    "the error leaves a module that is imported": (
        """
        -- a.py
        try:
            from toy.b import N
        except ValueError:
            N = 0
        def f(x):
            return N
        -- b.py
        N = int("a") + {{1|2}}
        """,
        "not executed to its end",
    ),
    "the error leaves a `with`": (
        """
        -- a.py
        from contextlib import nullcontext
        def g():
            with nullcontext():
                y = int("a") + {{1|2}}
        def f(x):
            try:
                return g()
            except ValueError:
                return 0
        """,
        "not executed to its end",
    ),
    "the error comes behind a comprehension": (
        """
        -- a.py
        def g():
            return [one for one in [1]] + int("a") + {{1|2}}
        def f(x):
            try:
                return g()
            except ValueError:
                return 0
        """,
        "not executed to its end",
    ),
    "the error is passed over": (
        """
        -- a.py
        from contextlib import suppress
        def f(x):
            with suppress(ValueError):
                x = int("a") + {{1|2}}
            return x
        """,
        "not executed to its end",
    ),
    "another error is passed over": (
        """
        -- a.py
        from contextlib import suppress
        def f(x):
            with suppress({{KeyError|ValueError}}):
                x = int(x)
            return x
        """,
        "whether `ValueError` was used cannot be seen",
    ),
}


@pytest.mark.parametrize("code, expected", NOT_SHOWN.values(), ids=NOT_SHOWN.keys())
def test_nothing_is_shown_where(tmp_path: Path, code: str, expected: str):
    assert expected in problem(tmp_path, code, DRIVER)
