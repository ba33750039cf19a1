"""Comparing two versions when unchanged code is called, inherited or reached differently."""

from pathlib import Path
from textwrap import dedent

import pytest
from comparing import problem

DRIVER = "from toy.a import f\nf(1)\n"
LIBRARY = """
-- b.py
class A:
    def m(self):
        return 1
class B:
    def m(self):
        return 2
class K:
    def __init__(self, n):
        self.n = n
    def on_gpu(self, gpu=False):
        if gpu:
            return self.n
        return 0
    def on_tpu(self, gpu=False):
        if gpu:
            return -self.n
        return 0
def g(x, gpu=False, exact=False):
    if gpu:
        return x if exact else 0
    return x
def h(x, gpu=False, exact=False):
    if gpu:
        return 1
    return x
def twice(function):
    def called(x, gpu=False):
        if gpu:
            return 2 * function(x)
        return function(x)
    return called
def more(function):
    def called(x, gpu=False):
        if gpu:
            return 1 + function(x)
        return function(x)
    return called
-- a.py
from functools import partial
from toy.b import A, B, K, g, h, more, twice
"""

SHOWN = {
    "an argument is a variable with another name": """
        def f(x):
            {{y|z}} = x + 0
            return g({{y|z}})
        """,
    "a call has another place": """
        def f(x):
            {{y = g(x)
            z = 1|z = 1
            y = g(x)}}
            return y + z
        """,
    "what is used of a library has moved": """
        import torch
        def f(x):
            {{x = torch.as_tensor(x).item()|x = new(x)}}
            return x
        {{|def new(x):
            return torch.as_tensor(x).item()}}
        """,
    "a constant has its name no more": """
        {{N = 1|}}
        def f(x):
            return abs({{N|1}}) + x
        """,
    "a number has become a setting": """
        def f(x{{|, n=1}}):
            return x * {{1|n}}
        """,
    "an argument is a constant with a name": """
        {{|N = 1}}
        def f(x):
            return abs({{1|N}}) + x
        """,
}

NOT_SHOWN = {
    "an argument is another one": (
        """
        def f(x):
            return g(x, exact={{x < 0|x < 1}})
        """,
        "b.py:20 (new) was only seen with one outcome",
    ),
    "there is one argument more": (
        """
        def f(x, exact=False):
            return g(x{{|, exact=exact}})
        """,
        "b.py:20 (new) was only seen with one outcome",
    ),
    "one of two functions is called in place of the other": (
        """
        def f(x):
            y = g(x) + h(x)
            return {{g|h}}(y)
        """,
        "one outcome",
    ),
    "one of two methods is called in place of the other": (
        """
        def f(x):
            k = K(x)
            k.on_gpu(), k.on_tpu()
            return k.{{on_gpu|on_tpu}}(False)
        """,
        "one outcome",
    ),
    "an object is made from something else": (
        """
        def f(x):
            return K({{x|x + 1}}).on_gpu()
        """,
        "one outcome",
    ),
    "a function gets another argument when it is called": (
        """
        h = partial(g, exact={{True|abs}})
        def f(x):
            return h(x)
        """,
        "one outcome",
    ),
    "a setting is not used any more": (
        """
        def f(x, n=1):
            return x * {{n|1}}
        """,
        "`1` was `n`",
    ),
    "a function of a library is asked for fewer texts": (
        """
        def f(x):
            return str(x).startswith(({{"?", "!"|"?",}}))
        """,
        "`'?'` was `'?', '!'`",
    ),
    "a switch of a library is set": (
        """
        import torch
        def f(x):
            {{|torch.set_float32_matmul_precision("highest")}}
            return x
        """,
        "what `torch.set_float32_matmul_precision` does on a GPU cannot be seen",
    ),
    "a function of a library is replaced": (
        """
        from torch import {{no_grad|inference_mode}} as context
        def f(x):
            with context():
                return x
        """,
        "`context` stands for torch.inference_mode and stood for torch.no_grad",
    ),
    "a function of a library is gone": (
        """
        import torch
        def f(x):
            {{x = torch.as_tensor(x).item()|x = x}}
            return x
        """,
        "what `torch.as_tensor` does on a GPU cannot be seen",
    ),
    "decorators are in another order": (
        """
        @{{twice|more}}
        @{{more|twice}}
        def f(x):
            return x
        """,
        "one outcome",
    ),
    "the bases of a class are in another order": (
        """
        class C({{A, B|B, A}}):
            pass
        def f(x, gpu=False):
            A().m(), B().m()
            c = C()
            return x if not gpu else c.m()
        """,
        "whether `c.m` was used cannot be seen",
    ),
    "a class has another base, with methods that were seen": (
        """
        class C({{A|B}}):
            pass
        def f(x, gpu=False):
            A().m(), B().m()
            c = C()
            return x if not gpu else c.m()
        """,
        "whether `c.m` was used cannot be seen",
    ),
    "a statement has left the end of a loop": (
        """
        def f(x):
            for y in [x]:
                if y > 5:
                    break
            {{else:
                x += 0|x += 0}}
            return x
        """,
        "in which cases it is executed cannot be seen",
    ),
    "a statement has left what may be ended by an error": (
        """
        def f(x):
            try:
                y = int(x)
                {{x = y + 0|}}
            except ValueError:
                y = 0
            {{|x = y + 0}}
            return x
        """,
        "in which cases it is executed cannot be seen",
    ),
}


@pytest.mark.parametrize("code", SHOWN.values(), ids=SHOWN.keys())
def test_it_is_shown_where(tmp_path: Path, code: str):
    assert problem(tmp_path, _whole(code), DRIVER) == ""


@pytest.mark.parametrize("code, expected", NOT_SHOWN.values(), ids=NOT_SHOWN.keys())
def test_nothing_is_shown_where(tmp_path: Path, code: str, expected: str):
    assert expected in problem(tmp_path, _whole(code), DRIVER)


def _whole(code: str) -> str:
    return LIBRARY + dedent(code)
