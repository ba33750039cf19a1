"""The shipped experiments on the order of tasks and on robustness, each from generated data to its page."""

import re
from collections.abc import Callable
from itertools import permutations, product

import numpy as np
import pandas as pd
import pytest
import regex
import yaml
from questions import FIGURES, drawn, finished, kept, level, main_scores, of, only, page, small, table

from experiments import Attempt, Experiment, attempt, counts

BLOCKS = ("blocks-nli-qa-commonsense", "blocks-qa-commonsense-nli", "blocks-commonsense-nli-qa")
PATHS = ("nli/commonsense/qa", "qa/nli/commonsense")
ARMS = ("mnli{}", "mnli{}+fgm", "mnli{}+smart", "mnli{}+rdrop", "mnli_2x{}")
PLANNED = {
    "sequences": set(
        product(
            ("none", "nli", "qa", "shuffled", *BLOCKS, *PATHS),
            ("xquad", "tydiqa", "xquad+typos10", "xquad+mixed_language"),
        )
    ),
    "robust": set(
        product(
            ("none", *(arm.format(lang) for arm in ARMS for lang in ("", "@de"))),
            ("xnli", "udpos", "xnli+typos10", "udpos+word_order", "xnli+mixed_language", "anli_after_mnli"),
        )
    ),
}
SEEDS = {"sequences": {1, 2}, "robust": {1}}
MODELS = {"sequences": 9 * 2 * 2, "robust": 11 * 2}
"""The evaluated models: intermediates by trainings for targets by seeds."""

AVERAGED = {"sequences": {"xquad", "tydiqa"}, "robust": {"xnli", "udpos"}}
SECTIONS = {
    "sequences": ["Robustness", "Order of tasks", "What sequences forget"],
    "robust": ["Languages of training", "Robustness"],
}
DRAWN = {"sequences": {"robustness", "orders"}, "robust": {"robustness", "sources", "apart"}}
every_experiment = pytest.mark.parametrize("name", PLANNED)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Attempt]:
    return finished(tmp_path_factory.mktemp("order"))


# Cells and trainings


@every_experiment
def test_every_planned_cell_is_scored_with_every_seed_and_no_other(run, name: str):
    done = run(name)
    cells = main_scores(done).groupby(["intermediate", "target"])["seed"].agg(set)
    assert dict(cells) == dict.fromkeys(PLANNED[name], SEEDS[name])
    assert done.finished == done.entries.keys()


@every_experiment
def test_one_job_predicts_all_targets_of_a_model(run, name: str):
    assert counts(run(name).printed)["predict"] == MODELS[name]


@every_experiment
def test_models_differ_or_no_number_below_could_be_wrong(run, name: str):
    values = main_scores(run(name)).groupby(["target", "language", "seed"])["value"].nunique()
    assert (values > 3).mean() > 0.8


def test_arms_of_sequences_have_equal_steps_and_keep_the_last_one(run):
    trainings = pd.read_parquet(run("sequences").experiment.reports / "trainings.parquet").query("chosen")
    counted = set()
    for stages, step, steps in trainings[["stages", "step", "steps"]].itertuples(index=False):
        *_, last = stages.split("/")
        if last not in ("squad_v1", "tydiqa"):
            assert step == steps == (4 if last in ("nli", "qa", "commonsense") else 12), stages
            counted.add(stages)
    assert len(counted) == 10


def test_plain_training_of_equal_passes_has_twice_the_steps(run):
    trainings = pd.read_parquet(run("robust").experiment.reports / "trainings.parquet")
    steps = dict(zip(trainings["stages"], trainings["steps"], strict=True))
    # 64 rows, three epochs, 16 rows of a batch.
    assert {steps[arm.format(lang)] for arm in ARMS[:-1] for lang in ("", "@de")} == {12}
    assert (steps["mnli_2x"], steps["mnli_2x@de"]) == (24, 24)


# Perturbed text


def distance(one: list[str], other: list[str]) -> int:
    """The number of edits between two texts (optimal string alignment)."""
    rows = [list(range(len(other) + 1))]
    for i, first in enumerate(one, 1):
        rows.append([i])
        for j, second in enumerate(other, 1):
            found = [rows[i - 1][j] + 1, rows[i][j - 1] + 1, rows[i - 1][j - 1] + (first != second)]
            if i > 1 and j > 1 and (first, one[i - 2]) == (other[j - 2], second):
                found.append(rows[i - 2][j - 2] + 1)
            rows[i].append(min(found))
    return rows[-1][-1]


@pytest.mark.parametrize(
    ("name", "target", "columns"), [("sequences", "xquad", ["question"]), ("robust", "xnli", ["text_a", "text_b"])]
)
def test_one_word_in_ten_has_a_typo_in_every_language(run, name: str, target: str, columns: list[str]):
    clean, perturbed = (kept(run(name), one) for one in (target, f"{target}+typos10"))
    assert clean.keys() == perturbed.keys() == {"en", "de", "es", "ru", "tr", "hi", "zh"}
    for lang, rows in clean.items():
        edits = words = 0
        for before, after in zip(rows, perturbed[lang], strict=True):
            assert {**before, **{column: after[column] for column in columns}} == after
            for column in columns:
                texts = [regex.findall(r"\X", text[column]) for text in (before, after)]
                edits += distance(*texts)
                words += len(texts[0]) / 2 if lang == "zh" else len(before[column].split())
        assert 0.06 < edits / words < 0.14, lang


def test_words_are_in_another_order_with_their_tags_in_every_language(run):
    clean, perturbed = (kept(run("robust"), one) for one in ("udpos", "udpos+word_order"))
    assert clean.keys() == perturbed.keys()
    for lang, rows in clean.items():
        moved = [before["words"] != after["words"] for before, after in zip(rows, perturbed[lang], strict=True)]
        assert sum(moved) > len(rows) / 2, lang
        for before, after in zip(rows, perturbed[lang], strict=True):
            pairs = (sorted(zip(row["words"], row["tags"], strict=True)) for row in (before, after))
            assert next(pairs) == next(pairs)


@pytest.mark.parametrize(
    ("name", "target", "columns", "language"),
    [
        ("sequences", "xquad", ["context", "answers"], "answer_language"),
        ("robust", "xnli", ["text_b"], "text_b_language"),
    ],
)
def test_the_second_text_is_that_of_another_language(run, name: str, target: str, columns: list[str], language: str):
    clean, perturbed = (kept(run(name), one) for one in (target, f"{target}+mixed_language"))
    by_id = {lang: {row["id"]: row for row in rows} for lang, rows in clean.items()}
    for lang, rows in perturbed.items():
        assert [row["id"] for row in rows] == [row["id"] for row in clean[lang]]
        drawn_languages = {row[language] for row in rows}
        assert len(drawn_languages) > 2
        assert lang not in drawn_languages
        for row in rows:
            other = by_id[row[language]][row["id"]]
            second = {column: other[column] for column in columns}
            assert row == {**by_id[lang][row["id"]], **second, language: row[language]}


def test_the_table_of_perturbed_text_counts_the_rows_that_differ(run):
    done = run("robust")
    numbers = table(done, ".perturbations")
    for target, lang in (("xnli+typos10", "de"), ("udpos+word_order", "zh"), ("xnli+mixed_language", "hi")):
        clean, perturbed = (kept(done, one)[lang] for one in (target.partition("+")[0], target))
        changed = sum(
            any(after[key] != before[key] for key in before) for before, after in zip(clean, perturbed, strict=True)
        )
        assert only(numbers, target=target, language=lang)["changed_rows"] == changed


# Robustness


@pytest.mark.parametrize(
    ("name", "intermediate", "target", "perturbation", "unseen"),
    [
        ("sequences", "none", "xquad", "typos10", "de es ru"),
        ("sequences", "shuffled", "xquad", "mixed_language", "de es ru"),
        ("robust", "mnli@de+fgm", "xnli", "typos10", "es ru"),
        ("robust", "mnli@de", "udpos", "word_order", "de es ru"),
    ],
)
def test_a_drop_is_the_clean_score_minus_the_perturbed_one(
    run, name: str, intermediate: str, target: str, perturbation: str, unseen: str
):
    done = run(name)
    clean, perturbed = (of(done, intermediate, one) for one in (target, f"{target}+{perturbation}"))
    row = only(table(done, ".robustness"), intermediate=intermediate, target=target, perturbation=perturbation)
    levels = [one.mean().median() for one in (clean, perturbed)]
    assert [row["clean"], row["perturbed"], row["drop"]] == pytest.approx([*levels, levels[0] - levels[1]], abs=1e-4)
    assert row["relative"] == pytest.approx(levels[1] / levels[0], abs=1e-4)
    assert row["low"] <= row["drop"] <= row["high"]
    assert [row["worst_clean"], row["worst"]] == pytest.approx(
        [one.median(axis=1).min() for one in (clean, perturbed)], abs=1e-4
    )
    # The languages with much text in XLM-R's pretraining, without those of labelled training.
    high = [one.loc[unseen.split()].mean().median() for one in (clean, perturbed)]
    assert row["drop high"] == pytest.approx(high[0] - high[1], abs=1e-4)
    assert pd.isna(row["drop low"])
    assert (row["languages"], row["seeds"]) == (7, len(SEEDS[name]))


@pytest.mark.parametrize("evaluated", ["xnli", "xnli+typos10", "xnli+mixed_language", "anli_after_mnli", "udpos"])
@pytest.mark.parametrize(
    ("one", "equal", "plain"),
    [
        ("mnli+fgm", "steps", "mnli"),
        ("mnli+fgm", "passes", "mnli_2x"),
        ("mnli@de+rdrop", "passes", "mnli_2x@de"),
        ("mnli@de+smart", "steps", "mnli@de"),
    ],
)
def test_a_gain_is_over_plain_training_of_the_same_source(run, one: str, equal: str, plain: str, evaluated: str):
    done = run("robust")
    row = only(table(done, ".objectives"), intermediate=one, evaluated=evaluated, equal=equal)
    assert row["plain"] == plain
    assert row["objective"] == one.rpartition("+")[2]
    assert row["target"] == ("udpos" if evaluated == "udpos" else "xnli")
    assert row["gain"] == pytest.approx(level(done, one, evaluated) - level(done, plain, evaluated), abs=1e-4)
    assert row["low"] <= row["gain"] <= row["high"]
    assert 0 < row["p"] <= row["p_adjusted"] <= 1


def test_every_objective_is_compared_with_plain_training_of_equal_steps_and_of_equal_passes(run):
    found = table(run("robust"), ".objectives")
    compared, alone = (
        dict(found[found["plain"].notna() == known].groupby("objective")["equal"].agg(set)) for known in (True, False)
    )
    # Training with three times the steps is left out.
    assert compared == {"fgm": {"steps", "passes"}, "rdrop": {"steps", "passes"}, "smart": {"steps"}}
    assert alone == {"smart": {"passes"}}


@pytest.mark.parametrize("intermediate", ["none", "mnli", "mnli@de+rdrop"])
def test_a_target_out_of_domain_stands_beside_the_one_in_domain(run, intermediate: str):
    done = run("robust")
    row = only(table(done, ".out_of_domain"), intermediate=intermediate, target="anli_after_mnli")
    assert row["in domain"] == "xnli"
    for place, target in (("", "anli_after_mnli"), ("in-domain ", "xnli")):
        own, baseline = (level(done, name, target) for name in (intermediate, "none"))
        assert row[f"{place}score"] == pytest.approx(own, abs=1e-4)
        if intermediate != "none":
            assert row[f"{place}change"] == pytest.approx(own - baseline, abs=1e-4)


@pytest.mark.parametrize(("name", "intermediate"), [("sequences", "shuffled"), ("robust", "mnli@de+fgm")])
def test_no_mean_over_targets_has_other_text_or_another_training(run, name: str, intermediate: str):
    done = run(name)
    own, baseline = ([level(done, one, target) for target in AVERAGED[name]] for one in (intermediate, "none"))
    assert table(done, "").loc[intermediate, "mean"] == pytest.approx(np.mean(own) - np.mean(baseline), abs=1e-4)
    _, data = page(done)
    assert data["means"]["tiny"][intermediate][0] == pytest.approx(np.mean(own), abs=1e-4)


# The order of tasks


@pytest.mark.parametrize(
    ("members", "target"), [(BLOCKS, "xquad"), (BLOCKS, "xquad+typos10"), (PATHS, "tydiqa"), (PATHS, "xquad")]
)
def test_the_spread_over_orders_stands_beside_that_over_seeds(run, members: tuple[str, ...], target: str):
    done = run("sequences")
    cells = [of(done, name, target) for name in members]
    row = only(table(done, ".orders"), **{"orders of": members[0], "target": target, "score": "mean"})
    by_seed = np.array([cell.mean() for cell in cells])
    means = by_seed.mean(axis=1)
    assert (row["orders"], row["seeds"]) == (len(members), 2)
    assert [row["mean"], row["range"]] == pytest.approx([means.mean(), means.max() - means.min()], abs=1e-4)
    assert row["sd_orders"] == pytest.approx(means.std(ddof=1), abs=1e-4)
    assert row["sd_seeds"] == pytest.approx(np.sqrt(by_seed.var(axis=1, ddof=1).mean()), abs=1e-4)
    exchanged = [(by_seed[:, 0] + by_seed[list(order), 1]).std() for order in permutations(range(len(members)))]
    assert row["least_p"] == pytest.approx(1 / len(exchanged), abs=1e-4)
    assert row["p"] == pytest.approx(np.mean(np.array(exchanged) >= exchanged[0] - 1e-9), abs=1e-4)
    lowest = [cell.mean(axis=1).min() for cell in cells]
    worst = only(table(done, ".orders"), **{"orders of": members[0], "target": target, "score": "worst"})
    assert worst["mean"] == pytest.approx(np.mean(lowest), abs=1e-4)


@pytest.mark.parametrize(
    ("members", "place", "task", "order"),
    [(BLOCKS, "last", "squad_v1", BLOCKS[2]), (BLOCKS, "first", "mnli", BLOCKS[0]), (PATHS, "last", "qa", PATHS[0])],
)
def test_the_effect_of_the_first_and_the_last_task(run, members: tuple[str, ...], place: str, task: str, order: str):
    done, numbers = run("sequences"), table(run("sequences"), ".orders.first_last")
    keys = {"orders of": members[0], "target": "xquad", "score": "mean", "place": place, "task": task}
    everywhere = np.mean([of(done, name, "xquad").mean() for name in members], axis=0)
    row = only(numbers, **keys)
    assert row["orders"] == 1
    assert row["mean"] == pytest.approx(of(done, order, "xquad").mean().mean(), abs=1e-4)
    assert_paired(row, of(done, order, "xquad").mean() - everywhere)


@pytest.mark.parametrize(
    ("order", "controls"),
    [
        (BLOCKS[0], {"mixture": "shuffled", "none": "none"}),
        (BLOCKS[2], {"mixture": "shuffled", "last task alone": "qa", "none": "none"}),
        (PATHS[0], {"mixture": "shuffled", "last task alone": "qa", "none": "none"}),
        (PATHS[1], {"mixture": "shuffled", "none": "none"}),
    ],
)
def test_an_order_is_compared_with_its_controls(run, order: str, controls: dict[str, str]):
    done, numbers = run("sequences"), table(run("sequences"), ".orders.controls").reset_index()
    mine = numbers[(numbers["order"] == order) & (numbers["target"] == "tydiqa") & (numbers["score"] == "mean")]
    assert dict(zip(mine["control"], mine["name"], strict=True)) == controls
    for row in mine.to_dict("records"):
        assert_paired(row, of(done, order, "tydiqa").mean() - of(done, row["name"], "tydiqa").mean())


def assert_paired(row: dict, differences: np.ndarray) -> None:
    """Check a difference of two seeds and its interval, with the quantile of Student's t with one degree of freedom."""
    one, other = differences
    half = 12.7062 * abs(one - other) / 2
    mean = (one + other) / 2
    assert [row["difference"], row["low"], row["high"]] == pytest.approx([mean, mean - half, mean + half], abs=1e-3)


# What sequences forget

TASKS = {"nli": "mnli", "qa": "squad_v1", "commonsense": "hellaswag"}


def measured(done: Attempt, measure: str, names: list[str], path: str) -> np.ndarray:
    """The scores after 0, 1, 2 and 3 stages of a path (rows), means over seeds; names are those of heads or probes."""
    frame = pd.read_csv(done.experiment.reports / "forgetting.csv")
    values = frame[frame["measure"] == measure].groupby(["stages", "name"])["value"].mean()
    first, second, _ = path.split("/")
    prefixes = ("none", first, f"{first}/{second}", path)
    return np.array([[values.get((prefix, name), np.nan) for name in names] for prefix in prefixes])


def assert_shown(done: Attempt, path: str, measure: str, scores: np.ndarray) -> None:
    """Check the table of a path, and its final scores and backward transfer in the table of all paths."""
    shown = table(done, f".forgetting.{path.replace('/', '--')}.{measure}")
    columns = [f"{place} {stage}" for place, stage in enumerate(path.split("/"), 1)]
    assert shown[columns].to_numpy() == pytest.approx(scores, abs=1e-4, nan_ok=True)
    row, (*_, last) = table(done, ".forgetting").loc[path], scores
    backward = [last[0] - scores[-3, 0], last[1] - scores[-2, 1]]
    assert row[f"{measure}: final"] == pytest.approx(last.mean(), abs=1e-4)
    assert row[f"{measure}: backward"] == pytest.approx(np.mean(backward), abs=1e-4)
    assert row[f"{measure}: backward low"] <= row[f"{measure}: backward"] <= row[f"{measure}: backward high"]


@pytest.mark.parametrize("path", PATHS)
def test_transfer_and_forgetting_of_heads(run, path: str):
    done = run("sequences")
    names = [f"{place}.{TASKS[stage]}" for place, stage in enumerate(path.split("/"), 1)]
    _, *scores = measured(done, "heads", names, path)
    assert np.isnan(scores).tolist() == [[False, True, True], [False, False, True], [False] * 3]
    assert_shown(done, path, "heads", np.array(scores))


@pytest.mark.parametrize("path", PATHS)
def test_transfer_and_forgetting_of_probes(run, path: str):
    done = run("sequences")
    scores = measured(done, "probes", [f"{TASKS[stage]}@en 16 mixed" for stage in path.split("/")], path)
    assert_shown(done, path, "probes", scores)
    forward = [scores[1, 1] - scores[0, 1], scores[2, 2] - scores[0, 2]]
    assert table(done, ".forgetting").loc[path, "probes: forward"] == pytest.approx(np.mean(forward), abs=1e-4)


@pytest.mark.parametrize("path", PATHS)
def test_what_is_forgotten_is_lost_since_the_best_score_of_each_seed(run, path: str):
    done = run("sequences")
    frame = pd.read_csv(done.experiment.reports / "forgetting.csv").set_index(["measure", "stages", "seed", "name"])
    first, second, _ = path.split("/")
    after = (first, f"{first}/{second}", path)
    for measure in ("heads", "probes"):
        lost = []
        for seed, (place, stage) in product((1, 2), enumerate((first, second))):
            name = f"{place + 1}.{TASKS[stage]}" if measure == "heads" else f"{TASKS[stage]}@en 16 mixed"
            start = place if measure == "heads" else 0
            *before, last = (frame.loc[(measure, stages, seed, name), "value"] for stages in after[start:])
            lost.append(max(before) - last)
        found = table(done, ".forgetting").loc[path, f"{measure}: forgetting"]
        assert found == pytest.approx(np.mean(lost), abs=1e-4)


# Figures, page and further runs


@every_experiment
def test_figures_of_its_questions_are_drawn(run, name: str):
    assert drawn(run(name)) == FIGURES | DRAWN[name]


@every_experiment
def test_the_page_has_a_section_for_each_question_and_the_predictions_of_every_cell(run, name: str):
    text, data = page(run(name))
    sections = [*SECTIONS[name], "Where the changes come from", "Every score", "About these numbers"]
    assert re.findall(r'<h2 id="\w+-title">(.+?)</h2>', text)[: len(sections)] == sections
    assert [one["title"] for one in data["sections"]] == SECTIONS[name]
    assert all(part["tables"] for one in data["sections"] for part in one["parts"])
    cells = {(cell["intermediate"], cell["target"]): cell for cell in data["cells"]}
    assert cells.keys() == PLANNED[name]
    assert all(cell["samples"] and cell["missing"] is None for cell in cells.values())


@every_experiment
def test_the_page_opens_without_a_network_and_without_an_error(run, visit: Callable, name: str):
    seen = visit(run(name).experiment.reports / "report.html")
    seen.page.locator("#heat tbody tr:nth-child(3) button").first.click()
    assert seen.errors == []
    assert [url for url in seen.requests if not url.startswith("file:")] == []


@every_experiment
def test_a_second_run_has_nothing_to_do(run, name: str):
    again = run(name).experiment.snakemake()
    assert again.returncode == 0
    assert "Nothing to be done" in again.stdout


def test_another_perturbed_target_is_predicted_alone_and_nothing_is_trained(run):
    done = run("robust")
    name, targets = "more_robust", [*{target: None for _, target in PLANNED["robust"]}, "xnli+typos20"]
    more = done.experiment.folder / f"{name}.yaml"
    more.write_text(yaml.safe_dump({"experiment": name, "grid": {"targets": targets}}), encoding="utf-8")
    found = attempt(Experiment(more.parent, name, (*small(more.parent, "robust").layers, more)))
    assert found.status == 0, found.printed
    jobs = counts(found.printed)
    assert {step: jobs.get(step) for step in ("read_task", "train_stage", "perturb_task", "encode_task")} == {
        "read_task": None,
        "train_stage": None,
        "perturb_task": 1,
        "encode_task": 1,
    }
    assert jobs["predict"] == jobs["score"] == 11
    assert found.files.items() >= done.files.items()
    assert set(main_scores(found)["target"]) == set(targets)
