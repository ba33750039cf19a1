"""Tables of dev scores: the intermediates, and the intermediate chosen for each target next to the oracle."""

import pandas as pd
import pytest
from known_results import DEV, GRID, results, row, sure, trainings, without

from xstilts.reporting import choice, collect


def test_intermediates_have_the_dev_scores_of_the_weights_that_were_kept_and_their_spread():
    # 80 + 0, 4 and 1 by seed, after 20, 60 and 30 steps; the higher scores before were not kept.
    table = choice.intermediates(results(), "my_enc")
    assert row(table, "mnli") == ["mnli", "81.0", "80.0", "84.0", "30", "3"]
    assert row(table, "squad_v1") == ["squad_v1", "86.0", "85.0", "89.0", "30", "3"]
    assert list(table.shown.columns) == ["task", "score", "lowest", "highest", "steps", "seeds"]
    assert list(table.shown.index) == ["mnli", "squad_v1"]
    assert table.numbers.loc["mnli"].to_list() == ["mnli", 81, 80, 84, 30, 3]
    assert list(table.numbers.columns) == list(table.shown.columns)
    assert table.numbers.index.name == table.shown.index.name == "intermediate"
    assert row(choice.intermediates(results(), "other"), "mnli") == ["mnli", "20.0", "20.0", "20.0", "7", "3"]


def test_intermediates_have_the_mean_over_seeds_where_that_is_configured_and_the_caption_says_so():
    table = choice.intermediates(results(over_seeds="mean"), "my_enc")
    assert row(table, "mnli") == ["mnli", "81.7", "80.0", "84.0", "30", "3"]
    assert (table.name, table.caption) == (
        "intermediates",
        "Dev scores of the intermediates in their own tasks, of the weights that were kept; mean over seeds, with the "
        "lowest and the highest.",
    )


def test_an_intermediate_of_several_tasks_has_a_row_for_each():
    both = [
        ["my_enc", "mnli", seed, task, 5, value + seed, True, 9, "path"]
        for task, value in (("mnli", 60.0), ("qqp", 30.0))
        for seed in (3, 1, 2)
    ]
    table = choice.intermediates(results(trainings=pd.DataFrame(both, columns=collect.TRAINING_COLUMNS)), "my_enc")
    assert table.shown.loc["mnli"].to_numpy().tolist() == [
        ["mnli", "62.0", "61.0", "63.0", "9", "3"],
        ["qqp", "32.0", "31.0", "33.0", "9", "3"],
    ]


def test_an_intermediate_without_the_record_of_a_seed_has_no_dev_score():
    found = trainings()
    table = choice.intermediates(results(trainings=found[(found["stages"] != "mnli") | (found["seed"] != 2)]), "my_enc")
    assert row(table, "mnli") == ["mnli", "—", "—", "—", "—", "2"]
    table = choice.intermediates(results(trainings=found[found["stages"] != "mnli"]), "my_enc")
    assert row(table, "mnli") == ["—", "—", "—", "—", "—", "0"]


def test_the_choice_on_dev_is_reported_on_test_beside_the_oracle():
    table = choice.best(results(), "my_enc")
    assert list(table.shown.columns) == ["chosen", "dev", "test", "change", "oracle", "oracle test", "lost"]
    assert list(table.shown.index) == ["xnli", "xquad", "tatoeba", "mean"]
    assert row(table, "xnli") == ["squad_v1", "82.0", "71.0", "+1.0", "mnli", "72.0", "1.0"]
    assert row(table, "xquad") == ["squad_v1*", "89.0", "65.0", "+5.0", "squad_v1", "65.0", "0.0"]
    assert table.numbers.loc["xnli"].to_list() == ["squad_v1", 82, 71, 1, "mnli", 72, 1]
    assert (table.name, table.numbers.index.name, table.shown.index.name) == ("best", "target", "target")


def test_the_choice_of_another_encoder_is_its_own():
    # It has 100 - score everywhere, so that mnli is the best on dev and none the best for XNLI on test.
    table = choice.best(results(), "other")
    assert row(table, "xnli") == ["mnli", "21.0", "28.0", "-2.0", "none", "30.0", "2.0"]
    assert row(table, "xquad") == ["mnli", "16.0", "42.0", "+2.0", "mnli", "42.0", "0.0"]


def test_the_choice_is_made_by_the_number_over_seeds_that_is_configured():
    # Seed 2 gives mnli 30 points more on dev for XNLI: the mean chooses it, the median does not.
    found = trainings()
    found.loc[found["stages"].eq("mnli/mnli") & found["seed"].eq(2) & found["encoder"].eq("my_enc"), "value"] += 30
    assert row(choice.best(results(trainings=found), "my_enc"), "xnli")[:2] == ["squad_v1", "82.0"]
    chosen = row(choice.best(results(trainings=found, over_seeds="mean"), "my_enc"), "xnli")[:2]
    assert chosen == ["mnli", "90.7"]  # 79 + (0 + 34 + 1) / 3.


def test_a_stage_of_several_tasks_has_the_mean_over_them_in_each_seed():
    # By seed 50, 60 and 40, of which the median is 50; the medians of the tasks, 70 and 20, have a mean of 45.
    values = {
        ("mnli", 1): 90.0,
        ("mnli", 2): 50.0,
        ("mnli", 3): 70.0,
        ("qqp", 1): 10.0,
        ("qqp", 2): 70.0,
        ("qqp", 3): 10.0,
    }
    rows = [["my_enc", "mnli", seed, task, 5, value, True, 9, "path"] for (task, seed), value in values.items()]
    grid = GRID.model_copy(update={"intermediates": ("none",), "targets": ("xnli",)})
    found = results(trainings=pd.DataFrame(rows, columns=collect.TRAINING_COLUMNS), grid=grid)
    assert row(choice.best(found, "my_enc"), "xnli")[:2] == ["none", "50.0"]


def test_nothing_is_chosen_by_the_dev_scores_of_some_of_the_seeds():
    # Of no intermediate is there a model of seed 2: the medians of the other two are no medians over seeds.
    found = trainings()
    table = choice.best(results(trainings=found[found["seed"] != 2]), "my_enc")
    assert row(table, "xnli")[:2] == row(table, "xquad")[:2] == ["—", "—"]


def test_nothing_is_chosen_by_the_dev_scores_of_some_of_a_stage_s_tasks():
    rows = [["my_enc", "mnli", seed, task, 5, 50.0, True, 9, "path"] for task in ("mnli", "qqp") for seed in (1, 2, 3)]
    found = pd.DataFrame(rows, columns=collect.TRAINING_COLUMNS)
    found.loc[found["task"].eq("qqp") & found["seed"].eq(3), "value"] = float("nan")
    grid = GRID.model_copy(update={"intermediates": ("none",), "targets": ("xnli",)})
    assert row(choice.best(results(trainings=found, grid=grid), "my_enc"), "xnli")[:2] == ["—", "—"]


def test_of_equally_good_intermediates_the_first_of_the_grid_is_chosen():
    found, tests = trainings().iloc[::-1], sure().iloc[::-1]
    found.loc[found["stages"] == "squad_v1/mnli", "value"] -= DEV["squad_v1/mnli"] - DEV["mnli/mnli"]
    found.loc[found["stages"] == "mnli", "value"] = 0
    tests.loc[tests["intermediate"] == "squad_v1", "value"] = 72.0
    chosen = row(choice.best(results(trainings=found, statistics=tests), "my_enc"), "xnli")
    assert (chosen[0], chosen[4]) == ("mnli", "mnli")


def test_a_baseline_may_be_the_best_and_changes_nothing():
    found = trainings()
    found.loc[found["stages"] == "mnli", "value"] = 95.0
    assert row(choice.best(results(trainings=found), "my_enc"), "xnli")[:4] == ["none", "95.0", "70.0", "0.0"]


def test_the_last_row_has_the_means_of_what_is_chosen_of_the_oracle_and_of_what_is_lost():
    grid = GRID.model_copy(update={"targets": ("xnli", "xquad")})
    # (71 + 65) / 2, (72 + 65) / 2.
    assert row(choice.best(results(grid=grid), "my_enc"), "mean") == ["—", "—", "68.0", "—", "—", "68.5", "0.5"]


def test_without_dev_scores_there_is_no_choice_and_no_mean_over_the_other_targets():
    table = choice.best(results(), "my_enc")
    assert row(table, "tatoeba") == ["—", "—", "—", "—", "mnli", "50.0", "—"]
    assert row(table, "mean") == ["—", "—", "—", "—", "—", "62.3", "—"]


def test_without_a_baseline_the_choice_has_no_change():
    grid = GRID.model_copy(update={"intermediates": ("mnli", "squad_v1")})
    chosen = row(choice.best(results(grid=grid), "my_enc"), "xnli")
    assert chosen == ["squad_v1", "82.0", "71.0", "—", "mnli", "72.0", "1.0"]


@pytest.mark.parametrize("gone", ["none", "mnli"])
def test_nothing_is_best_among_those_that_happen_to_be_there(gone: str):
    found = results(statistics=without(sure(), intermediate=gone, target="xnli"))
    assert row(choice.best(found, "my_enc"), "xnli")[4:] == ["—", "—", "—"]
    stages = "mnli" if gone == "none" else "mnli/mnli"
    found = results(trainings=without(trainings(), stages=stages, seed=1))
    assert row(choice.best(found, "my_enc"), "xnli")[:4] == ["—", "—", "—", "—"]


def test_the_table_says_how_it_chooses():
    assert choice.best(results(), "my_enc").caption == (
        "The intermediate chosen for each target on the English dev set of its training, and its test score; beside it "
        "the choice on test (oracle), which no one has before testing, and what the choice on dev loses against it. "
        "*: differs from the baseline. A target without training has no dev set to choose on."
    )


def test_a_loss_is_shown_as_such_and_in_no_mean():
    mixed = [
        ["my_enc", "mnli", seed, task, 5, value, True, 9, "path"]
        for task, value in (("mlm_loss", 2.1234), ("mnli", 60.0))
        for seed in (1, 2, 3)
    ]
    table = choice.intermediates(results(trainings=pd.DataFrame(mixed, columns=collect.TRAINING_COLUMNS)), "my_enc")
    assert table.shown.loc["mnli"].to_numpy().tolist() == [
        ["mlm_loss", "2.123", "2.123", "2.123", "9", "3"],
        ["mnli", "60.0", "60.0", "60.0", "9", "3"],
    ]
    assert table.caption.endswith(
        "Tasks with _loss: the loss per masked token in nats, not in percent; lower is better."
    )
    assert "_loss" not in choice.intermediates(results(), "my_enc").caption


def test_a_training_has_the_rows_and_languages_of_its_last_stage_and_the_range_of_its_steps():
    data = {"mnli": (1000, "de, zh"), "mnli/squad_v1": (None, "en"), "hellaswag": (5, "en")}
    table = choice.trainings(results(data=data), "my_enc")
    assert table.shown.to_numpy().tolist() == [
        ["1,000", "20–60", "de, zh"],
        ["—", "20–60", "en"],
        ["5", "—", "en"],
    ]
    assert table.numbers.loc["mnli", ["rows", "fewest steps", "most steps"]].to_list() == [1000, 20, 60]
