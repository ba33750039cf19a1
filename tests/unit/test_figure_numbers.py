"""Each number in a figure is that of the results, for its encoder and position."""

from dataclasses import replace
from statistics import mean, median

import pandas as pd
import pytest
import robust_results
from drawing import channels, drawn, rows, said
from invented_results import DELTAS, ENCODER, invented, without

from xstilts.reporting.collect import TRAINING_COLUMNS
from xstilts.reporting.experiment_results import Results
from xstilts.reporting.figures import TITLES
from xstilts.reporting.marks import MISSING

pytestmark = pytest.mark.thorough

WHOLE, GAP = invented(), without(invented(), "mnli", "xquad")


def mixed() -> Results:
    """The whole results, and those of another encoder before them, which has other numbers everywhere."""
    frames = {}
    for name in ("scores", "statistics", "trainings"):
        own = getattr(WHOLE, name)
        other = own.assign(encoder="other", value=own["value"] / 2)
        if name == "statistics":
            other[[*DELTAS, "low", "high"]] /= -2
            other.loc[other["target"] == "xquad", "delta"] *= -1
        if name != "trainings":
            other["n"] += 7
        frames[name] = pd.concat([other, own], ignore_index=True)
    return replace(WHOLE, **frames, grid=WHOLE.grid.model_copy(update={"encoders": ("other", ENCODER)}))


@pytest.mark.parametrize("name", TITLES)
def test_a_figure_has_nothing_of_another_encoder(name: str):
    both = mixed()
    assert rows(drawn(both, name)) == rows(drawn(WHOLE, name))
    assert said(both, name) == said(WHOLE, name)
    assert rows(drawn(both, name, "other")) != rows(drawn(WHOLE, name))


AXES = {
    "deltas": {"x": "target", "y": "intermediate", "color": "delta"},
    "languages": {"x": "intermediate", "y": "label", "color": "delta"},
    "size": {"x": "rows", "y": "delta", "y2": "delta_high", "color": "intermediate"},
    "distance": {"x": "delta", "y": "distance", "color": "script"},
    "seeds": {"x": "value", "y": "intermediate"},
    "learning": {"x": "step", "y": "value", "color": "before", "size": "chosen"},
    "correlation": {"x": "one", "y": "other", "color": "correlation"},
}


@pytest.mark.parametrize("name", TITLES)
def test_every_column_is_drawn_on_its_axis(name: str):
    for channel, column in AXES[name].items():
        fields = [one[channel].get("field") for one in channels(drawn(WHOLE, name)) if channel in one]
        assert column in fields, (channel, fields)
        assert column not in [
            one[c].get("field") for one in channels(drawn(WHOLE, name)) for c in one if c in {"x", "y"} - {channel}
        ]


def test_the_mean_of_a_row_is_over_its_targets():
    cells = WHOLE.by_target(ENCODER)
    found = {row["intermediate"]: row for row in rows(drawn(WHOLE, "deltas")) if row.get("target") == "mean"}
    assert list(found) == list(WHOLE.grid.intermediates)
    for name, row in found.items():
        own = cells[cells["intermediate"] == name]
        assert row["value"] == pytest.approx(mean(own["value"]))
        if name != "none":
            assert row["delta"] == pytest.approx(mean(own["delta"]))
            assert row["text"] == f"{mean(own['delta']):+.1f}".replace("-", "−")
    assert found["none"]["text"] == f"{mean(cells[cells['intermediate'] == 'none']['value']):.1f}"
    assert not any(row["significant"] for row in found.values())


def test_without_a_baseline_the_heat_map_has_scores_without_a_sign():
    results = invented(intermediates=("mnli", "squad_v1"))
    (cell,) = [
        row for row in rows(drawn(results, "deltas")) if (row["intermediate"], row["target"]) == ("mnli", "xnli")
    ]
    assert cell["text"] == f"{cell['value']:.1f}"


def test_a_point_has_the_change_its_interval_and_the_rows_of_its_intermediate():
    known = WHOLE.by_target(ENCODER).set_index(["intermediate", "target"])
    points = [row for row in rows(drawn(WHOLE, "size")) if "delta" in row]
    assert len(points) == 3 * 3
    for row in points:
        own = known.loc[(row["intermediate"], row["target"])]
        assert row["rows"] == WHOLE.sizes[row["intermediate"]]
        for column in ("delta", "delta_low", "delta_high", "n", "seeds"):
            assert row[column] == pytest.approx(own[column])


PLACES = {
    "en": ("English", "Latin script"),
    "de": ("same branch", "Latin script"),
    "ru": ("same family", "other script"),
    "hi": ("same family", "other script"),
    "zh": ("other family", "other script"),
    "sw": ("other family", "Latin script"),
}
"""How far each language is from English, and in which script it is written."""


def test_a_language_stands_at_its_distance_with_the_median_of_all_points_there():
    known = WHOLE.by_language(ENCODER).set_index(["intermediate", "target", "language"])["delta"]
    points = [row for row in rows(drawn(WHOLE, "distance")) if "delta" in row]
    assert len(points) == len(known.dropna())
    for row in points:
        place = PLACES[row["language"]]
        there = [lang for lang, other in PLACES.items() if other == place]
        values = [change for (name, _, lang), change in known.items() if name == row["intermediate"] and lang in there]
        assert (row["distance"], row["script"]) == place
        assert row["delta"] == pytest.approx(known[row["intermediate"], row["target"], row["language"]])
        assert row["median"] == pytest.approx(median(values))


def test_a_language_has_the_number_of_its_targets_and_examples():
    (row,) = [
        row for row in rows(drawn(WHOLE, "languages")) if (row["language"], row["intermediate"]) == ("sw", "mnli")
    ]
    assert (row["label"], row["targets"], row["n"]) == ("Swahili, Latn (2)", 2, 300)
    assert row["text"] == f"{row['delta']:+.1f}".replace("-", "−")


def test_a_learning_curve_has_the_mean_over_the_tasks_of_a_stage():
    values = {("mnli", 10): 50.0, ("qqp", 10): 70.0, ("mnli", 20): 90.0, ("qqp", 20): 60.0}
    trained = [
        (ENCODER, "squad_v1/both", 3, task, step, value, step == 20, 20, "path")
        for (task, step), value in values.items()
    ]
    results = replace(WHOLE, trainings=pd.DataFrame(trained, columns=TRAINING_COLUMNS))
    shown = [
        {name: row[name] for name in ("before", "stage", "seed", "step", "value", "chosen", "tasks")}
        for row in rows(drawn(results, "learning"))
    ]
    at = {"before": "squad_v1", "stage": "both", "seed": 3, "tasks": 2}
    assert shown == [{**at, "step": 10, "value": 60, "chosen": False}, {**at, "step": 20, "value": 75, "chosen": True}]
    lost = results.trainings.assign(value=results.trainings["value"].where(results.trainings["task"] == "mnli"))
    assert [row["value"] for row in rows(drawn(replace(results, trainings=lost), "learning"))] == [None, None]


def test_a_learning_curve_has_losses_only_of_stages_without_scores():
    values = {("both", "mnli"): 50.0, ("both", "mlm_loss"): 7.0, ("mlm", "mlm_loss"): 3.0}
    trained = [(ENCODER, path, 3, task, 10, value, True, 20, "path") for (path, task), value in values.items()]
    results = replace(WHOLE, trainings=pd.DataFrame(trained, columns=TRAINING_COLUMNS))
    assert {row["stage"]: row["value"] for row in rows(drawn(results, "learning"))} == {"both": 50, "mlm": 3}
    mixed = replace(results, trainings=results.trainings.query("stages == 'both'"))
    for text in ("the loss per masked token, of which lower is better", "'title': 'dev score or loss'"):
        assert text in str(drawn(results, "learning"))
        assert text not in str(drawn(mixed, "learning"))


def test_every_change_of_the_statistics_is_written_in_its_cell():
    results = WHOLE
    cells = {
        (row["intermediate"], row["target"]): row for row in rows(drawn(results, "deltas")) if "intermediate" in row
    }
    for row in results.by_target(ENCODER).itertuples():
        cell, star = cells[row.intermediate, row.target], "*" if row.significant else ""
        shown = f"{row.value:.1f}" if row.intermediate == "none" else f"{row.delta:+.1f}{star}".replace("-", "−")
        assert cell["text"] == shown
        assert cell["value"] == pytest.approx(row.value)
    assert any(cell["text"].endswith("*") for cell in cells.values())


def test_a_change_of_a_language_is_the_mean_over_its_targets_or_missing():
    results = GAP
    found = {(row["language"], row["intermediate"]): row["delta"] for row in rows(drawn(results, "languages"))}
    german = results.by_language(ENCODER).query("language == 'de' and intermediate == 'squad_v1'")["delta"]
    assert found["de", "squad_v1"] == pytest.approx(german.mean())
    assert found["de", "mnli"] is None
    assert found["sw", "mnli"] is not None


def test_a_change_of_a_language_is_over_the_targets_of_the_mean_alone():
    robust = robust_results.results()
    changes = [row for row in rows(drawn(robust, "languages", "toy")) if row["intermediate"] == "mnli+freelb"]
    assert [(row["delta"], row["targets"]) for row in changes] == [(3, 1)] * len(robust_results.LANGUAGES)
    assert "The mean is over xnli: " in said(robust, "languages", "toy")


def test_languages_stand_in_their_families():
    groups = {row["language"]: row["group"] for row in rows(drawn(WHOLE, "languages"))}
    assert groups == {
        "en": "Germanic",
        "de": "Germanic",
        "ru": "Balto-Slavic",
        "hi": "Indo-Iranian",
        "zh": "Sino-Tibetan",
        "sw": "Atlantic-Congo",
    }


def test_a_size_that_is_not_known_is_said_and_not_drawn():
    whole = WHOLE
    sizes = {**whole.sizes, "mnli": None}
    results = replace(whole, sizes=sizes)
    shown = {row["intermediate"]: row["rows"] for row in rows(drawn(results, "size")) if "delta" in row}
    assert shown == {"squad_v1": sizes["squad_v1"], "squad_v1/mnli": sizes["squad_v1/mnli"]}
    assert "Size not known, so not drawn: mnli." in said(results, "size")


def test_every_seed_has_its_point():
    results = GAP
    points = [row for row in rows(drawn(results, "seeds")) if "seed" in row]
    assert len(points) == 3 * (len(results.grid.intermediates) * len(results.grid.targets) - 1)
    one = next(row for row in points if (row["intermediate"], row["target"], row["seed"]) == ("mnli", "xnli", 2))
    scores = results.scores.query("intermediate == 'mnli' and target == 'xnli' and seed == 2")["value"]
    assert one["value"] == pytest.approx(scores.mean())


def test_a_correlation_is_that_of_the_ranks_over_the_intermediates():
    # By Spearman, 1 - 6 x the sum of squared differences of ranks / 60: of 4, 20 and 16.
    changes = {"xnli": [1.0, 2.0, 3.0, 40.0], "xquad": [-2.0, -3.0, 9.0, 8.0], "tatoeba": [4.0, 3.0, 2.0, 1.0]}
    results = invented(("none", "mnli", "squad_v1", "squad_v1/mnli", "qqp"))
    for target, deltas in changes.items():
        own = results.statistics["target"].eq(target) & results.statistics["language"].eq("all")
        own &= results.statistics["intermediate"].ne("none")
        results.statistics.loc[own, "delta"] = deltas
    found = {(row["one"], row["other"]): row for row in rows(drawn(results, "correlation"))}
    assert {pair: row["correlation"] for pair, row in found.items()} == {
        ("xnli", "xquad"): pytest.approx(0.6),
        ("xnli", "tatoeba"): pytest.approx(-1),
        ("xquad", "tatoeba"): pytest.approx(-0.6),
    }
    assert [(row["text"], row["intermediates"]) for row in found.values()] == [("+0.60", 4), ("−1.00", 4), ("−0.60", 4)]


def test_a_correlation_is_missing_where_an_intermediate_is():
    gaps = {(row["one"], row["other"]): row["text"] for row in rows(drawn(GAP, "correlation"))}
    assert [pair for pair, text in gaps.items() if text == MISSING] == [("xnli", "xquad"), ("xquad", "tatoeba")]
    assert "at least 3 intermediates" in said(invented(intermediates=("none", "mnli", "squad_v1")), "correlation")
