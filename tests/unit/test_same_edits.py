"""Which edits are shown to change no result by running both versions, and which are not."""

from pathlib import Path

import pytest
from comparing import problem

pytestmark = pytest.mark.thorough

CODE = """
import re
from functools import lru_cache

SCALE = 2
TABLE = {"one": 1, "two": 2}
PATTERN = re.compile("[a-z]+")
DOUBLE = SCALE * 2
LANGUAGES = "en de".split()


class Model:
    size = 3

    def __init__(self, width=1):
        self.width = width

    def area(self):
        return self.width * self.size

    def on_gpu(self):
        return self.size * self.width


def run(x, gpu=False):
    total = x + 1
    if gpu:
        total = half(total)
        return total * SCALE + DOUBLE
    return total + 0


def half(number, digits=3):
    return round(number / 2, digits)


def steps(rows, limit=None):
    found = []
    for row in rows:
        if row > 2:
            found.append(row)
        else:
            found.append(-row)
    wanted = [one for one in found if one or limit]
    first = wanted[0] if wanted else 0
    last = max(wanted, key=lambda one: one + 0)
    if limit and last > limit:
        last = limit
    return first, last


def load(path):
    try:
        text = open(path).read()
    except OSError:
        text = ""
    return len(text)


def words(text):
    count = TABLE["one"]
    return PATTERN.findall(text)[:5], count


def kept(x, always=True):
    value = 1
    if always:
        value = x
    return value


def some(rows):
    if sum(one for one in rows) > 0:
        return max([row for row in rows], default=1 + 0)
    return 0


@lru_cache
def cached(number):
    return number * SCALE
"""
DRIVER = """
from toy import a
a.run(1)
a.steps([1, 2, 3])
a.load(__import__("os").devnull)
a.words("one two")
a.cached(1)
a.kept(1)
a.some([1])
a.Model().area()
"""


def of_edit(folder: Path, old: str, new: str, driver: str = DRIVER) -> str:
    assert CODE.count(old) == 1, old
    return problem(folder, "-- a.py" + CODE.replace(old, "{{" + old + "|" + new + "}}"), driver)


SHOWN = {
    "a statement that is executed": ("return total + 0", "return 0 + total"),
    "a renamed variable": (
        'count = TABLE["one"]\n    return PATTERN.findall(text)[:5], count',
        'number = TABLE["one"]\n    return PATTERN.findall(text)[:5], number',
    ),
    "a condition of which both outcomes were seen": ("if row > 2:", "if 2 < row:"),
    "a statement in a branch that was taken": ("found.append(-row)", "found.append(0 - row)"),
    "a regular expression in two parts whose uses were executed": ('"[a-z]+"', '"[a-z]" + "+"'),
    "an operator beside a comprehension": ("default=1 + 0", "default=1 - 0"),
    "a statement more": ("    return len(text)", "    length = len(text)\n    return length"),
    "a function that was taken out of another": (
        "    return total + 0\n",
        "    return finished(total)\n\n\ndef finished(total):\n    return total + 0\n",
    ),
    "a body of a decorated function": ("return number * SCALE", "return SCALE * number"),
}

NOT_SHOWN = {
    "a branch that was not taken": ("total * SCALE + DOUBLE", "total * SCALE - DOUBLE", "not executed"),
    "a branch that is gone": (
        "    if gpu:\n        total = half(total)\n        return total * SCALE + DOUBLE\n",
        "",
        "one outcome",
    ),
    "a condition of which one outcome was seen": ("if gpu:", "if gpu or x > 9:", "cannot be seen"),
    "a simple condition of which one outcome was seen": ("if gpu:", "if not gpu:", "one outcome"),
    "an operand of `or`": ("if one or limit", "if one or not limit", "`not limit`"),
    "an operand of `and`": ("last > limit:", "last >= limit:", "cannot be seen"),
    "a condition with a generator in it, of which one outcome was seen": ("> 0:", "> -1:", "one outcome"),
    "one of two values": ("wanted[0] if wanted else 0", "wanted[0] if wanted else 1", "`1`"),
    "what chooses one of two values": ("if wanted else 0", "if found else 0", "`found`"),
    "the body of a lambda": ("one + 0", "one + 1", "`1` was used cannot"),
    "the condition of a comprehension": ("if one or limit", "if one is not None", "`one is not None`"),
    "the element of a comprehension": ("[one for one in", "[one + 0 for one in", "`one + 0`"),
    "the body of an except clause that never ran": ('text = ""', 'text = "?"', "not executed"),
    "what an except clause catches": ("except OSError:", "except ValueError:", "cannot be seen"),
    "a default that was not used everywhere": ("digits=3", "digits=2", "not executed"),
    "a default of a special method": ("width=1", "width=2", "not executed"),
    "a decorator": ("def half(", "@lru_cache\ndef half(", "not executed"),
    "a constant of the module": ("SCALE = 2", "SCALE = 3", "not executed"),
    "what another constant is made of": ("DOUBLE = SCALE * 2", "DOUBLE = SCALE + 2", "not executed"),
    "an entry of a table": ('"two": 2', '"two": 3', "cannot be seen"),
    "a name in a text that is split": ('"en de"', '"en de sw"', "cannot be seen"),
    "an attribute of a class": ("size = 3", "size = 4", "not executed"),
    "a variable that a branch uses": ("total = x + 1", "total = 1 + x", "not executed"),
    "an early end": ("    total = x + 1\n", "    return x + 1\n    total = x + 1\n", "in other cases"),
    "a branch that ends earlier": (
        "            found.append(-row)",
        "            found.append(-row)\n            continue",
        "in other cases",
    ),
    "errors that are passed over": (
        "    total = x + 1\n",
        "    with __import__('contextlib').suppress(ValueError):\n        total = x + 1\n",
        "in other cases",
    ),
    "a function that nothing calls": ("\n\ndef words", "\n\ndef never():\n    return 1\n\n\ndef words", "not executed"),
    "a function that is gone": (
        "def half(number, digits=3):\n    return round(number / 2, digits)\n",
        "",
        "stood for a.half",
    ),
    "a method that was not called": ("return self.size *", "return self.width *", "not executed"),
    "another call of what has a branch that was not taken": (
        "return len(text)",
        "return run(len(text)) - 1",
        "one outcome",
    ),
    "a parameter with another name": (
        "def half(number, digits=3):\n    return round(number / 2, digits)",
        "def half(value, digits=3):\n    return round(value / 2, digits)",
        "not executed",
    ),
    "a branch on the line of its condition": (
        "    return len(text)",
        "    if path: path = 0\n    return len(text)",
        "shares a line",
    ),
    "another number, with which the run does the same": (")[:5]", ")[:6]", "`6` was `5`"),
    "another text, with which the run does the same": ('"[a-z]+"', '"[a-z][a-z]*"', "`'[a-z][a-z]*'` was `'[a-z]+'`"),
    "a comparison in a chain": (
        "    total = x + 1\n    if gpu",
        "    total = x + (0 < x < 9)\n    if gpu",
        "cannot be seen",
    ),
    "an assertion": ("    return len(text)", "    assert text is not None\n    return len(text)", "cannot be seen"),
    "a case": (
        "    return len(text)",
        "    match text:\n        case '':\n            return 0\n    return len(text)",
        "cannot be seen",
    ),
    "a statement that has left a branch": ("    if always:\n        value = x\n", "    value = x\n", "one outcome"),
    "a statement that has moved to another branch": (
        "    if always:\n        value = x\n",
        "    if always:\n        pass\n    else:\n        value = x\n",
        "one outcome",
    ),
    "the base of a class": ("class Model:", "class Model(dict):", "not executed"),
    "an attribute of an object that a branch uses": ("self.width = width", "self.width = width + 0", "not executed"),
}


@pytest.mark.parametrize("old, new", SHOWN.values(), ids=SHOWN.keys())
def test_an_edit_of_what_was_executed_is_shown(tmp_path: Path, old: str, new: str):
    assert of_edit(tmp_path, old, new) == ""


@pytest.mark.parametrize("old, new, expected", NOT_SHOWN.values(), ids=NOT_SHOWN.keys())
def test_an_edit_of_what_was_not_seen_is_not_shown(tmp_path: Path, old: str, new: str, expected: str):
    found = of_edit(tmp_path, old, new)
    assert found, "shown"
    assert expected in found
