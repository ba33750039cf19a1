"""Each mark in a figure represents the number computed by hand, with its position and colour."""

import re
from dataclasses import replace
from xml.etree import ElementTree

import pandas as pd
import pytest
import vl_convert
from drawing import drawn
from invented_results import ENCODER, invented

from xstilts.reporting.collect import TRAINING_COLUMNS
from xstilts.reporting.experiment_results import Results

GAIN, LOSS = "#2166ac", "#b35806"
"""Blue and orange, the ends of the scale."""


def marks(results: Results, name: str, sort: str) -> list[tuple[dict[str, str], dict[str, str]]]:
    """The marks of a sort in the picture of a figure: what each says of itself, and how it is drawn."""
    picture = ElementTree.fromstring(vl_convert.vegalite_to_svg(drawn(results, name)))
    found = [one.attrib for one in picture.iter() if one.get("aria-roledescription") == sort]
    told = [dict(part.split(": ", 1) for part in one["aria-label"].split("; ")) for one in found]
    return list(zip(told, found, strict=True))


def number(text: str) -> float:
    return float(text.replace("−", "-").replace(",", ""))


def scored(by_seed: dict[str, tuple[float, ...]]) -> Results:
    """Results on XNLI in English with these scores of the seeds."""
    whole = invented(tuple(by_seed), ("xnli",), languages=("en",))
    values = [value for scores in by_seed.values() for value in scores]
    return replace(whole, scores=whole.scores.assign(value=values))


def changed(deltas: dict[str, float]) -> Results:
    """Results on XNLI in German, English and Russian with these changes in each of them."""
    whole = invented(("none", *deltas), ("xnli",), languages=("de", "en", "ru"))
    table = whole.statistics
    delta = table["intermediate"].map(deltas)
    numbers = {"delta": delta, "delta_low": delta - 4, "delta_high": delta + 1}
    return replace(whole, statistics=table.assign(**numbers))


def test_the_seeds_of_a_cell_lie_on_a_bar_from_the_lowest_to_the_highest_and_the_baseline_is_their_median():
    # The mean of the baseline is 63.
    rules = marks(scored({"none": (68.0, 60.0, 61.0), "mnli": (58.0, 70.0, 50.0)}), "seeds", "rule mark")
    (line,) = [number(one["score"]) for one, _ in rules if "intermediate" not in one]
    bars = {
        one["intermediate"]: (number(one["score"]), number(one["Max of value"]))
        for one, _ in rules
        if "intermediate" in one
    }
    assert (line, bars) == (61, {"none": (60, 68), "mnli": (50, 70)})


def test_a_change_lies_on_the_bar_of_its_interval_and_rows_on_a_logarithmic_axis():
    results = replace(
        changed({"mnli": 3.0, "qqp": -2.0, "ccg": 1.0}), sizes={"mnli": 1000, "qqp": 10_000, "ccg": 10**5}
    )
    bars = {one["intermediate"]: one for one, _ in marks(results, "size", "rule mark") if "intermediate" in one}
    ends = {name: (number(one["change in points"]), number(one["delta_high"])) for name, one in bars.items()}
    assert ends == {"mnli": (-1, 4), "qqp": (-6, -1), "ccg": (-3, 2)}
    points = marks(results, "size", "point")
    assert [number(one["change in points"]) for one, _ in points] == [3, -2, 1]
    first, second, third = (float(re.search(r"translate\(([\d.]+),", at["transform"])[1]) for _, at in points)
    assert third - second == pytest.approx(second - first)


def test_a_bar_among_languages_is_the_median_of_its_points():
    whole = invented(("none", "mnli"), ("xnli", "xquad", "tatoeba"), languages=("de",))
    table = whole.statistics
    delta = table["target"].map({"xnli": 1.0, "xquad": 2.0, "tatoeba": 9.0}).where(table["intermediate"] == "mnli")
    ((bar, _),) = marks(replace(whole, statistics=table.assign(delta=delta)), "distance", "tick")
    assert (number(bar["change in points"]), bar["Count of Records"]) == (2, "3")


@pytest.mark.parametrize("name", ["deltas", "languages"])
def test_a_gain_is_blue_and_a_loss_orange_in_the_strength_of_the_largest_of_both(name: str):
    strong = {one["intermediate"]: at["fill"] for one, at in _cells(changed({"mnli": 8.0, "qqp": -8.0}), name)}
    assert strong == {"mnli": _rgb(GAIN), "qqp": _rgb(LOSS)}
    # A loss may be larger than every gain.
    weak = {one["intermediate"]: at["fill"] for one, at in _cells(changed({"mnli": 2.0, "qqp": -8.0}), name)}
    assert weak["qqp"] == _rgb(LOSS)
    red, _, blue = _parts(weak["mnli"])
    assert 33 < red < blue


def test_what_is_written_on_a_strong_loss_is_as_white_as_on_a_strong_gain():
    texts = marks(changed({"mnli": 8.0, "qqp": -8.0, "ccg": 1.0}), "languages", "text mark")
    assert {(one["text"], at["fill"]) for one, at in texts} == {
        ("+8.0", "white"),
        ("−8.0", "white"),
        ("+1.0", "#1a1a1a"),
    }


def test_every_training_has_a_line_of_its_own_and_the_checkpoint_that_was_kept_a_large_point():
    curves = {1: (50.0, 70.0), 2: (60.0, 55.0)}
    rows = [
        (ENCODER, "mnli", seed, "mnli", step, value, value == max(values), 20, "path")
        for seed, values in curves.items()
        for step, value in zip((10, 20), values, strict=True)
    ]
    results = replace(invented(), trainings=pd.DataFrame(rows, columns=TRAINING_COLUMNS))
    assert [one["seed"] for one, _ in marks(results, "learning", "line mark")] == ["1", "2"]
    sizes = {
        number(one["dev score"]): max(map(float, re.findall(r"[\d.]+", at["d"])))
        for one, at in marks(results, "learning", "point")
    }
    assert min(sizes[70], sizes[60]) > max(sizes[50], sizes[55])


def _cells(results: Results, name: str) -> list[tuple[dict[str, str], dict[str, str]]]:
    """The cells of a heat map without the column of means."""
    return [(one, at) for one, at in marks(results, name, "rect mark") if one.get("target") != "mean"]


def _rgb(colour: str) -> str:
    return f"rgb({', '.join(str(int(colour[place : place + 2], 16)) for place in (1, 3, 5))})"


def _parts(fill: str) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", fill)]
