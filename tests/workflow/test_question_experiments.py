"""The shipped experiments on questions of languages, each from generated data to its page."""

import re
from collections.abc import Callable
from itertools import product
from statistics import mean

import pandas as pd
import pytest
from questions import FIGURES, drawn, finished, page, record, table, texts

from experiments import Attempt

MANY = "de+en+es+hi+ru+zh"
PLANNED = {
    "sources": set(
        product(
            ("none", "mnli", "mnli@de", "mnli@tr", "mnli@tr+zh", "udpos@de+es"),
            ("udpos", "udpos@all", "tatoeba"),
        )
    ),
    # An intermediate in the language of PAWS-X goes with no other language.
    "pawsx-sources": {
        *product(("none", "mnli"), ("pawsx", "pawsx@de", "pawsx@zh")),
        *product(("udpos", "mlm"), ("pawsx",)),
        *product(("mnli@de", "udpos@de", "mlm@de"), ("pawsx@de",)),
        *product(("mnli@zh", "udpos@zh", "mlm@zh"), ("pawsx@zh",)),
    },
    "mlm": set(
        product(
            ("none", "mnli", "squad_v1", f"mlm@{MANY}", "mnli_mlm", "squad_v1_mlm", f"mnli@{MANY}"),
            ("xnli", "tydiqa", "tatoeba"),
        )
    ),
}
MATRICES = {
    "sources": [f"mnli@{{source}} → {target}" for target in ("udpos", "udpos@all", "tatoeba")],
    "pawsx-sources": [
        f"{name} → pawsx@{{source}}" for name in ("none", "mnli", "mnli@{source}", "udpos@{source}", "mlm@{source}")
    ],
    "mlm": [],
}
PLAIN = 6 * 198
"""Of 200 passages in each of six languages, every hundredth is in the dev set."""
LENGTHS = {
    # Rows times epochs by 16 rows of a batch.
    "sources": {"mnli": (48, 6), "udpos": (32, 4)},
    "pawsx-sources": {"mnli": (48, 6), "udpos": (32, 4), "mlm": (198, 3), "pawsx": (32, 10)},
    # The steps of a mixture are those of its labelled task, by their share of 0.8.
    "mlm": {
        "mnli": (64, 24),
        "squad_v1": (64, 8),
        "tydiqa": (64, 8),
        "mlm": (PLAIN, 3),
        "mnli_mlm": (64 + PLAIN, 30),
        "squad_v1_mlm": (64 + PLAIN, 10),
    },
}
AVERAGED = {
    "sources": {"udpos", "tatoeba"},
    "pawsx-sources": {"pawsx"},
    "mlm": {"xnli", "tydiqa", "tatoeba"},
}
"""The targets of means over targets: those that are trained for in English, or not at all."""

every_experiment = pytest.mark.parametrize("name", PLANNED)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Attempt]:
    return finished(tmp_path_factory.mktemp("questions"))


def score(done: Attempt, intermediate: str, target: str, languages: str) -> float:
    """The mean of a score over languages, by hand."""
    scores = done.experiment.scores()
    return mean(scores[intermediate, target, lang, "main_score"] for lang in languages.split())


# Cells and trainings


@every_experiment
def test_every_planned_cell_is_scored_and_no_other(run, name: str):
    done = run(name)
    assert {(intermediate, target) for intermediate, target, *_ in done.experiment.scores()} == PLANNED[name]
    assert done.finished == done.entries.keys()


@every_experiment
def test_arms_have_equal_rows_and_steps_in_whatever_languages(run, name: str):
    trainings = table(run(name), ".trainings")
    found: dict[str, set] = {}
    for stages, rows, fewest, most in trainings[["rows", "fewest steps", "most steps"]].itertuples():
        assert fewest == most == record(run(name), stages)["steps"]
        found.setdefault(stages.split("/")[-1].split("@")[0], set()).add((rows, fewest))
    assert found == {stage: {length} for stage, length in LENGTHS[name].items()}


@pytest.mark.parametrize(
    ("name", "stages", "languages"),
    [
        ("sources", "mnli@tr+zh", "tr, zh"),
        ("sources", "mnli@tr+zh/udpos", "en"),
        ("sources", "udpos@de+es/udpos@all", "de, en, es, hi, ru, tr, zh"),
        ("pawsx-sources", "mnli@zh/pawsx@zh", "zh"),
        ("mlm", f"mnli@{MANY}", MANY.replace("+", ", ")),
        ("mlm", "mnli_mlm", f"mnli: en; mlm: {MANY.replace('+', ', ')}"),
    ],
)
def test_a_training_is_in_the_languages_of_its_name_and_group(run, name: str, stages: str, languages: str):
    assert table(run(name), ".trainings").loc[stages, "languages"] == languages


# Tables, figures and page


@every_experiment
def test_a_blank_stands_exactly_where_a_combination_is_not_planned(run, name: str):
    done = run(name)
    shown, intermediates = texts(done, ""), {intermediate for intermediate, _ in PLANNED[name]}
    short = {f"{task}@{MANY}": f"{task}@6langs" for task in ("mlm", "mnli")}
    planned = {(short.get(intermediate, intermediate), target) for intermediate, target in PLANNED[name]}
    whole = {row for row, _ in planned if all((row, target) in planned for target in AVERAGED[name])}
    assert len({row for row, _ in shown}) == len(intermediates)
    assert {cell for cell, text in shown.items() if text} == planned | {(row, "mean") for row in whole}


@pytest.mark.parametrize(("name", "title"), [(name, title) for name in MATRICES for title in MATRICES[name]])
def test_a_matrix_has_the_scores_of_each_source_in_each_language(run, name: str, title: str):
    done, scores = run(name), run(name).experiment.scores()
    intermediate, target = title.split(" → ")
    numbers = table(done, f".sources.{title.replace(' → ', '.').replace('{source}', 'source')}")
    assert set(numbers.index) == {"sources": {"de", "tr"}, "pawsx-sources": {"de", "en", "zh"}}[name]
    for source in numbers.index:
        # English is the language of a name without any.
        arm = [text.replace("{source}", source).replace("@en", "") for text in (intermediate, target)]
        own = {
            lang: value for (*cell, lang, metric), value in scores.items() if [*cell, metric] == [*arm, "main_score"]
        }
        assert numbers.loc[source].drop(["mean", "zero-shot mean"]).to_dict() == pytest.approx(own, abs=1e-4)
        assert numbers.loc[source, "mean"] == pytest.approx(mean(own.values()), abs=1e-4)


@every_experiment
def test_figures_of_sources_are_drawn_where_there_are_sources(run, name: str):
    assert drawn(run(name)) == FIGURES | ({"sources", "apart"} if MATRICES[name] else set())


@every_experiment
def test_the_page_has_its_sections_and_the_predictions_of_every_cell(run, name: str):
    text, data = page(run(name))
    sections = ["Where the changes come from", "Every score", "About these numbers"]
    first = ["Languages of training"] if MATRICES[name] else []
    assert re.findall(r'<h2 id="\w+-title">(.+?)</h2>', text)[: len(first + sections)] == first + sections
    assert [(one["id"], one["title"]) for one in data["sections"]] == [("sources", title) for title in first]
    parts = [part for one in data["sections"] for part in one["parts"]]
    assert [part["title"] for part in parts] == [f"{title}, tiny" for title in MATRICES[name]]
    assert {len(part["tables"]) for part in parts} <= {5}
    cells = {(cell["intermediate"], cell["target"]): cell for cell in data["cells"]}
    assert cells.keys() == PLANNED[name]
    assert all(cell["samples"] and cell["missing"] is None for cell in cells.values())


# Means and differences


@pytest.mark.parametrize(
    ("name", "intermediate"),
    [("sources", "mnli@tr+zh"), ("pawsx-sources", "mnli"), ("pawsx-sources", "mlm"), ("mlm", "mnli_mlm")],
)
def test_a_mean_over_targets_is_over_those_with_their_own_training_in_english(run, name: str, intermediate: str):
    done = run(name)
    languages: dict[str, set[str]] = {target: set() for target in AVERAGED[name]}
    for _, target, lang, _ in done.experiment.scores():
        languages.get(target, set()).add(lang)
    levels = [
        mean(score(done, row, target, " ".join(own)) for target, own in languages.items())
        for row in (intermediate, "none")
    ]
    assert table(done, "").loc[intermediate, "mean"] == pytest.approx(levels[0] - levels[1], abs=1e-4)


@pytest.mark.parametrize(
    ("name", "target", "intermediate", "unseen"),
    [
        # MNLI is of another kind than tagging, and leaves all languages but that of the target's training.
        ("sources", "udpos", "mnli@tr+zh", "de es ru tr hi zh"),
        ("sources", "udpos", "udpos@de+es", "ru tr hi zh"),
        ("sources", "udpos@all", "mnli@de", ""),
        ("sources", "tatoeba", "udpos@de+es", "de es ru tr hi zh"),
        ("pawsx-sources", "pawsx@de", "mnli", "es zh"),
        ("pawsx-sources", "pawsx@de", "mnli@de", "en es zh"),
        ("pawsx-sources", "pawsx@zh", "mlm@zh", "en de es"),
        ("mlm", "xnli", f"mnli@{MANY}", "tr"),
        # Plain text has no labels.
        ("mlm", "xnli", f"mlm@{MANY}", "de es ru tr hi zh"),
        ("mlm", "tydiqa", "squad_v1_mlm", "ru"),
    ],
)
def test_a_zero_shot_mean_leaves_out_the_languages_of_labelled_training(
    run, name: str, target: str, intermediate: str, unseen: str
):
    done = run(name)
    found = table(done, f".languages.{target}").loc["zero-shot mean", intermediate]
    evaluated = {lang for _, one, lang, _ in done.experiment.scores() if one == target}
    shown = texts(done, f".languages.{target}")
    label = intermediate.replace(MANY, "6langs")
    assert {lang for lang in evaluated if not shown[lang, label].endswith("°")} == set(unseen.split())
    if not unseen:
        assert pd.isna(found)
        return
    by_hand = score(done, intermediate, target, unseen) - score(done, "none", target, unseen)
    assert found == pytest.approx(by_hand, abs=1e-4)


def test_a_group_has_a_mean_over_its_unseen_languages(run):
    done, mine = run("sources"), table(run("sources"), ".languages.udpos")
    assert pd.isna(mine.loc["close1", "udpos@de+es"])
    distant = score(done, "udpos@de+es", "udpos", "tr zh") - score(done, "none", "udpos", "tr zh")
    assert mine.loc["distant3", "udpos@de+es"] == pytest.approx(distant, abs=1e-4)


@pytest.mark.parametrize(
    ("name", "matrix", "one", "other", "unseen", "text"),
    [
        ("pawsx-sources", "none.pawsx@source", ("none", "pawsx@de"), ("none", "pawsx@zh"), "en es", "translated"),
        ("pawsx-sources", "mnli.pawsx@source", ("mnli", "pawsx@de"), ("mnli", "pawsx@zh"), "es", "translated"),
        (
            "pawsx-sources",
            "mlm@source.pawsx@source",
            ("mlm@de", "pawsx@de"),
            ("mlm", "pawsx"),
            "es zh",
            "translated and original text",
        ),
        ("sources", "mnli@source.udpos", ("mnli@de", "udpos"), ("mnli@tr", "udpos"), "es ru hi zh", "translated"),
        ("sources", "mnli@source.udpos@all", ("mnli@de", "udpos@all"), ("mnli@tr", "udpos@all"), "", "translated"),
        ("sources", "mnli@source.tatoeba", ("mnli@de", "tatoeba"), ("mnli@tr", "tatoeba"), "es ru hi zh", "translated"),
    ],
)
def test_a_difference_stands_on_the_languages_in_neither_training(
    run, name: str, matrix: str, one: tuple[str, str], other: tuple[str, str], unseen: str, text: str
):
    done = run(name)
    sources = [(arm[1] if arm[1].startswith("pawsx") else arm[0]).partition("@")[2] or "en" for arm in (one, other)]
    pairs = table(done, f".sources.{matrix}.pairs").reset_index().to_dict("records")
    (row,) = (row for row in pairs if [row["one"], row["other"]] == sources)
    languages = row["languages"] if isinstance(row["languages"], str) else ""
    assert (set(languages.split()), row["text"]) == (set(unseen.split()), text)
    if not unseen:
        assert pd.isna(row["difference"])
        return
    assert row["difference"] == pytest.approx(score(done, *one, unseen) - score(done, *other, unseen), abs=1e-4)
    assert row["low"] <= row["high"]


@every_experiment
def test_models_differ_or_no_mean_and_no_difference_above_could_be_wrong(run, name: str):
    scores: dict[tuple[str, str], set] = {}
    for (_, target, lang, metric), value in run(name).experiment.scores().items():
        if metric == "main_score":
            scores.setdefault((target, lang), set()).add(value)
    # Cells of most languages; a tiny model may give some the same predictions after every intermediate.
    assert mean(len(values) > 1 for values in scores.values()) > 0.5


# Masked language modelling


@pytest.mark.parametrize(("stage", "task"), [("mnli_mlm", "mnli"), ("squad_v1_mlm", "squad_v1")])
def test_the_loss_of_masked_language_modelling_is_in_no_score_of_a_mixture(run, stage: str, task: str):
    for found in record(run("mlm"), stage)["evaluations"]:
        assert found.keys() == {"step", "score", task, "mlm_loss"}
        assert found["score"] == found[task]


def test_masked_language_modelling_alone_is_selected_by_its_loss(run):
    found = record(run("mlm"), f"mlm@{MANY}")
    assert "score" not in found["best"]
    assert found["best"]["loss"] == min(one["mlm_loss"] for one in found["evaluations"])


def test_the_loss_is_a_row_of_its_own_and_in_no_mean_over_targets(run):
    done = run("mlm")
    dev = table(done, ".intermediates").reset_index().set_index(["intermediate", "task"])["score"]
    assert dev["mnli_mlm", "mlm_loss"] == pytest.approx(record(done, "mnli_mlm")["best"]["mlm_loss"], abs=1e-4)
    assert dev["mnli_mlm", "mnli"] == pytest.approx(record(done, "mnli_mlm")["best"]["mnli"], abs=1e-4)
    assert not [key for key in done.experiment.scores() if "loss" in key[3]]
    languages = {"xnli": "en de es ru tr hi zh", "tydiqa": "en ru", "tatoeba": "de es ru tr hi zh"}
    levels = {name: mean(score(done, name, *one) for one in languages.items()) for name in ("none", "mnli_mlm")}
    assert table(done, "").loc["mnli_mlm", "mean"] == pytest.approx(levels["mnli_mlm"] - levels["none"], abs=1e-4)


@every_experiment
def test_a_second_run_has_nothing_to_do(run, name: str):
    again = run(name).experiment.snakemake()
    assert again.returncode == 0
    assert "Nothing to be done" in again.stdout
