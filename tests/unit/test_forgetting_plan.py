"""What is measured of forgetting, and on which models."""

from pathlib import Path

import pytest
import yaml
from fabricated import World, of_step
from snakemake.utils import update_config

from xstilts.config import ConfigError
from xstilts.grid import Grid
from xstilts.reporting.gallery import tables
from xstilts.steps.entry import Entry
from xstilts.store import weights
from xstilts.store.entries import pending

pytestmark = pytest.mark.thorough

RAW = {
    "forgetting": {},
    "keep_models": False,
    "grid": {
        "encoders": ["toy"],
        "intermediates": ["none", "squad_v1/mnli", "squad_v1/hellaswag", "panx"],
        "targets": ["tatoeba"],
        "seeds": [1, 2],
    },
}
"""The target has no training, so that no model is trained from those of the sequences."""


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def grid(world: World, **changes: object) -> Grid:
    raw: dict = yaml.safe_load(yaml.safe_dump(RAW))
    update_config(raw, changes)
    return world.real(**raw)


def probes(found: Grid) -> dict[tuple[str, int | None], Entry]:
    """The jobs, by the stages and the seed of their models."""
    return {("/".join(one.about.stages), one.about.seed): one for one in of_step(found, "probe")}


def test_there_is_a_job_for_each_prefix_and_seed_and_one_for_the_encoder_itself(world: World):
    stages = ("squad_v1", "squad_v1/mnli", "squad_v1/hellaswag")
    assert set(probes(grid(world))) == {("", None), *((path, seed) for path in stages for seed in (1, 2))}


def test_each_model_has_the_heads_of_its_stages_and_the_probes_of_all_sequences(world: World):
    found = probes(grid(world))
    spec = found["squad_v1/mnli", 2].spec
    assert set(spec["heads"]) == {"1.squad_v1", "2.mnli"}
    tasks = {"squad_v1", "mnli", "hellaswag"}
    assert {one["task"] for one in spec["probes"].values()} == tasks
    assert all(one.spec["probes"] == spec["probes"] for one in found.values())
    assert found["", None].spec["heads"] == {}
    assert {one["task"]: one["examples"] for one in spec["probes"].values()} == {
        "squad_v1": 2_000,
        "mnli": 10_000,
        "hellaswag": 10_000,
    }


def test_the_inputs_are_the_models_of_its_heads_and_the_data_of_their_trainings(world: World):
    made = grid(world)
    probe = probes(made)["squad_v1/mnli", 1]
    model = probe.inputs["model"]
    assert model.about.stages == ("squad_v1", "mnli")
    assert probe.inputs["head.2"] is model
    assert probe.inputs["head.1"] is model.inputs["parent"]
    assert probe.inputs["features.mnli@en"] is model.inputs["features.mnli"]
    assert probe.inputs["data.squad_v1@en"] is model.inputs["parent"].inputs["data.squad_v1"]


def test_a_language_of_training_is_another_column(world: World):
    more = {"intermediates": ["panx@de/mnli", "mnli/panx"]}
    found = probes(grid(world, grid=more))
    assert {one["data"] for one in found["", None].spec["probes"].values()} == {"panx@de", "panx@en", "mnli@en"}


def test_stages_that_differ_in_their_recipe_alone_share_their_probes(world: World):
    stages = {"slow": {"tasks": ["mnli"], "learning_rate": 0.1}, "short": {"tasks": ["mnli"], "dev_examples": 7}}
    found = probes(grid(world, stages=stages, grid={"intermediates": ["slow/short/mnli"]}))
    assert {one["dev_examples"] for one in found["", None].spec["probes"].values()} == {7, 500}
    assert len(found["", None].spec["probes"]) == 2
    assert set(found["slow/short/mnli", 1].spec["heads"]) == {"1.mnli", "2.mnli", "3.mnli"}


def test_masked_language_modelling_is_not_measured_but_what_comes_after_it(world: World):
    settings = {"grid": {"intermediates": ["mlm/mixed"]}, "tasks": {"mlm": {"source": "miniature"}}}
    settings["stages"] = {"mlm": {"steps": 9}, "mixed": {"tasks": ["mnli", "panx"]}}
    found = probes(grid(world, **settings))
    assert found["mlm", 1].spec["heads"] == {}
    assert set(found["mlm/mixed", 1].spec["heads"]) == {"2.mnli", "2.panx"}
    assert {one["task"] for one in found["mlm", 1].spec["probes"].values()} == {"mnli", "panx"}


def test_only_one_of_the_measures_may_be_wanted(world: World):
    heads = probes(grid(world, forgetting={"measures": ["heads"]}))
    assert ("", None) not in heads
    assert all(one.spec["probes"] == {} for one in heads.values())
    linear = probes(grid(world, forgetting={"measures": ["probes"]}))
    assert all(one.spec["heads"] == {} for one in linear.values())
    assert not any(role.startswith("head") for one in linear.values() for role in one.inputs)


def test_measuring_gives_no_other_result_another_name(world: World):
    measured, plain = grid(world), grid(world, forgetting=None)
    reports = ("collect", "statistics", "tables", "figures", "page")
    kept = {path for path, one in measured.entries.items() if one.step not in (*reports, "probe")}
    assert kept == {path for path, one in plain.entries.items() if one.step not in reports}
    assert {one.path for one in of_step(measured, "statistics")} == {one.path for one in of_step(plain, "statistics")}


def test_another_number_of_examples_runs_the_jobs_with_such_probes_and_the_reports_again(world: World):
    world.finish(grid(world).entries.values())
    steps = {"probe", "collect", "tables", "figures", "page"}
    for name in ("examples", "span_examples"):
        waiting = pending(world.store, grid(world, forgetting={name: 77}))
        assert {one.step for one in waiting.values()} == steps
    others = {"grid": {"intermediates": ["mnli/hellaswag"]}}
    before = {one.path for one in probes(grid(world, **others)).values()}
    assert before == {one.path for one in probes(grid(world, forgetting={"span_examples": 77}, **others)).values()}


@pytest.mark.parametrize("intermediates", [["none"], ["mnli", "squad_v1"]])
def test_without_a_sequence_there_is_nothing_to_measure(world: World, intermediates: list[str]):
    with pytest.raises(
        ConfigError, match=r"grid.intermediates.*no sequence of two or more stages.*or remove 'forgetting'"
    ):
        grid(world, grid={"intermediates": intermediates})


def test_no_measure_is_an_error(world: World):
    with pytest.raises(ConfigError, match=r"forgetting\.measures"):
        grid(world, forgetting={"measures": []})


# Weights


def with_weights(world: World) -> set[str]:
    """The models of the first seed that have weights."""
    files = world.store.glob("models/**/seed-1/*.safetensors")
    return {"/".join(part.partition("~")[0] for part in file.relative_to(world.store).parts[2:-2]) for file in files}


def discard(world: World, found: Grid) -> None:
    """Do what a run does in its end."""
    weights.delete_unneeded_weights(found.config, found, found.entries.values())


def test_weights_stay_while_a_head_or_an_encoder_is_to_be_measured(world: World):
    found = grid(world)
    world.finish(one for one in found.entries.values() if one.step != "probe")
    discard(world, found)
    assert with_weights(world) == {"squad_v1", "squad_v1/mnli", "squad_v1/hellaswag"}


def test_weights_go_once_all_that_needs_them_is_finished(world: World):
    found = grid(world)
    world.finish(one for one in found.entries.values() if one.step != "probe")
    world.finish([probes(found)["squad_v1/mnli", 1]])
    discard(world, found)
    assert with_weights(world) == {"squad_v1", "squad_v1/hellaswag"}
    world.finish(of_step(found, "probe"))
    discard(world, found)
    # It is the parent of others.
    assert with_weights(world) == {"squad_v1"}


def test_a_head_keeps_a_model_that_is_no_parent(world: World):
    """Heads of several stages are inputs of jobs on later models, however they were trained."""
    found = grid(world)
    (later,) = [probe for key, probe in probes(found).items() if key == ("squad_v1/mnli", 1)]
    head = later.inputs["head.1"]
    world.finish(found.entries.values())
    (world.store / later.manifest).unlink()
    for entry in of_step(found, "train_stage"):
        entry.inputs.pop("parent", None)
    assert weights._not_wanted(found.config, found, [head]) == []


def test_measuring_what_has_lost_its_weights_trains_it_again(world: World):
    plain = grid(world, forgetting=None)
    world.finish(plain.entries.values())
    discard(world, plain)
    waiting = pending(world.store, grid(world))
    trained = {"/".join(one.about.stages) for one in waiting.values() if one.step == "train_stage"}
    assert trained == {"squad_v1/mnli", "squad_v1/hellaswag"}


# Names


def test_names_of_many_languages_are_short_in_tables_and_each_table_has_its_own_file(world: World):
    many = "panx@" + "+".join(("ar", "bg", "de", "en")), "panx@" + "+".join(("ar", "bg", "de", "es"))
    found = grid(world, grid={"intermediates": [f"{one}/mnli" for one in many]})
    files = [item.file for item in tables(found) if ".forgetting" in item.file]
    assert files == [
        "tables/toy.forgetting.html",
        *(
            f"tables/toy.forgetting.panx@4langs{number}--mnli.{measure}.html"
            for number in ("", "-2")
            for measure in ("heads", "probes")
        ),
    ]
    assert all(len(path.encode()) < 150 for path in found.entries if "probes" in path)
