"""The tables, notes and citations of docs/tasks.md are those of the tasks."""

import importlib.util
import re
from dataclasses import replace
from types import ModuleType

import pytest
from fabricated import WORKFLOW
from test_task_table import LICENCES, TASKS

from xstilts import tasks

DOCS = WORKFLOW.parent / "docs"
PAGE = (DOCS / "tasks.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `(\w+)` \| [^|]* \| .* \| ([^|]*) \|$", re.MULTILINE)


@pytest.fixture(scope="module")
def reference() -> ModuleType:
    spec = importlib.util.spec_from_file_location("task_reference", DOCS / "task_reference.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def before_files() -> str:
    """The page up to the table of files, whose rows begin with tasks, too."""
    return PAGE[: PAGE.index("<!-- files -->")]


def test_the_page_has_a_row_with_the_licence_of_each_known_task_and_of_no_other():
    rows = ROW.findall(before_files())
    assert len(rows) == len(TASKS)
    assert dict(rows) == LICENCES


def test_the_page_is_what_make_docs_writes(reference: ModuleType):
    """Of the tasks that it has: whoever adds a task of their own need not document it."""
    documented = sorted(dict(ROW.findall(before_files())))
    assert reference.rewritten(PAGE, [tasks.load(name) for name in documented]) == PAGE


def test_a_page_without_its_parts_is_filled_again(reference: ModuleType):
    known = [tasks.load(name) for name in sorted(TASKS)]
    empty = re.sub(r"(?s)(<!-- (?!end)[a-z ]+ -->\n).*?(?=<!-- end -->)", r"\1", PAGE)
    assert len(empty) < len(PAGE) / 2
    assert reference.rewritten(empty, known) == PAGE


PARTS = """<!-- trained on -->
old
<!-- end -->
<!-- targets -->
<!-- end -->
between
<!-- files -->
<!-- end -->
<!-- languages -->
<!-- end -->
<!-- notes -->
<!-- end -->
<!-- citations -->
<!-- end -->
"""

WRITTEN = """<!-- trained on -->
| task | data set | kind | train | dev | dev score | licence |
| --- | --- | --- | --- | --- | --- | --- |
| `copa` | [A](https://a.b) | multiple choice | 400 | 100 | accuracy | MIT |
<!-- end -->
<!-- targets -->
| task | data set | trained on | languages | examples of a language | main score | licence |
| --- | --- | --- | --- | --- | --- | --- |
| `pawsx` | pawsx | itself | 7 | — | accuracy | D |
| `tatoeba` | tatoeba | nothing | 36 | 205 to 1,000 | accuracy | B |
| `xquad` | X | `squad_v1` | 11 | 1,190 | mean of F1 and EM | C |
<!-- end -->
between
<!-- files -->
| task | splits | files |
| --- | --- | --- |
| `copa` | train | `train.jsonl`<br>`COPA/train.jsonl`<br>`train-en.jsonl` |
| `copa` | dev | `val.jsonl`<br>`COPA/val.jsonl`<br>`val-en.jsonl` |
| `tatoeba` | test | `tatoeba.{iso3}-eng.{iso3}`, `tatoeba.{iso3}-eng.eng`<br>`{lang}-en.{lang}`, `{lang}-en.en` |
| `xquad` | test | `xquad.{lang}.json` |
<!-- end -->
<!-- languages -->
| task | languages | translated by machine | rows of a language |
| --- | --- | --- | --- |
| `pawsx` | de en es fr ja ko zh | de fr | 7 to 49,401 (unknown: de es ja ko zh) |
<!-- end -->
<!-- notes -->
**A.** Beware.

<!-- end -->
<!-- citations -->
- X: Who. 2020. What. Where.
<!-- end -->
"""


def test_each_part_is_made_from_the_fields_of_the_tasks(reference: ModuleType):
    bare = {"title": "", "homepage": "", "notes": "", "citation": ""}
    known = [
        replace(tasks.load("copa"), title="A", licence="MIT", homepage="https://a.b", citation="", notes="Beware."),
        replace(
            tasks.load("pawsx"),
            **bare
            | {"licence": "D", "splits": dict.fromkeys(("train", "dev", "test"), ()), "translated": ("fr", "de")},
            counts={"train": {"kk": 3, "fr": 7, "en": 49_401}},
        ),
        replace(tasks.load("tatoeba"), **bare | {"licence": "B"}),
        replace(tasks.load("xquad"), **bare | {"title": "X", "licence": "C", "citation": "Who. 2020. What. Where."}),
    ]
    assert reference.rewritten(PARTS, known) == WRITTEN
