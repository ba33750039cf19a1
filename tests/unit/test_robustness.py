"""The arms of a grid that answer questions of robustness, and the cells that they are compared with."""

from pathlib import Path

import pytest
from grids import Words

from xstilts import experiments, recipes, tasks
from xstilts.arms import expanded
from xstilts.config import parse
from xstilts.grid import Grid
from xstilts.names import stages_of
from xstilts.reporting import gallery
from xstilts.reporting.gains import base
from xstilts.robustness import OutOfDomain, Perturbed
from xstilts.training import mixture

OBJECTIVES = {name: {"method": name} for name in ("freelb", "fgm", "noise")}
"""Objectives with three passes, two passes and one pass in each step."""

NO_PLAIN = {None: ("steps", "passes")}
"""What training with an objective is compared with if the grid has no plain training with the same recipe."""


def grid(intermediates: list[str], evaluated: list[str], **more: object) -> Grid:
    own = {"encoders": ["toy"], "seeds": [1, 2], "intermediates": intermediates, "targets": evaluated}
    blocks = {"encoders": {"toy": {"path": "toy"}}, "tasks": {"anli": {"split": "dev"}}, "objectives": OBJECTIVES}
    return Grid(parse({**blocks, "grid": own, **more}), Words())


def gains(intermediates: list[str], evaluated: list[str], **more: object) -> dict[tuple, dict[tuple | None, tuple]]:
    """What each training with an objective is compared with: by its cell, what is equal by the other cell, or None."""
    found: dict[tuple, dict[tuple | None, tuple]] = {}
    for one in grid(intermediates, evaluated, **more).robustness.gains:
        found.setdefault(one.one, {})[one.other] = one.equal
    return found


# Perturbed text


def test_a_perturbed_target_belongs_to_the_clean_one_with_the_same_task_training_and_languages():
    blocks = {
        "noisy": {"task": "xnli", "perturbation": "typos20"},
        "few": {"task": "xnli", "languages": ["en", "sw"]},
        "from_all": {"task": "xnli", "stage": "mnli@all"},
    }
    targets = ["few", "from_all", "xnli", "xnli+typos10", "noisy", "few+typos10", "from_all+typos10+word_order"]
    found = grid(["none"], targets, targets=blocks).robustness.perturbed
    assert [(one.target, one.clean, one.perturbation) for one in found] == [
        ("xnli+typos10", "xnli", "typos10"),
        ("noisy", "xnli", "typos20"),
        ("few+typos10", "few", "typos10"),
        ("from_all+typos10+word_order", "from_all", "typos10+word_order"),
    ]
    assert found[2].languages == ("en", "sw")


def test_targets_whose_recipes_are_the_same_belong_together_under_any_name():
    stages = {"mine": {"like": "mnli"}, "longer": {"like": "mnli", "epochs": 4}}
    blocks = {name: {"task": "xnli", "stage": name, "perturbation": "typos10"} for name in stages}
    found = grid(["none"], ["xnli", "mine", "longer"], stages=stages, targets=blocks).robustness.perturbed
    assert {one.target: one.clean for one in found} == {"mine": "xnli", "longer": None}


def test_a_perturbed_target_without_a_clean_one_has_all_of_its_languages():
    (found,) = grid(["none"], ["pawsx+typos5", "xnli"]).robustness.perturbed
    assert found == Perturbed("pawsx+typos5", None, "typos5", "typos", 5, ("de", "en", "es", "fr", "ja", "ko", "zh"))


@pytest.mark.parametrize(
    ("perturbation", "form", "rate"),
    [
        ("typos10", "typos", 10),
        ("word_order", "word_order", None),
        ("mixed_language+typos5", "mixed_language+typos5", None),
    ],
)
def test_a_perturbation_has_a_form_and_perhaps_a_rate(perturbation: str, form: str, rate: int | None):
    (found,) = grid(["none"], [f"xnli+{perturbation}"]).robustness.perturbed
    assert (found.perturbation, found.form, found.rate) == (perturbation, form, rate)


def test_languages_are_those_in_which_both_texts_are_evaluated():
    found = grid(["none"], ["xnli", "xnli+word_order"])
    (one,) = found.robustness.perturbed
    assert set(found.languages("xnli")) - set(one.languages) == {"zh", "th"}
    assert found.contrasts["robustness.xnli+word_order"].spec["languages"] == list(one.languages)


def test_groups_have_the_evaluated_languages_of_perturbed_targets():
    found = grid(["none"], ["xnli+typos10", "tatoeba"]).robustness
    assert found.groups["low"] == ("sw",)
    assert set(found.groups["high"]) == {"bg", "de", "en", "es", "fr", "ru", "th", "vi"}


# Out of domain


def test_a_target_out_of_domain_belongs_to_the_one_whose_training_it_shares():
    blocks = {
        "anli_from_mnli": {"task": "anli", "stage": "mnli"},
        "tydiqa_from_squad": {"task": "tydiqa", "stage": "squad_v1"},
        "pawsx_from_qqp": {"task": "pawsx", "stage": "qqp"},
    }
    targets = [
        "anli_from_mnli",
        "xnli+typos10",
        "mlqa",
        "xquad",
        "xnli",
        "tydiqa_from_squad",
        "pawsx_from_qqp",
        "pawsx",
    ]
    assert grid(["none"], targets, targets=blocks).robustness.out_of_domain == (
        OutOfDomain("anli_from_mnli", "xnli"),
        OutOfDomain("tydiqa_from_squad", "mlqa"),
        OutOfDomain("pawsx_from_qqp", None),
    )


def test_training_in_another_language_or_none_is_not_out_of_domain():
    assert grid(["none"], ["xnli", "pawsx@de", "tatoeba"]).robustness.out_of_domain == ()


def test_perturbed_text_out_of_domain_is_shown_beside_the_target_in_domain():
    blocks = {"anli_from_mnli": {"task": "anli", "stage": "mnli"}}
    found = grid(["none"], ["xnli", "anli_from_mnli", "anli_from_mnli+typos10"], targets=blocks).robustness
    assert [one.clean for one in found.perturbed] == ["anli_from_mnli"]
    assert [base(found, name) for name in ("xnli", "anli_from_mnli", "anli_from_mnli+typos10")] == ["xnli"] * 3


# Objectives


def test_an_objective_is_compared_with_as_many_steps_and_with_as_many_passes():
    stages = {"mnli9": {"like": "mnli", "epochs": 9}, "mnli6": {"like": "mnli", "epochs": 6}}
    found = gains(["none", "mnli", "mnli9", "mnli6", "mnli+freelb", "mnli+fgm", "mnli+noise"], ["xnli"], stages=stages)
    assert found == {
        ("mnli+freelb", "xnli"): {("mnli", "xnli"): ("steps",), ("mnli9", "xnli"): ("passes",)},
        ("mnli+fgm", "xnli"): {("mnli", "xnli"): ("steps",), ("mnli6", "xnli"): ("passes",)},
        ("mnli+noise", "xnli"): {("mnli", "xnli"): ("steps", "passes")},
    }


def test_a_number_of_steps_is_multiplied_as_epochs_are():
    stages = {
        name: {"tasks": ["mnli"], "steps": steps} for name, steps in (("short", 100), ("long", 300), ("other", 299))
    }
    assert gains(["short+freelb", "short", "long", "other"], ["xnli"], stages=stages) == {
        ("short+freelb", "xnli"): {("short", "xnli"): ("steps",), ("long", "xnli"): ("passes",)}
    }


@pytest.mark.parametrize("batch_size", [32, 16])
def test_steps_relative_to_those_of_another_stage_are_multiplied(batch_size: int):
    # With half the batch size, the epochs of `small` take as many steps as twice those of `mnli`.
    stages = {
        "small": {"like": "mnli", "batch_size": batch_size},
        "counted": {"like": "small", "steps": {"like": "mnli"}},
        "tripled": {"like": "small", "steps": {"like": "mnli", "times": 3}},
    }
    found = gains(["counted+freelb", "counted", "tripled", "small"], ["xnli"], stages=stages)
    of_steps = {("counted", "xnli"): ("steps",), ("tripled", "xnli"): ("passes",)}
    assert found == {
        ("counted+freelb", "xnli"): of_steps | ({("small", "xnli"): ("steps",)} if batch_size == 32 else {})
    }


def test_steps_and_epochs_are_not_compared():
    stages = {"counted": {"tasks": ["mnli"], "steps": 3}}
    assert gains(["mnli+freelb", "counted"], ["xnli"], stages=stages) == {("mnli+freelb", "xnli"): NO_PLAIN}


@pytest.mark.parametrize("setting", [{"learning_rate": 2e-5}, {"languages": ["de"]}, {"rows": 1000}])
def test_plain_training_with_another_recipe_is_not_compared(setting: dict):
    stages = {"other": {"like": "mnli", **setting}}
    assert gains(["mnli+fgm", "other"], ["xnli"], stages=stages) == {("mnli+fgm", "xnli"): NO_PLAIN}


def test_plain_training_with_other_dev_data_is_not_compared():
    stages = {"german": {"like": "mnli", "languages": ["de"]}, "other": {"like": "german", "select_on": "en"}}
    assert gains(["german+fgm", "other"], ["xnli"], stages=stages) == {("german+fgm", "xnli"): NO_PLAIN}


def test_the_number_of_gpus_makes_no_other_recipe():
    stages = {"parallel": {"like": "mnli", "gpus": 2}}
    found = gains(["mnli+fgm", "parallel"], ["xnli"], stages=stages)
    assert found == {("mnli+fgm", "xnli"): {("parallel", "xnli"): ("steps",), None: ("passes",)}}


def test_every_stage_with_an_objective_has_its_own_passes_in_a_path():
    stages = {
        "mnli9": {"like": "mnli", "epochs": 9},
        "squad6": {"like": "squad_v1", "epochs": 6},
        "squad9": {"like": "squad_v1", "epochs": 9},
    }
    intermediates = ["squad_v1+fgm/mnli+freelb", "squad_v1/mnli", "squad6/mnli9", "squad9/mnli9", "squad6/mnli"]
    intermediates += ["squad_v1+fgm/mnli", "mnli"]
    found = gains(intermediates, ["pawsx"], stages=stages)
    assert found == {
        ("squad_v1+fgm/mnli+freelb", "pawsx"): {
            ("squad_v1/mnli", "pawsx"): ("steps",),
            ("squad6/mnli9", "pawsx"): ("passes",),
        },
        ("squad_v1+fgm/mnli", "pawsx"): {("squad_v1/mnli", "pawsx"): ("steps",), ("squad6/mnli", "pawsx"): ("passes",)},
    }
    both = grid(intermediates, ["pawsx"], stages=stages).robustness.gains
    assert [one.objective for one in both] == ["fgm, freelb"] * 2 + ["fgm"] * 2


def test_the_training_of_a_target_may_have_the_objective():
    blocks = {"robust": {"task": "xnli", "stage": "mnli+fgm"}, "tougher": {"task": "pawsx", "stage": "pawsx+fgm"}}
    found = gains(["none", "ccg"], ["xnli", "xnli+typos10", "robust", "robust+typos10", "tougher"], targets=blocks)
    assert found == {
        **{(name, "robust"): {(name, "xnli"): ("steps",), None: ("passes",)} for name in ("none", "ccg")},
        **{
            (name, "robust+typos10"): {(name, "xnli+typos10"): ("steps",), None: ("passes",)}
            for name in ("none", "ccg")
        },
        **{(name, "tougher"): NO_PLAIN for name in ("none", "ccg")},
    }


def test_a_plain_grid_has_none():
    found = grid(["none", "mnli"], ["xnli", "pawsx@de", "tatoeba"])
    assert found.robustness.gains == found.robustness.contrasts == ()
    assert (found.robustness.tables, found.robustness.in_specs, found.robustness.groups) == ([], {}, {})


# Entries


BLOCKS = {"anli_from_mnli": {"task": "anli", "stage": "mnli"}}


def robust() -> Grid:
    return grid(["none", "mnli", "mnli+freelb"], ["xnli", "xnli+typos10", "anli_from_mnli", "pawsx"], targets=BLOCKS)


def test_there_is_a_job_for_each_perturbed_target_and_for_each_target_of_an_objective():
    found = robust()
    jobs = {name: [cell[1:4] for cell in entry.spec["cells"]] for name, entry in found.contrasts.items()}
    seeds = (1, 2)
    assert jobs == {
        "robustness.xnli+typos10": [
            [name, target, seed]
            for name in ("none", "mnli", "mnli+freelb")
            for target in ("xnli", "xnli+typos10")
            for seed in seeds
        ],
        **{
            f"objectives.{target}": [[name, target, seed] for name in ("mnli", "mnli+freelb") for seed in seeds]
            for target in ("xnli", "xnli+typos10", "anli_from_mnli", "pawsx")
        },
    }
    for name, entry in found.contrasts.items():
        assert set(entry.inputs) == {cell[4] for cell in entry.spec["cells"]}
        assert entry.spec["same_models"] == name.startswith("robustness")
        assert entry.step == "statistics"
    assert found.contrasts["objectives.pawsx"].spec["contrasts"] == [[["mnli+freelb", "pawsx"], ["mnli", "pawsx"]]]
    assert found.contrasts["objectives.pawsx"].spec["languages"] == list(found.languages("pawsx"))


def test_targets_whose_names_are_shortened_alike_are_compared_in_jobs_of_their_own():
    trained = ["pawsx@de+en+es+fr", "pawsx@de+en+es+ja"]
    found = grid(["none", "mnli", "mnli+fgm"], [*trained, *(f"{name}+typos10" for name in trained)])
    assert len(found.contrasts) == len(found.robustness.contrasts) == 6
    assert len({entry.path for entry in found.contrasts.values()}) == 6
    path = found.contrasts[f"objectives.{trained[0]}"].path
    assert path.startswith("experiments/xtreme/statistics.objectives.pawsx@4langs~")


def test_reports_wait_for_these_jobs_and_have_the_arms_in_their_specs():
    found = robust()
    for report in found.reports:
        assert {f"statistics.{name}" for name in found.contrasts} <= report.inputs.keys()
        assert report.spec["contrasts"] == {name: entry.path for name, entry in found.contrasts.items()}
        arms = report.spec["robustness"]
        assert arms["out_of_domain"] == [{"target": "anli_from_mnli", "in_domain": "xnli"}]
        assert arms["groups"]["low"] == ["sw"]
        assert arms["gains"][0] == {
            "objective": "freelb",
            "equal": ["steps"],
            "one": ["mnli+freelb", "xnli"],
            "other": ["mnli", "xnli"],
        }


def test_reports_of_a_plain_grid_have_nothing_of_it_in_their_specs():
    found = grid(["none", "mnli"], ["xnli", "pawsx"])
    for report in found.reports:
        assert not {"robustness", "contrasts"} & report.spec.keys()
        assert sorted(name for name in report.inputs if name.startswith("statistics")) == [
            "statistics.pawsx",
            "statistics.xnli",
        ]


def test_another_clean_target_adds_nothing_to_the_jobs():
    few = grid(["none", "mnli"], ["xnli", "xnli+typos10"]).contrasts["robustness.xnli+typos10"]
    more = grid(["none", "mnli"], ["xnli", "xnli+typos10", "xnli+typos20", "pawsx"]).contrasts[
        "robustness.xnli+typos10"
    ]
    assert few.path == more.path


def test_the_gallery_has_what_the_grid_has():
    def files(found: Grid) -> set[str]:
        return {item.file for item in (*gallery.tables(found), *gallery.figures(found))}

    both = files(robust())
    assert {
        f"tables/toy.{name}.html" for name in ("robustness", "out_of_domain", "objectives", "perturbations")
    } <= both
    assert "figures/toy/robustness.svg" in both
    only = files(grid(["none"], ["xnli", "anli_from_mnli"], targets=BLOCKS))
    plain = files(grid(["none"], ["xnli"]))
    assert only - plain == {"tables/toy.out_of_domain.html", "tables/toy.languages.anli_from_mnli.html"}


def test_no_arm_of_the_experiment_is_stopped_early():
    config = expanded(experiments.read(Path(__file__).parents[2] / "workflow" / "experiments" / "robust.yaml"))
    names = {stage for path in config.grid.intermediates for stage in stages_of(path)}
    rows = tasks.load("mnli").counts["train"]["en"]
    for stage in (recipes.recipe(config, name) for name in names):
        assert mixture.steps(stage, {"mnli": rows}, ()) / stage.evaluate_every < stage.patience
