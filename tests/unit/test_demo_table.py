"""The end of the demo: what its table shows, and how it differs from the one of the README."""

import runpy
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from xstilts.errors import UserError
from xstilts.reporting import tables

DEMO = runpy.run_path(str(Path(__file__).parents[2] / "docs" / "demo.py"))
README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


def table(**changes: list[float]) -> pd.DataFrame:
    columns = {"xnli": [85.0, 0.9, 1.0], "pawsx": [84.0, -6.2, 2.0], "mean": [84.5, -2.7, 1.5]}
    return pd.DataFrame(columns | changes, index=["none", "mnli", "squad_v1"])


def page(shown: pd.DataFrame) -> str:
    return f"before\n<!-- begin demo, CPU one -->\n{tables.markdown(shown)}<!-- end demo -->\nafter\n"


def test_it_says_which_intermediate_helps_most_and_where():
    said = DEMO["shows"](table())
    assert said.startswith("Training on squad_v1 before the target changes the mean score by +1.5 points, most on ")
    assert "pawsx (+2.0), xnli (+1.0);" in said


def test_an_equal_table_is_said_to_be_equal_with_both_processors():
    said = DEMO["compared"](tables.markdown(table()), "CPU two", page(table()))
    assert said == "The table equals that of the README, which was made on CPU one; this one on CPU two."


def test_the_numbers_that_differ_are_counted_and_the_largest_difference_is_named():
    other = table(pawsx=[84.0, -4.0, 2.1])
    assert DEMO["compared"](tables.markdown(other), "CPU two", page(table())) == (
        "2 of 9 numbers differ from those of the README, at most by 2.2 (mnli, pawsx: -4.0 here, -6.2 there). The "
        "README's were computed on CPU one, these on CPU two."
    )


def test_other_rows_are_not_compared():
    said = DEMO["compared"](tables.markdown(table().iloc[:2]), "CPU two", page(table()))
    assert said == "The table of the README has other intermediates or targets."


def test_a_table_is_replaced_and_nothing_else():
    new = DEMO["replaced"](page(table()), "demo", "| new |\n", "CPU two")
    assert new == "before\n<!-- begin demo, CPU two -->\n| new |\n<!-- end demo -->\nafter\n"


def test_a_page_without_place_for_the_table_is_an_error():
    with pytest.raises(UserError, match=r"README\.md has no lines <!-- begin demo, PROCESSOR --> and"):
        DEMO["replaced"]("nothing", "demo", "| new |", "CPU")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nothing", "The README has no table to compare with, between <!-- begin demo, PROCESSOR --> and"),
        (page(table()).replace("85.0", "—"), "The table of the README has been edited, and is not compared."),
        ("<!-- begin demo, A -->\n<!-- end demo -->", "The table of the README has been edited, and is not compared."),
    ],
    ids=["no table", "no number", "empty"],
)
def test_without_numbers_to_compare_with_it_says_so(text: str, said: str):
    assert DEMO["compared"](tables.markdown(table()), "CPU two", text).startswith(said)


@pytest.mark.parametrize(
    ("manifest", "name"),
    [
        ({"cpu": {"processor": "A", "instructions": "AVX2", "threads": 1}}, "A (AVX2, threads: 1)"),
        ({"measured": {"device": "NVIDIA H100"}}, "NVIDIA H100"),
        ({"measured": {"device": "cpu"}}, "an unknown CPU"),
        ({}, "an unknown CPU"),
    ],
    ids=["a CPU", "a GPU", "an earlier release", "adopted"],
)
def test_the_processor_is_named_whatever_it_is(monkeypatch: pytest.MonkeyPatch, manifest: dict, name: str):
    monkeypatch.setitem(DEMO["_processor"].__globals__, "manifest_of", lambda *_: manifest)
    entries = {"model": SimpleNamespace(step="train_stage"), "data": SimpleNamespace(step="read_task")}
    assert DEMO["processors"](SimpleNamespace(store=Path(), grid=SimpleNamespace(entries=entries))) == name


@pytest.mark.parametrize("name", ["demo", "demo-full"])
def test_the_readme_has_both_tables(name: str):
    assert DEMO["_found"](name, README)["processor"]
