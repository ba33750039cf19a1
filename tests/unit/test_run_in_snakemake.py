"""What a run reads from Snakemake's own objects, and what its jobs receive."""

import json
import os
import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from fabricated import SETTINGS, World, of_step, ready_to_run

from xstilts import experiments
from xstilts.arms import expanded
from xstilts.experiments import SHIPPED
from xstilts.run import Run, require_snakemake

pytestmark = pytest.mark.thorough

RULES = Path(__file__).parents[2] / "workflow" / "rules"


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    return ready_to_run(tmp_path, monkeypatch)


def run_of(world: World, **changes) -> Run:
    return Run(world.config(**changes).model_dump(mode="json", exclude_unset=True), [SHIPPED])


class Planning(SimpleNamespace):
    """The part of Snakemake's workflow that says what becomes of a plan; by default it is run here."""

    def __init__(self, **changes):
        here = {"executor_plugin": "local", "dryrun": False, "remote_exec": False, "subprocess_exec": False}
        here |= {"local_exec": True, "nodes": None, "global_resources": {}}
        super().__init__(**here | changes, dag=SimpleNamespace(forcefiles={"of the user"}))

    def register_resource(self, name: str, value: int) -> None:
        self.global_resources[name] = value


# The beginning of a run


def test_a_run_begins_once_when_the_inputs_of_its_first_job_are_asked_for(world: World, monkeypatch):
    run, begun = run_of(world), []
    monkeypatch.setattr(run, "begin", lambda: begun.append(1))
    for _ in range(3):
        run.prepare(Planning())
    assert begun == [1]


@pytest.mark.parametrize(
    "other",
    [
        {"dryrun": True},
        {"executor_plugin": None},
        {"remote_exec": True},
        {"subprocess_exec": True},
    ],
    ids=["a dry run", "a look at the graph", "a job on a node", "a job in a process of its own"],
)
def test_what_is_no_run_begins_none(world: World, monkeypatch: pytest.MonkeyPatch, other: dict):
    run = run_of(world)
    monkeypatch.setattr(run, "begin", lambda: pytest.fail("it has begun"))
    run.prepare(Planning(**other))


@pytest.mark.parametrize("dryrun", [False, True])
def test_damaged_entries_are_forced_and_told_and_set_aside_by_a_run_alone(world: World, capsys, dryrun: bool):
    longer = {"stages": {"mnli": {"epochs": 7}}}
    world.finish(world.real().entries.values())
    (features,) = (one for one in of_step(world.real(), "encode_task") if "/mnli.train~" in one.path)
    (world.store / features.path / "content.txt").write_text("")
    assert run_of(world).damaged() == []
    run, planning = run_of(world, **longer), Planning(dryrun=dryrun)
    run.prepare(planning)
    manifest = run.path(features.manifest)
    assert planning.dag.forcefiles == {"of the user", manifest}
    told = [line for line in capsys.readouterr().err.splitlines() if not line.startswith("note: ")]
    assert [line.partition(" is damaged")[0] for line in told] == [run.path(features.path)]
    assert os.path.lexists(manifest) == dryrun
    assert os.path.lexists(f"{manifest}.damaged") == (not dryrun)


# Jobs on nodes


def arguments(*entries: str) -> list[str]:
    """The command line with which Snakemake is called on a node."""
    jobs = [f"train_stage:entry={entry}" for entry in entries]
    return ["snakemake", "--mode", "remote", "--target-jobs", *jobs, "--force", "--cores", "1"]


def test_jobs_on_a_node_have_been_done_when_all_their_entries_are_finished(world: World):
    run = run_of(world)
    one, other, *_ = of_step(run.grid, "train_stage")
    world.finish([one])
    assert run.has_made(arguments(one.path))
    assert not run.has_made(arguments(other.path))
    assert not run.has_made(arguments(one.path, other.path))
    world.finish([other])
    assert run.has_made(arguments(one.path, other.path))


def test_jobs_of_another_workflow_in_the_same_group_have_not_been_done(world: World):
    run = run_of(world)
    one = of_step(run.grid, "train_stage")[0]
    world.finish([one])
    call = arguments(one.path)
    assert not run.has_made([*call[:5], "summary:", *call[5:]])
    assert not run.has_made([*call[:5], "plot:sample=1", *call[5:]])


def test_a_call_for_no_jobs_has_done_none(world: World):
    assert not run_of(world).has_made(["snakemake", "--cores", "1"])


# Snakemake


@pytest.mark.parametrize("version", ["9.27.0", "9.27.1", "9.30", "9.100.2"])
def test_a_snakemake_with_the_internals_of_9_is_accepted(version: str):
    require_snakemake(version)


@pytest.mark.parametrize("version", ["8.30.0", "9.9.0", "9.26.4", "10.0.0", "10", "10.27.1", "11.2"])
def test_another_snakemake_is_refused_with_what_to_install(version: str):
    with pytest.raises(SystemExit) as refused:
        require_snakemake(version)
    advice = "expected >=9.27,<10. Run: pip install 'snakemake>=9.27,<10'"
    assert str(refused.value) == f"error: found Snakemake {version}, {advice}"


def test_a_module_that_moves_no_file_of_the_workflow_is_accepted(world: World):
    run_of(world).require_no_prefix(lambda path: path.replace("elsewhere/", "below/"))


@pytest.mark.parametrize("prefix", ["results", "logs", str(Path("/"))])
def test_a_module_that_moves_the_store_or_the_logs_is_refused(world: World, prefix: str):
    run = run_of(world)
    with pytest.raises(SystemExit, match=r"^error: `prefix:` .* set `store:` in the configuration of the module\.$"):
        run.require_no_prefix(lambda path: f"below/{path}" if prefix in path else path)


# The configuration of the jobs


def test_every_plan_leaves_the_configuration_under_the_name_of_its_content(world: World):
    first, same, other = run_of(world), run_of(world), run_of(world, strict=True)
    assert first.config_file == same.config_file != other.config_file
    files = sorted((world.store / "configs").iterdir())
    assert sorted([first.config_file, other.config_file]) == list(map(str, files))
    assert all(re.fullmatch(r"mine-[0-9a-f]{12}\.json", file.name) for file in files)
    assert json.loads(Path(other.config_file).read_bytes())["strict"] is True


def test_a_configuration_that_is_there_is_not_written_again_and_a_damaged_one_is(world: World):
    file = Path(run_of(world).config_file)
    whole, inode = file.read_bytes(), file.stat().st_ino
    run_of(world)
    assert file.stat().st_ino == inode
    file.write_bytes(whole[:-9])
    run_of(world)
    assert file.read_bytes() == whole


def test_a_store_that_cannot_be_written_can_be_planned_and_not_run(world: World):
    # Nobody can make a folder there, not even root.
    raw = world.config().model_dump(mode="json", exclude_unset=True) | {"store": "/proc/results"}
    run = Run(raw, [SHIPPED])
    run.prepare(Planning(dryrun=True))
    assert of_step(run.grid, "train_stage")
    untrained = raw | {"grid": SETTINGS["grid"] | {"intermediates": ["none"], "targets": ["tatoeba"]}}
    for refused in (raw, untrained):
        with pytest.raises(SystemExit, match=r"^error: /proc/results.* cannot be used: .*\. Is it a folder"):
            Run(refused, [SHIPPED]).prepare(Planning())


def test_the_last_run_and_no_plan_leaves_its_configuration_to_commands(world: World):
    planned, last = run_of(world), world.store / "experiments" / "mine" / "config.json"
    assert not last.exists()
    planned.begin()
    assert last.read_bytes() == Path(planned.config_file).read_bytes()
    run_of(world, strict=True)
    assert last.read_bytes() == Path(planned.config_file).read_bytes()


def test_reports_that_are_finished_are_shown_when_a_run_begins_and_others_are_not(world: World):
    world.finish(world.real().entries.values())
    shown = world.store / "experiments" / "mine" / "content.txt"
    run_of(world, stages={"mnli": {"epochs": 7}}).begin()
    assert not os.path.lexists(shown)
    run_of(world).begin()
    assert shown.exists()


# Layers


def test_what_snakemake_has_read_over_the_shipped_configuration_is_left_as_it_is(world: World):
    given, files = {"experiment": "mine"}, ["mine.yaml", str(SHIPPED)]
    assert experiments.layered(given, files, {"strict": True}) == (given, files, {"strict": True})


def test_the_whole_configuration_of_another_workflow_is_laid_over_the_shipped_one_with_its_files(world: World):
    file = world.file()
    given = SETTINGS | {"store": str(world.store)}
    raw, files, command_line = experiments.layered(given | {"strict": True}, [file], {"strict": True})
    assert expanded(Run(raw, files, command_line).config) == world.config(strict=True)
    assert files == [file, SHIPPED]
    assert command_line == {"strict": True}


def test_of_a_part_of_the_configuration_of_another_workflow_no_file_is_named(world: World):
    file = world.file()
    file.write_text(f"xstilts: {json.dumps(SETTINGS)}", encoding="utf-8")
    raw, files, _ = experiments.layered(SETTINGS | {"grid": {"encoders": ["nobody"]}}, [file], {})
    assert files == []
    with pytest.raises(SystemExit) as refused:
        Run(raw, files)
    assert str(refused.value).startswith("error: config key 'grid.encoders'")
    assert "command line" not in str(refused.value)
    assert str(file) not in str(refused.value)


def test_an_encoder_of_another_workflow_has_the_place_that_it_names(world: World):
    given = {"grid": {"encoders": ["xlm-roberta-large"]}, "encoders": {"xlm-roberta-large": {"path": "toy"}}}
    raw, files, command_line = experiments.layered(given, [], {})
    encoder = Run(raw, files, command_line).config.encoders["xlm-roberta-large"]
    assert (encoder.path, encoder.repository) == (Path("toy"), None)


def test_layers_leave_the_configuration_of_another_workflow_alone(world: World):
    given = {"training": {"epochs": 1}}
    raw, *_ = experiments.layered(given, [], {})
    assert given == {"training": {"epochs": 1}}
    assert raw["training"].keys() > {"epochs"}


# The rules


def test_rules_ask_for_all_inputs_of_their_entries_by_role(world: World):
    changes = {
        "encoders": {"toy": {"pretraining": {"max_length": 512}}},
        "source": "miniature",
        "grid": SETTINGS["grid"]
        | {
            "intermediates": ["none", "mnli", "squad_v1/mnli", "both"],
            "targets": [*SETTINGS["grid"]["targets"], "xnli+typos10"],
        },
        "stages": {"both": {"tasks": ["mnli", "hellaswag"]}},
        "forgetting": {},
    }
    run, asked, missing = run_of(world, **changes), {}, []
    for file in RULES.glob("*.smk"):
        for name, body in re.findall(r"^use rule job as (\w+) with:\n(.*?)(?=^\S|\Z)", file.read_text(), re.M | re.S):
            asked[name] = re.findall(r'(\w+)=of\("(\w+)"\)', body)
    assert asked.keys() == {entry.step for entry in run.grid.entries.values()}
    assert all(name == role for pairs in asked.values() for name, role in pairs)
    used = {step: set() for step in asked}
    assert {entry.path for entry in run.jobs.all} & run.jobs.bundles.keys()
    for path, entry in (run.grid.entries | run.jobs.of_bundles).items():
        wildcards = SimpleNamespace(entry=path)
        found = {role: run.inputs(wildcards, role) for role, _ in asked[entry.step]}
        used[entry.step] |= {role for role, files in found.items() if files}
        declared = {file for files in found.values() for file in files}
        needed = map(run.jobs.making, entry.inputs.values())
        missing += [one for one in needed if run.path(one.manifest) not in declared]
    assert missing == []
    assert {step: set(dict(pairs)) for step, pairs in asked.items()} == used


def test_a_model_that_is_still_to_be_trained_is_an_input_with_its_weights(world: World):
    run = run_of(world)
    child = next(entry for entry in of_step(run.grid, "train_stage") if "parent" in entry.inputs)
    parent, wildcards = child.inputs["parent"], SimpleNamespace(entry=child.path)
    weights = run.path(f"{parent.path}/model.safetensors")
    assert run.inputs(wildcards, "parent") == [run.path(parent.manifest), weights]
    world.finish([parent])
    assert run_of(world).inputs(wildcards, "parent") == [run.path(parent.manifest)]
    assert run.inputs(wildcards, "encoder") == []


# GPUs


@pytest.fixture
def gpus(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """A machine with GPUs of 80 and 24 GB and many cores, and an encoder of XLM-R Large's shape."""
    sizes = {"vocab_size": 250_002, "max_position_embeddings": 514, "type_vocab_size": 1}
    sizes |= {"num_hidden_layers": 24, "hidden_size": 1024, "intermediate_size": 4096}
    (world.folder / "toy" / "config.json").write_text(json.dumps({"model_type": "xlm-roberta", **sizes}))
    tools = world.folder / "tools"
    tools.mkdir()
    smi = "0, GPU-a, 81559, NVIDIA A100 80GB PCIe\\n1, GPU-b, 24564, NVIDIA GeForce RTX 4090\\n"
    (tools / "nvidia-smi").write_text(f"#!/bin/sh\necho asked >> asked\nprintf '{smi}'\n")
    (tools / "nvidia-smi").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: range(64))
    return world


def jobs_of(run: Run) -> tuple[SimpleNamespace, SimpleNamespace]:
    """A training and a prediction."""
    return tuple(SimpleNamespace(entry=of_step(run.grid, step)[0].path) for step in ("train_stage", "predict"))


def test_jobs_may_use_the_gpus_in_as_many_parts_as_their_memory_has(gpus: World):
    run = run_of(gpus)
    training, prediction = jobs_of(run)
    assert run.options_together(training) == ["--gpus=1", "--places=0:4,1:1"]
    assert run.options(prediction) == ["--places=0:4,1:1"]
    assert (run.gpus_together(training), run.gpus, run.processes(training)) == (1, 1, 1)
    assert (gpus.folder / "asked").read_text() == "asked\n"


def test_a_training_on_two_gpus_counts_all_places_of_both(gpus: World):
    run = run_of(gpus, training={"gpus": 2})
    training, _ = jobs_of(run)
    assert (run.gpus_together(training), run.options_together(training)[0]) == (5, "--gpus=2")


def test_a_job_that_a_scheduler_has_started_shares_its_gpu_only_if_the_setting_says_so(gpus: World):
    raw = gpus.config().model_dump(mode="json", exclude_unset=True)
    for jobs, expected in (("auto", "--places=0:1,1:1"), (2, "--places=0:2,1:2")):
        run = Run(raw | {"jobs_per_gpu": jobs}, [SHIPPED], on_node=True)
        assert run.options(jobs_of(run)[1]) == [expected]


def test_without_gpus_jobs_have_no_options_for_them_and_count_as_none(gpus: World, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    run, planning = run_of(gpus, jobs_per_gpu=99, training={"gpus": 2}), Planning()
    training, prediction = jobs_of(run)
    assert (run.options_together(training), run.options(prediction)) == (["--gpus=2"], [])
    assert run.gpus_together(training) == run.gpus == 0
    monkeypatch.setattr(run, "begin", lambda: None)
    run.prepare(planning)
    assert planning.global_resources == {}
    assert not (gpus.folder / "asked").exists()


def test_the_main_memory_of_a_training_follows_from_its_encoder_its_processes_and_the_attempt(gpus: World):
    run = run_of(gpus, training={"gpus": 2})
    training, _ = jobs_of(run)
    # Per process 12 bytes for each of 560 million parameters, and 4 GB.
    assert run.mem_mb(training, 1) == pytest.approx(2 * 10_719, rel=0.01)
    assert run.mem_mb(training, 3) == 3 * run.mem_mb(training, 1)


def test_an_encoder_without_sizes_is_not_shared_and_left_to_its_jobs(gpus: World):
    (gpus.folder / "toy" / "config.json").write_text('{"model_type": "xlm-roberta"}')
    run = run_of(gpus)
    training, _ = jobs_of(run)
    assert run.options_together(training) == ["--gpus=1", "--places=0:1,1:1"]
    assert run.mem_mb(training, 1) == 32_000


def test_a_run_keeps_trainings_within_the_main_memory_unless_the_user_has_set_another_limit(
    gpus: World, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("xstilts.runtime.sharing.main_memory_mb", lambda: 64_000)
    for given, expected in (({}, 64_000), ({"mem_mb": 5}, 5)):
        run, planning = run_of(gpus), Planning(global_resources=given)
        monkeypatch.setattr(run, "begin", lambda: None)
        run.prepare(planning)
        assert planning.global_resources == {"mem_mb": expected}


@pytest.mark.parametrize("dryrun", [False, True])
def test_more_jobs_than_the_memory_of_a_gpu_holds_are_refused_when_a_run_is_planned(gpus: World, dryrun: bool):
    message = (
        r"^error: config key 'jobs_per_gpu': GPU 1 with 25\.8 GB holds at most 2 of the trainings of encoder 'toy'"
    )
    with pytest.raises(SystemExit, match=message):
        run_of(gpus, jobs_per_gpu=3).prepare(Planning(dryrun=dryrun))


TWO = "this machine has 2 (0, 1)"


@pytest.mark.parametrize("dryrun", [False, True])
@pytest.mark.parametrize(
    ("changes", "key", "stage"),
    [
        ({"stages": {"pawsx": {"gpus": 4}}}, "stages.pawsx.gpus", "pawsx"),
        ({"training": {"gpus": 4}, "stages": {"mnli": {"gpus": 2}, "squad_v1": {"gpus": 1}}}, "training.gpus", "pawsx"),
    ],
)
def test_a_stage_on_more_gpus_than_there_are_is_refused_when_a_run_is_planned(
    gpus: World, dryrun: bool, changes: dict, key: str, stage: str
):
    with pytest.raises(SystemExit) as refused:
        run_of(gpus, **changes).prepare(Planning(dryrun=dryrun))
    problem = f"stage {stage!r} requires 4 GPUs, but {TWO}"
    assert str(refused.value) == f"error: config key {key!r}: {problem}; found 4; allowed: a number up to 2."


def test_gpus_without_enough_memory_are_not_counted_among_those_of_a_stage(gpus: World):
    # XLM-R XL needs 58 GB.
    sizes = json.loads((gpus.folder / "toy" / "config.json").read_text())
    sizes |= {"num_hidden_layers": 36, "hidden_size": 2560, "intermediate_size": 10_240}
    (gpus.folder / "toy" / "config.json").write_text(json.dumps(sizes))
    message = f"stage 'mnli' requires 2 GPUs, but {TWO}, of which 1 can hold the training of encoder 'toy'"
    with pytest.raises(SystemExit, match=re.escape(message)):
        run_of(gpus, stages={"mnli": {"gpus": 2}}).prepare(Planning(dryrun=True))


def test_finished_trainings_need_no_gpus(gpus: World):
    changes = {"stages": {"pawsx": {"gpus": 4}}}
    gpus.finish(entry for entry in of_step(gpus.real(**changes), "train_stage") if entry.about.stages[-1] == "pawsx")
    run_of(gpus, **changes).prepare(Planning(dryrun=True))


def test_plan_notes_that_a_run_on_this_machine_is_refused(gpus: World):
    changes = {"stages": {"mnli": {"gpus": 4}}}
    printed = gpus.run("plan", gpus.file(**changes)).stdout
    line = "note: a run on the GPUs of this machine is refused: config key 'stages.mnli.gpus': stage 'mnli' requires 4"
    assert line in printed
    assert "refused" not in gpus.run("plan", gpus.file(**changes), "--card", "h100").stdout
    assert "refused" not in gpus.run("plan", gpus.file()).stdout


@pytest.mark.parametrize("changes", [{"jobs_per_gpu": 3}, {"training": {"gpus": 4}}], ids=str)
@pytest.mark.parametrize(
    "other", [{"local_exec": False}, {"dryrun": True, "nodes": 100}, {"remote_exec": True}], ids=str
)
def test_the_gpus_of_a_login_node_do_not_matter_to_jobs_of_a_cluster(
    gpus: World, monkeypatch, other: dict, changes: dict
):
    run, planning = run_of(gpus, **changes), Planning(**other)
    monkeypatch.setattr(run, "begin", lambda: None)
    run.prepare(planning)
    assert planning.global_resources == {}
