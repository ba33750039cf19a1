"""A number of steps that is relative to that of another stage: a plain number, or else one that follows from rows."""

import pytest
from fabricated import ROWS, World
from grids import Words

from xstilts import recipes
from xstilts.checks import check
from xstilts.config import Config, ConfigError, Stage, parse
from xstilts.grid import Grid
from xstilts.inspection import workload
from xstilts.steps.entry import Entry
from xstilts.training import mixture


def config(*intermediates: str, training: dict | None = None, **stages: dict) -> Config:
    return parse(
        {
            "grid": {"encoders": ["toy"], "intermediates": [*intermediates], "targets": ["tatoeba"]},
            "encoders": {"toy": {"path": "toy"}},
            "training": training or {},
            "stages": stages,
        }
    )


def refused(*intermediates: str, **stages: dict) -> str:
    with pytest.raises(ConfigError) as error:
        check(config(*intermediates, **stages))
    return str(error.value)


def like(name: str, times: float | None = None, **more: object) -> dict:
    return {"steps": {"like": name} | ({} if times is None else {"times": times}), **more}


def models(*intermediates: str, **stages: dict) -> list[Entry]:
    entries = Grid(config(*intermediates, **stages), Words()).entries.values()
    return [entry for entry in entries if entry.step == "train_stage"]


def steps(name: str, sizes: dict[str, int], masked: tuple[str, ...] = (), **stages: dict) -> int:
    """The steps of a stage, whose recipe passes through a spec as on the way to its job."""
    recipe = recipes.recipe(config(**stages), name)
    return mixture.steps(Stage.of_spec(recipe.in_specs()), sizes, masked)


@pytest.mark.parametrize("times, number", [(None, 700), (1, 700), (3, 2100), (0.5, 350), (1.1, 770), (0.0013, 1)])
def test_a_multiple_of_a_number_is_a_number_rounded_up(times: float | None, number: int):
    (relative,) = models("longer", longer=like("mnli", times, tasks=["mnli"]), mnli={"steps": 700})
    (plain,) = models("longer", longer={"tasks": ["mnli"], "steps": number})
    assert relative.spec["stage"]["steps"] == number
    assert relative.path == plain.path


def test_stages_with_a_number_may_train_on_other_tasks_and_count_each_other_in_a_line():
    stages = {"squad_v1": like("longer", 2), "longer": like("mnli", 3), "mnli": {"steps": 10}}
    assert recipes.recipe(config(**stages), "squad_v1").steps == 60


def test_the_steps_of_epochs_are_those_of_the_rows_of_the_stage_itself():
    mnli = {"epochs": 2, "batch_size": 32}
    # 1,000 rows, 62.5 batches
    assert steps("mnli", {"mnli": 1000}, mnli=mnli) == 63
    assert steps("mnli_3x", {"mnli": 1000}, mnli=mnli, mnli_3x=like("mnli", 3, like="mnli")) == 189
    # In batches of its own.
    assert steps("small", {"mnli": 1000}, mnli=mnli, small=like("mnli", tasks=["mnli"], batch_size=8)) == 63
    assert steps("small", {"mnli": 1000}, mnli=mnli, small=like("mnli", 1.5, tasks=["mnli"], batch_size=8)) == 95


def test_the_cap_of_the_other_stage_counts():
    sizes, both = {"mnli": 1000, "qqp": 100}, ["mnli", "qqp"]
    capped = {"tasks": both, "sampling": {"strategy": "capped", "cap": 200}, "epochs": 1}
    stages = {"capped": capped, "plain": {"tasks": both, "epochs": 1}}
    assert [steps(name, sizes, **stages) for name in stages] == [10, 35]
    assert steps("a", sizes, a=like("capped", 2, tasks=both), **stages) == 20
    assert steps("a", sizes, a=like("plain", 2, like="capped"), **stages) == 70


def test_the_share_of_plain_text_in_the_other_stage_counts():
    sizes, both = {"mnli": 800, "mlm": 10_000}, {"tasks": ["mnli", "mlm"], "epochs": 1}
    often, rarely = (both | {"sampling": {"strategy": "weights", "weights": {"mnli": 1, "mlm": n}}} for n in (3, 1))
    # 25 steps on MNLI, which are one in four or every other one.
    assert steps("rarely", sizes, ("mlm",), rarely=rarely) == 50
    assert steps("rarely", sizes, ("mlm",), rarely=rarely | like("often"), often=often) == 100


def test_a_stage_with_as_many_steps_as_an_equal_one_is_that_one():
    stages = {"mnli": {"epochs": 2}, "same": like("mnli", 1, tasks=["mnli"], epochs=9)}
    (relative,) = models("same", **stages)
    (plain,) = models("same", same={"tasks": ["mnli"], "epochs": 2})
    assert relative.path == plain.path
    both = {"tasks": ["mnli", "qqp"]}
    ordered = both | {"sampling": {"schedule": "blocks"}}
    (relative,) = models(
        "ordered", ordered=ordered | like("shuffled"), shuffled=both | {"sampling": {"schedule": "shuffled"}}
    )
    (plain,) = models("ordered", ordered=ordered)
    assert relative.path == plain.path


def test_the_spec_has_what_the_number_of_steps_depends_on():
    other = {"mnli": {"epochs": 2, "batch_size": 16}, "long": like("mnli", 3, tasks=["mnli"])}
    (model,) = models("long", **other)
    stage = model.spec["stage"]
    assert (stage["epochs"], stage["batch_size"], stage["steps"]) == (2.0, 32, {"times": 3.0, "batch_size": 16})
    # The name of the stage that is counted, and what does not count of it, are in no spec.
    renamed = {"another": {"tasks": ["mnli"], "epochs": 2, "batch_size": 16, "learning_rate": 0.5}}
    (same,) = models("long", long=like("another", 3, tasks=["mnli"]), **renamed)
    assert same.path == model.path


def test_languages_of_a_name_are_those_of_both_stages():
    stages = {"mnli_3x": like("mnli", 3, tasks=["mnli"])}
    recipe = recipes.recipe(config(**stages), "mnli_3x@de+fr")
    assert (recipe.languages, recipe.steps.times) == (("de", "fr"), 3)
    apart = {**stages, "mnli": {"languages": ["de"]}}
    message = refused("mnli_3x", **apart)
    assert "'stages.mnli_3x.steps.like': the steps of stage 'mnli_3x' cannot be counted like those of 'mnli'" in message
    assert "other languages (mnli@de, not mnli@en); use the same, or give 'steps' as a number; found 'mnli'" in message


@pytest.mark.parametrize(
    "stages, message",
    [
        ({"a": like("squad_v1", tasks=["mnli"])}, r"other tasks \(squad_v1, not mnli\); use the same, or give 'steps'"),
        ({"a": like("mnli", tasks=["mnli"], rows=100)}, r"other rows \(all, not 100\)"),
        ({"a": like("mnli", tasks=["mnli"], languages_share="split")}, r"other languages_share \(full, not split\)"),
        ({"a": like("b", tasks=["mnli"]), "b": like("mnli", 2, tasks=["mnli"])}, "a third stage; name that one, or"),
        (
            {"a": like("b", 1e6, tasks=["mnli"]), "b": {"tasks": ["mnli"], "steps": 10_000}},
            "more than 2,147,483,647; reduce 'times'",
        ),
        (
            {"a": like("mnlii", tasks=["mnli"])},
            r"unknown stage or trainable task; found 'mnlii'.*Did you mean 'mnli'\?",
        ),
        (
            {"b": like("a", tasks=["mnli"]), "a": like("b", tasks=["mnli"])},
            "b → a → b: each has the steps of the next; give one of them",
        ),
    ],
)
def test_steps_that_cannot_be_derived_are_refused_with_a_remedy(stages: dict, message: str):
    with pytest.raises(ConfigError, match=rf"'stages.a.steps.like': .*{message}"):
        check(config(*stages, **stages))


def test_the_key_of_an_error_is_that_of_the_block_that_sets_it():
    with pytest.raises(ConfigError, match=r"'training.steps.like': mnli → mnli: each has the steps of the next"):
        check(config("mnli", training={"steps": {"like": "mnli"}}))


@pytest.mark.parametrize(
    "steps, message",
    [
        ({"times": 2}, "the key 'like' is missing"),
        ({"like": "mnli", "times": 0}, r"'stages.a.steps.times': expected a number greater than 0"),
        ({"like": "mnli", "time": 3}, r"'stages.a.steps.time': unknown key.*found 'time'; allowed: like, times"),
        ("3x", r"'stages.a.steps': expected a whole number"),
    ],
)
def test_a_malformed_number_of_steps_is_refused(steps: object, message: str):
    with pytest.raises(ConfigError, match=message):
        config("a", a={"tasks": ["mnli"], "steps": steps})


def test_a_stage_on_plain_text_needs_a_number_in_the_end():
    plain = {"tasks": ["mlm"], "languages": ["de"]}
    assert "only trains on plain text" in refused("a", a=like("b", 2, **plain), b=plain)
    check(config("a", a=like("b", 2, **plain), b=plain | {"steps": 100}))


def test_a_plan_counts_the_steps(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    world = World(tmp_path)
    made = world.grid(
        stages={
            "mnli": {"epochs": 2, "batch_size": 8},
            "squad_v1": like("other", 3, tasks=["squad_v1"]),
            "other": {"tasks": ["squad_v1"], "epochs": 2, "batch_size": 8},
        }
    )
    world.finish(made.entries.values())
    found = {
        one.about.stages[-1]: workload.of_training(world.store, one)
        for one in made.entries.values()
        if one.step == "train_stage"
    }
    assert found["squad_v1"].steps == 3 * -(-ROWS * 2 // 8)
