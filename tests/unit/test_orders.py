"""Which intermediates of a grid differ only in the order of their tasks, and what they are compared with."""

from pathlib import Path

import numpy as np
import pytest
from by_order import BLOCKS, ONE, OTHER, STAGES, grid
from grids import changed

from xstilts import experiments, recipes
from xstilts.arms import expanded
from xstilts.names import stages_of
from xstilts.orders import Order
from xstilts.reporting import gallery
from xstilts.training import mixture
from xstilts.training.batches import BatchSampler

EXPERIMENTS = Path(__file__).parents[2] / "workflow" / "experiments"
BACKWARDS = {"schedule": "blocks", "order": ["squad_v1", "mnli"]}
REPORTS = ("tables", "figures", "page")


def members(*intermediates: str, **stages: dict) -> list[list[str]]:
    """The intermediates in each set."""
    return [[one.intermediate for one in found.members] for found in grid(intermediates, stages).orders]


def controls(name: str, *intermediates: str, **stages: dict) -> list[tuple[str, str]]:
    """The controls of an intermediate."""
    everything = (one for found in grid((*intermediates, name), stages).orders for one in found.members)
    return list({one.intermediate: one.controls for one in everything}[name])


def test_sequences_of_the_same_stages_are_a_set_for_each_choice_of_stages():
    names = (ONE, "mnli/ccg", OTHER, "mnli/squad_v1/ccg", "ccg/mnli", "ccg/squad_v1/mnli", "squad_v1/ccg")
    assert members("none", "mnli", *names) == [
        [ONE, OTHER],
        ["mnli/ccg", "ccg/mnli"],
        ["mnli/squad_v1/ccg", "ccg/squad_v1/mnli"],
    ]


def test_a_stage_in_another_language_is_another_stage():
    assert members("mnli@de/squad_v1", OTHER) == []
    assert members("mnli@de/squad_v1", "squad_v1/mnli@de") == [["mnli@de/squad_v1", "squad_v1/mnli@de"]]


def test_stages_in_blocks_are_a_set_if_only_the_order_of_the_blocks_differs():
    assert members("ab", "ba", "mixed") == [["ab", "ba"]]
    (found,) = grid(("ab", "ba")).orders
    assert [one.parts for one in found.members] == [("mnli", "squad_v1"), ("squad_v1", "mnli")]
    assert (found.members[0].parts[0], found.members[0].parts[-1], found.name) == ("mnli", "squad_v1", "ab")


def test_the_order_of_blocks_may_be_that_of_the_tasks():
    assert members("as_listed", "ba", as_listed={**BLOCKS, "sampling": {"schedule": "blocks"}}) == [["as_listed", "ba"]]


def test_stages_that_list_their_tasks_in_another_order_train_on_other_rows_and_are_no_set():
    assert members("ab", "other", other={**STAGES["ab"], "tasks": ["squad_v1", "mnli"]}) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"steps": 200},
        {"learning_rate": 1e-4},
        {"languages": ["de"], "tasks": ["mnli", "squad_v1@en"]},
        {"tasks": ["mnli", "ccg"], "sampling": {"schedule": "blocks", "order": ["ccg", "mnli"]}},
        {"sampling": {**BACKWARDS, "overlap": 0.5}},
        {"sampling": {**BACKWARDS, "strategy": "uniform"}},
        {"select_by": ["mnli"]},
    ],
)
def test_stages_that_differ_in_more_than_the_order_are_no_set(changes: dict):
    assert members("ab", "other", other={**BLOCKS, "sampling": BACKWARDS, **changes}) == []


def test_blocks_whose_checkpoints_are_chosen_on_other_dev_data_are_no_set():
    one = {"tasks": ["pawsx@de", "squad_v1"], "steps": 100, "sampling": {"schedule": "blocks"}}
    other = {**one, "sampling": {"schedule": "blocks", "order": ["squad_v1", "pawsx"]}}
    assert members("one", "other", one=one, other=other) == [["one", "other"]]
    assert members("one", "other", one=one, other={**other, "select_on": "en"}) == []


def test_the_same_order_counts_once():
    assert members("ab", "again", again=STAGES["ab"]) == []
    assert members("ab", "ba", "again", again=STAGES["ab"]) == [["ab", "ba"]]


def test_blocks_and_sequences_are_sets_of_their_own():
    assert members("ab", ONE, "ba", OTHER) == [["ab", "ba"], [ONE, OTHER]]


def test_a_mixture_without_an_order_is_none_of_the_orders():
    assert members("mixed", "drawn", drawn=BLOCKS) == []


def test_controls_of_a_sequence_are_mixtures_its_last_stage_and_the_baseline():
    found = controls(ONE, "none", "mnli", "squad_v1", "mixed", "drawn", "ab", OTHER, drawn={**BLOCKS, "steps": 9})
    assert found == [
        ("mixture", "mixed"),
        ("mixture", "drawn"),
        ("last task alone", "squad_v1"),
        ("none", "none"),
    ]
    assert controls(ONE, OTHER) == []
    assert controls(ONE, OTHER, "mnli", "squad_v1@de") == []


def test_a_mixture_in_other_languages_or_of_more_tasks_is_no_control():
    german = {**BLOCKS, "tasks": ["mnli@de", "squad_v1"]}
    more = {**BLOCKS, "tasks": ["mnli", "squad_v1", "ccg"]}
    assert controls(ONE, OTHER, "german", "more", german=german, more=more) == []
    names = ("squad_v1/mnli@de", "german")
    assert controls("mnli@de/squad_v1", *names, german=german) == [("mixture", "german")]


def test_a_mixture_beside_blocks_gives_its_tasks_the_same_shares():
    other = {**BLOCKS, "sampling": {"strategy": "uniform", "schedule": "shuffled"}}
    assert controls("ab", "ba", "mixed", "other", other=other) == [("mixture", "mixed")]
    assert controls(ONE, OTHER, "mixed", "other", other=other) == [("mixture", "mixed"), ("mixture", "other")]


def test_a_control_has_the_objective_of_the_order():
    robust = {"objective": {"method": "freelb"}}
    stages = {name: {**STAGES[name], **robust} for name in ("ab", "ba", "mixed")} | {"plain": STAGES["mixed"]}
    stages["qa"] = {"tasks": ["squad_v1"], **robust}
    assert controls("ab", "ba", "mixed", "plain", "qa", "squad_v1", **stages) == [
        ("mixture", "mixed"),
        ("last task alone", "qa"),
    ]
    assert members("ab", "ba", ab=stages["ab"]) == []


def test_controls_of_blocks_are_stages_that_train_the_last_task_only_in_the_same_languages():
    short = {"tasks": ["squad_v1"], "steps": 9}
    found = controls("ab", "ba", "mnli", "squad_v1", "squad_v1@de", "short", "mixed", short=short)
    assert found == [("mixture", "mixed"), ("last task alone", "squad_v1"), ("last task alone", "short")]


def test_specs_of_reports_have_the_orders_and_grids_without_orders_have_none():
    plain, ordered = grid(("none", ONE, "squad_v1", "mnli")), grid(("none", ONE, OTHER))
    assert (plain.orders, len(ordered.orders)) == ((), 1)
    for step in REPORTS:
        assert "orders" not in getattr(plain, step).spec
        assert getattr(ordered, step).spec["orders"] == [
            [
                [ONE, ["mnli", "squad_v1"], [["none", "none"]]],
                [OTHER, ["squad_v1", "mnli"], [["none", "none"]]],
            ]
        ]
    for made in (*plain.statistics.values(), plain.collected, *ordered.statistics.values(), ordered.collected):
        assert "orders" not in made.spec


def test_an_order_that_gets_a_control_gives_the_reports_another_name(monkeypatch: pytest.MonkeyPatch):
    before, after = grid(("none", ONE, OTHER)), grid(("none", ONE, OTHER))
    (found,) = after.orders
    without = tuple(Order(one.intermediate, one.parts) for one in found.members)
    after.__dict__["orders"] = (type(found)(without),)
    _ = before.entries, after.entries
    assert changed(before, after) == set(REPORTS)


def test_the_tables_and_the_figure_are_in_the_gallery_of_grids_with_orders_only():
    def files(*names: str) -> set[str]:
        found = grid(names)
        return {item.file for item in (*gallery.tables(found), *gallery.figures(found))}

    more = {f"tables/toy.orders{part}.html" for part in ("", ".first_last", ".controls")} | {"figures/toy/orders.svg"}
    assert files("none", ONE, OTHER) - files("none", ONE, "ab") == more
    assert files("none", ONE, "ab") <= files("none", ONE, OTHER)


@pytest.mark.parametrize("layers", [("sequences",), ("sequences", "sequences-small")])
def test_the_experiment_on_order_compares_trainings_of_all_their_steps(layers: tuple[str, ...]):
    config = expanded(experiments.read(*(EXPERIMENTS / f"{name}.yaml" for name in layers)))
    names = {stage for path in config.grid.intermediates for stage in stages_of(path)}
    found = {name: recipes.recipe(config, name) for name in names}
    # A checkpoint is one of those that are evaluated, and the last step always is.
    assert all(isinstance(one.steps, int) and one.evaluate_every >= one.steps for one in found.values())
    assert {one.steps / len(one.tasks) for one in found.values()} == {found["nli"].steps}


def test_a_task_of_the_experiment_on_order_has_the_same_batches_in_all_mixtures_and_blocks_in_order():
    config = experiments.read(EXPERIMENTS / "sequences.yaml", EXPERIMENTS / "sequences-small.yaml")
    found = [recipes.recipe(config, name) for name in config.stages if name == "shuffled" or name.startswith("blocks")]
    sizes = {"mnli": 700, "squad_v1": 160, "hellaswag": 80}
    batches: dict[str, list] = {task: [] for task in sizes}
    for stage in found:
        order, steps = mixture.schedule(stage, stage.tasks), mixture.steps(stage, sizes, ())
        lengths = {task: np.arange(sizes[task]) for task in stage.tasks}
        drawn = list(BatchSampler(lengths, mixture.shares(stage, sizes), steps, stage.batch_size, 1, order))
        for task, mine in batches.items():
            mine.append([step.rows for step in drawn if step.task == task])
        if stage.sampling.order:
            assert tuple(dict.fromkeys(step.task for step in drawn)) == stage.sampling.order
    assert len(found) == 7
    for mine in batches.values():
        assert len(mine[0]) == 1000
        assert all(one == mine[0] for one in mine)
