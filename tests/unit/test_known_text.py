"""The page names the targets whose texts are from Wikipedia, if masked language modelling comes before them."""

import pytest
from grids import Words
from invented_results import invented
from pages import page_of

from xstilts import tasks
from xstilts.config import parse
from xstilts.grid import Grid
from xstilts.reporting.page.known_text import FROM_WIKIPEDIA, note
from xstilts.reporting.page.render import render

MIXED = {"mixed": {"tasks": ["mnli", "mlm@en+de"]}}
WORDS = {"mlm": {"languages": ["en", "de"], "steps": 9, "head": "new"}}


def of(intermediates: list[str], evaluated: list[str], **others) -> str:
    grid = {"encoders": ["toy"], "intermediates": intermediates, "targets": evaluated, "seeds": [1]}
    raw = {"encoders": {"toy": {"path": "toy"}}, "stages": MIXED | WORDS, "grid": grid}
    return note(Grid(parse(raw | others), Words()))


@pytest.mark.parametrize("intermediate", ["mlm", "mixed", "mlm/mnli"])
def test_targets_from_wikipedia_are_named_after_plain_text(intermediate: str):
    assert of(["none", intermediate], ["xquad", "xnli", "pawsx@de", "pawsx", "udpos"]) == (
        "Wikipedia is the source of the texts of pawsx, xquad: after masked language modelling on Wikipedia, a gain "
        "there may come from known text."
    )


def test_masked_language_modelling_may_be_a_stage_of_the_target():
    targets = {"adapted": {"task": "panx", "stage": "mlm/panx"}}
    assert of(["none"], ["adapted", "xquad"], targets=targets).startswith(
        "Wikipedia is the source of the texts of panx:"
    )


@pytest.mark.parametrize(
    ("intermediates", "targets"),
    [(["none", "mnli"], ["xquad", "pawsx"]), (["none", "mlm", "mixed"], ["xnli", "udpos", "tatoeba"])],
)
def test_without_both_there_is_no_note(intermediates: list[str], targets: list[str]):
    assert of(intermediates, targets) == ""


@pytest.mark.parametrize("changes", [{"source": "miniature"}, {"tasks": {"mlm": {"source": "miniature"}}}])
def test_generated_text_is_known_from_nowhere(changes: dict):
    assert of(["none", "mlm@en+de"], ["pawsx"], languages=["en"], **changes) == ""


def test_the_targets_are_those_in_the_notes_on_the_text():
    """The notes name data sets by their titles, without what is in brackets."""
    targets = [task for task in map(tasks.load, tasks.names()) if task.name not in ("mlm", "tydiqa_mt")]
    titles = {task.name: task.title.split(" (")[0].removesuffix("-GoldP") for task in targets}
    assert {name for name, title in titles.items() if title in tasks.load("mlm").notes} == set(FROM_WIKIPEDIA)


def test_the_page_has_the_note():
    page = page_of(invented())
    assert "known text" not in render(page)
    assert '<p class="note">A &lt;note&gt;.</p>' in render(page | {"known_text": "A <note>."})
