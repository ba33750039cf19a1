"""Targets with perturbed text, or after another training than their own: their names, and the means that they enter."""

from pathlib import Path

import pytest
from grids import Words

from xstilts import experiments, recipes
from xstilts.arms import Arms, expanded
from xstilts.config import ConfigError, parse
from xstilts.grid import Grid

TOY = {"grid": {"encoders": ["toy"], "seeds": [1]}, "encoders": {"toy": {"path": "toy"}}}
NLI_DEV = {"tasks": {"anli": {"split": "dev"}, "snli": {"split": "dev"}}}


def arms(*targets: str, **blocks: dict) -> Arms:
    grid = {**TOY["grid"], "intermediates": ["none"], "targets": list(targets)}
    found = expanded(parse({**TOY, "grid": grid, **blocks})).grid
    assert isinstance(found, Arms)
    return found


def test_a_perturbed_target_is_the_target_with_that_setting():
    config = parse({**TOY, "targets": {"noisy": {"task": "xnli", "perturbation": "typos10"}}})
    named, block = recipes.target(config, "xnli+typos10"), recipes.target(config, "noisy")
    assert (named.task, named.stages, named.perturbations) == ("xnli", ("mnli",), ("typos10",))
    assert (block.task, block.stages, block.perturbations) == (named.task, named.stages, named.perturbations)


def test_languages_and_perturbations_compose_in_one_canonical_form():
    assert arms("xquad@de+typos10", "pawsx@zh+de+typos10+mixed_language").targets == (
        "xquad@de+typos10",
        "pawsx@de+zh+mixed_language+typos10",
    )
    target = recipes.target(parse(TOY), "pawsx@de+typos10+mixed_language")
    assert target.stages == ("pawsx@de",)
    assert target.perturbations == ("mixed_language", "typos10")


@pytest.mark.parametrize("other", ["xnli+mixed_language+typos10", "xnli+typos10+mixed_language"])
def test_the_order_of_perturbations_has_no_meaning(other: str):
    assert arms(other).targets == ("xnli+mixed_language+typos10",)


def test_means_over_targets_have_unchanged_text_after_the_training_for_it():
    found = arms("xnli", "xnli+typos10", "pawsx@de", "tatoeba", "tatoeba+typos10", "udpos")
    assert found.averaged == ("xnli", "tatoeba", "udpos")
    assert found.official == ("xnli", "tatoeba", "udpos")


def test_a_target_that_a_block_trains_otherwise_is_in_no_mean():
    found = arms("xnli", "pawsx", targets={"xnli": {"stage": "mnli@de"}})
    assert found.averaged == ("pawsx",)
    assert arms("xquad", targets={"xquad": {"stage": "mnli/squad_v1"}}).averaged == ()


def test_a_target_with_another_recipe_for_the_same_data_is_in_means_under_the_name_of_its_task():
    few = {"stages": {"few": {"tasks": ["mnli"], "rows": 500}}}
    found = arms("xnli", "pawsx", targets={"xnli": {"stage": "few"}}, **few)
    assert found.averaged == found.official == ("xnli", "pawsx")
    # Beside the target of the task, it would count twice.
    found = arms("xnli", "mine", targets={"mine": {"task": "xnli", "stage": "few"}}, **few)
    assert found.averaged == ("xnli",)
    mixed = {"stages": {"few": {"tasks": ["mnli", "qqp"]}}}
    assert arms("xnli", targets={"xnli": {"stage": "mnli/few"}}, **mixed).averaged == ()


@pytest.mark.parametrize("file", ["config.yaml", "workflow/experiments/miniature.yaml"])
def test_means_of_the_grid_of_the_paper_and_of_the_demo_have_all_nine_targets(file: str):
    grid = expanded(experiments.read(Path(__file__).parents[2] / file)).grid
    assert len(grid.targets) == 9
    assert grid.averaged == grid.official == grid.targets


def test_reports_have_the_targets_of_their_means_in_their_specs_if_some_are_in_none():
    def made_from(*targets: str) -> list[dict]:
        grid = {**TOY["grid"], "intermediates": ["none"], "targets": list(targets)}
        return [report.spec for report in Grid(parse({**TOY, "grid": grid}), Words()).reports]

    for spec in made_from("xnli", "pawsx", "pawsx@de"):
        assert spec["averaged"] == spec["official"] == ["xnli", "pawsx"]
    for spec in made_from("xnli", "pawsx"):
        assert not {"averaged", "official"} & spec.keys()


def test_a_target_out_of_domain_is_in_no_mean():
    found = arms("xnli", "anli_from_mnli", targets={"anli_from_mnli": {"task": "anli", "stage": "mnli"}}, **NLI_DEV)
    assert found.averaged == found.official == ("xnli",)


def test_a_benchmark_has_its_targets_under_their_names_and_trained_in_english():
    found = arms("mine", targets={"mine": {"task": "xnli"}})
    assert (found.averaged, found.official) == (("mine",), ())
    assert arms("xnli", stages={"mnli": {"languages": ["de"]}}).official == ()
    assert arms("xnli", stages={"mnli": {"languages": ["de"]}}).averaged == ("xnli",)
    robust = {"method": "fgm"}
    assert arms("xnli", "pawsx", stages={"mnli": {"objective": robust}}).official == ("pawsx",)


@pytest.mark.parametrize(
    "task, stage",
    [
        ("anli", "mnli"),
        ("snli", "mnli"),
        ("pawsx", "qqp"),
        ("tydiqa", "squad_v1"),
        ("xquad", "tydiqa"),
        ("xnli", "anli"),
    ],
)
def test_a_target_is_evaluated_after_the_training_of_another_task_with_the_same_labels_or_kind(task: str, stage: str):
    blocks = {"targets": {"other": {"task": task, "stage": stage}}}
    grid = {**TOY["grid"], "intermediates": ["none"], "targets": ["other"]}
    (cell,) = Grid(parse({**TOY, **blocks, **NLI_DEV, "grid": grid}), Words()).cells
    assert cell.predictions.about.stages == (stage,)
    assert cell.predictions.about.task == task


@pytest.mark.parametrize(
    "task, stage, found",
    [
        ("xnli", "qqp", "trains on qqp"),
        ("pawsx", "mnli", "trains on mnli"),
        ("udpos", "panx", "trains on panx"),
        ("xquad", "mnli", "trains on mnli"),
        ("xnli", "all_nli", "trains on mnli, snli"),
    ],
)
def test_a_training_with_other_labels_or_several_heads_is_refused(task: str, stage: str, found: str):
    blocks = {"targets": {"other": {"task": task, "stage": stage}}, "stages": {"all_nli": {"tasks": ["mnli", "snli"]}}}
    grid = {**TOY["grid"], "intermediates": ["none"], "targets": ["other"]}
    with pytest.raises(ConfigError, match=found) as error:
        Grid(parse({**TOY, **blocks, "grid": grid}), Words())
    assert "'targets.other.stage'" in str(error.value)
    assert f"whose head predicts for {task!r}" in str(error.value)
