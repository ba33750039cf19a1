"""The command `plan`: the jobs of a run, its steps, its time and its disk space."""

import os
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest
import yaml
from fabricated import REPORTS, ROWS, SETTINGS, WEIGHTS, World, of_step

from xstilts import experiments, tasks
from xstilts.fingerprints.sameness import SHIPPED, Sameness
from xstilts.grid import Grid
from xstilts.inspection.forecast import Plan, Trainings
from xstilts.inspection.speed import measurements
from xstilts.inspection.times import Time, devices
from xstilts.inspection.workload import Work
from xstilts.runtime import devices as devices_of_jobs
from xstilts.runtime import timing
from xstilts.sources import encoder_config
from xstilts.sources.identity import FileIdentity
from xstilts.store.drafts import Draft

FAST = {"measured": {"seconds": 10.0, "examples": 1000, "device": "A"}}
ENCODERS = {"FacebookAI/xlm-roberta-base": {"repository": "FacebookAI/xlm-roberta-base", "revision": "a" * 40}}
SLOW = {"measured": {"seconds": 100.0, "examples": 1000, "device": "A"}}


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    return World(tmp_path)


def plan(grid: Grid) -> Plan:
    return Plan(grid.config, grid)


def times(grid: Grid, card: str | None = None, jobs: int | None = None) -> list[Time]:
    """The estimates for the devices that the command shows."""
    found = plan(grid)
    every = [device.time(grid.config, found.work) for device in devices(measurements(found.results), card, jobs)]
    return [time for time in every if time.known]


def training(world: World, stage: str, **changes) -> Trainings:
    """The trainings of one stage."""
    return next(one for one in plan(world.grid(**changes)).trainings if one.stage == stage)


def for_targets(*targets: str) -> dict:
    """A grid without intermediates."""
    return {**SETTINGS["grid"], "intermediates": ["none"], "targets": list(targets)}


# Jobs


def test_the_jobs_are_the_pending_entries_by_rule_in_the_order_in_which_they_run(world: World):
    grid = world.grid()
    assert plan(grid).jobs == Counter(entry.step for entry in grid.entries.values())
    *jobs, collect, statistics = list(plan(grid).jobs)[:7]
    assert jobs == ["read_task", "encode_task", "train_stage", "predict", "score"]
    assert {collect, statistics} == {"collect", "statistics"}
    world.finish(of_step(grid, "read_task", "encode_task", "train_stage"))
    assert "train_stage" not in plan(grid).jobs


def test_tasks_without_files_are_named_with_the_jobs_that_they_hold_up(world: World):
    found = plan(world.grid(grid=for_targets("pawsx"))).missing()
    # Training: read, encode, train; evaluation: read, encode. Behind both: predict, score, reports.
    behind = 2 + len(REPORTS)
    expected = [("pawsx", ["test.de", "test.en"], 2 + behind), ("pawsx", ["train.en", "dev.en"], 3 + behind)]
    assert sorted(found) == expected


# Steps


def test_steps_are_those_of_the_token_ids_where_there_are_any(world: World):
    world.finish(of_step(world.grid(), "read_task", "encode_task"))
    steps = ROWS * 2 // 32
    assert training(world, "mnli").work == Work(ROWS, steps, steps * 32, "encoded", False, 45, evaluated=500)


def test_steps_are_those_of_the_data_that_were_read_before_there_are_token_ids(world: World):
    world.finish(of_step(world.grid(), "read_task"))
    work = training(world, "pawsx").work
    assert (work.rows, work.steps, work.source) == (ROWS, ROWS * 5 // 32, "read")


def test_steps_are_those_of_the_published_data_before_anything_is_read(world: World):
    work = training(world, "mnli").work
    assert (work.rows, work.steps, work.source) == (392_702, 24_544, "published")


def test_a_limit_cuts_published_data(world: World):
    assert training(world, "mnli", limit={"train": 64}).work.steps == 64 * 2 // 32
    assert training(world, "mnli", limit={"train": 500_000}).work.rows == 392_702


def test_a_training_in_several_languages_has_the_rows_of_all(world: World):
    changes = {"grid": for_targets("udpos"), "stages": {"udpos": {"languages": ["en", "de"], "epochs": 1}}}
    world.finish(of_step(world.grid(**changes), "read_task", "encode_task"))
    work = training(world, "udpos", **changes).work
    assert (work.rows, work.steps) == (2 * ROWS, 2 * ROWS // 32)


def test_nothing_is_known_of_data_that_are_made_up_or_have_no_published_count(world: World, monkeypatch):
    load = tasks.load
    assert training(world, "mnli", source="miniature").work is None
    monkeypatch.setattr(tasks, "load", lambda name: replace(load(name), counts={}, estimates={}))
    assert training(world, "mnli").work is None


def test_a_release_without_a_count_has_the_rows_that_its_task_estimates(world: World):
    work = training(world, "ccg", grid={**SETTINGS["grid"], "intermediates": ["none", "ccg"]}).work
    assert (work.rows, work.estimated) == (38_015, True)


def test_contexts_are_split_into_about_as_many_windows_until_they_are_encoded(world: World):
    grid = {"grid": for_targets("tydiqa"), "languages": ["en"]}
    work = training(world, "tydiqa", **grid).work
    assert (work.rows, work.estimated) == (round(3_696 * 1.04), True)
    world.finish(of_step(world.grid(**grid), "read_task"))
    work = training(world, "tydiqa", **grid).work
    assert (work.rows, work.estimated) == (round(ROWS * 1.04), True)
    world.finish(of_step(world.grid(**grid), "encode_task"))
    work = training(world, "tydiqa", **grid).work
    assert (work.rows, work.estimated) == (ROWS, False)


def test_the_windows_of_squad_are_those_that_were_counted(world: World):
    grid = {**SETTINGS["grid"], "intermediates": ["none", "squad_v1"]}
    stages = {"squad_v1": {"epochs": 2, "batch_size": 16}}
    work = training(world, "squad_v1", grid=grid, stages=stages, tasks={"squad_v1": {"max_length": 384}}).work
    # Encoded once with XLM-R's tokenizer: 97,813 windows, 12,227 steps.
    assert work.rows == pytest.approx(97_813, rel=0.001)
    assert work.steps == pytest.approx(12_227, rel=0.001)


def test_a_row_has_the_length_that_its_task_estimates_and_is_cut(world: World):
    mixed = {"both": {"tasks": ["mnli", "hellaswag"]}}
    changes = {"grid": {**SETTINGS["grid"], "intermediates": ["both", "hellaswag"]}, "stages": mixed}
    assert training(world, "hellaswag", **changes).work.subwords == 387
    assert training(world, "hellaswag", **changes, tasks={"hellaswag": {"max_length": 64}}).work.subwords == 4 * 64
    rows = 392_702, 39_905
    assert training(world, "both", **changes).work.subwords == pytest.approx((rows[0] * 45 + rows[1] * 387) / sum(rows))


def test_a_search_for_translations_compares_the_halves_of_each_split_and_language(world: World):
    grid = world.grid(grid=for_targets("bucc2018"), languages=["de", "zh"])
    ((_, work),) = [(entry, work) for entry, work in plan(grid).work if entry.step == "predict"]
    assert work.rows == 70_000 + 22_213 + 2 * 664_410
    assert work.pairs == 35_000**2 + (22_213 / 2) ** 2 + 2 * 332_205**2


def test_a_mixture_has_the_rows_of_its_tasks_and_is_as_sure_as_the_least_sure(world: World):
    grid = {**SETTINGS["grid"], "intermediates": ["both"]}
    changes = {"grid": grid, "stages": {"both": {"tasks": ["mnli", "pawsx"], "epochs": 1}}}
    world.finish(entry for entry in of_step(world.grid(**changes), "read_task") if "/mnli.train" in entry.path)
    work = training(world, "both", **changes).work
    assert (work.rows, work.source) == (ROWS + 49_401, "published")


def test_trainings_of_one_stage_are_one_line(world: World):
    assert {one.stage: one.count for one in plan(world.grid()).trainings} == {"mnli": 4, "pawsx": 3, "squad_v1": 1}


# Time


def test_there_are_no_hours_without_a_measurement(world: World):
    grid = world.grid()
    world.finish(of_step(grid, "read_task", "encode_task"))
    assert times(grid) == []


def test_the_time_is_that_of_finished_trainings_of_the_stage_else_of_the_encoder(world: World):
    grid = world.grid(grid={**SETTINGS["grid"], "intermediates": ["none"], "targets": ["xnli", "pawsx"]})
    world.finish(of_step(grid, "read_task", "encode_task"))
    old = world.grid(grid=for_targets("xnli"), stages={"mnli": {"epochs": 9}})
    world.finish(of_step(old, "train_stage"), **FAST)
    (time,) = times(grid)
    # Steps of mnli and pawsx, in batches of 32, at 100 rows a second; nothing is known of predictions.
    assert time.seconds == pytest.approx(32 * (ROWS * 2 // 32 + ROWS * 5 // 32) / 100)
    assert (time.device, time.unknown, len(time.measured)) == ("A", 2, 1)
    other = world.grid(grid=for_targets("pawsx"), stages={"pawsx": {"epochs": 9}})
    world.finish(of_step(other, "train_stage"), **SLOW)
    (time,) = times(grid)
    assert time.seconds == pytest.approx(32 * (ROWS * 2 // 32 / 100 + ROWS * 5 // 32 / 10))


def test_a_prediction_takes_as_long_as_others_took(world: World):
    grid = world.grid(grid=for_targets("xnli"))
    world.finish(of_step(grid, "read_task", "encode_task", "train_stage"))
    old = world.grid("job.predict", grid=for_targets("xnli"))
    world.finish(of_step(old, "predict"), **FAST)
    (time,) = times(grid)
    assert (time.seconds, time.unknown) == (pytest.approx(2 * ROWS / 100), 0)


def test_a_measurement_on_another_encoder_says_nothing(world: World):
    other = {**SETTINGS["grid"], "encoders": ["other"]}
    encoders = {"other": {"path": "other"}, "toy": {"path": "toy"}}
    world.finish(of_step(world.grid(grid=other, encoders=encoders), "train_stage"), **FAST)
    world.finish(of_step(world.grid(), "read_task", "encode_task"))
    assert times(world.grid()) == []


def test_every_device_has_its_own_estimate(world: World):
    for device, epochs in (("A", 8), ("B", 9)):
        old = world.grid(grid=for_targets("xnli"), stages={"mnli": {"epochs": epochs}})
        world.finish(of_step(old, "train_stage"), measured={**FAST["measured"], "device": device})
    assert [time.device for time in times(world.grid())] == ["A", "B"]


def test_an_attempt_that_had_nothing_left_to_do_measures_nothing(world: World):
    old = world.grid(stages={"mnli": {"epochs": 9}})
    world.finish(of_step(old, "train_stage"), measured={**FAST["measured"], "examples": 0})
    assert times(world.grid()) == []


def test_a_job_notes_its_time_its_examples_and_its_device(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    clock = iter([5.0, 7.5])
    monkeypatch.setattr(timing, "monotonic", lambda: next(clock))
    monkeypatch.setattr(timing, "device_name", lambda: "A")
    draft = Draft(tmp_path)
    with timing.measured(draft) as speed:
        speed.examples = 64
    assert draft.notes == {"measured": {"seconds": 2.5, "examples": 64, "device": "A"}}
    assert list(tmp_path.iterdir()) == []


def test_a_job_on_a_shared_gpu_notes_how_many_jobs_were_there_on_average(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    counts, counted = iter([1, 2, 4, 4]), Event()

    def jobs() -> int:
        found = next(counts, None)
        if found is None:
            counted.set()
        return found or 4

    monkeypatch.setattr(timing, "device_name", lambda: "A")
    monkeypatch.setattr(timing, "_SECONDS", 0.01)
    monkeypatch.setattr(devices_of_jobs, "places", lambda: 4)
    monkeypatch.setattr(devices_of_jobs, "jobs", jobs)
    draft = Draft(tmp_path)
    with timing.measured(draft):
        assert counted.wait(30)
    assert draft.notes["measured"]["places"] == 4
    # The mean of the first five counts is 3; all others are 4.
    assert 3 <= draft.notes["jobs_on_gpu"] < 4


def test_a_job_on_a_gpu_of_its_own_counts_no_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(timing, "device_name", lambda: "A")
    monkeypatch.setattr(devices_of_jobs, "jobs", lambda: pytest.fail("it counts"))
    draft = Draft(tmp_path)
    with timing.measured(draft):
        pass
    assert draft.notes.keys() == {"measured"}


CONFIGURED = {"training": {"precision": "bf16"}, "source": "hub"}


def shipped(world: World, **changes) -> Grid:
    """The grid of the shipped configuration, of which nothing was run or downloaded."""
    file = world.folder / "shipped.yaml"
    file.write_text(yaml.safe_dump({**CONFIGURED, **changes, "store": str(world.store)}))
    return Grid(experiments.read(file), FileIdentity(world.folder / "no memory", Sameness([SHIPPED])))


@pytest.fixture
def without_downloads(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr(encoder_config, "HF_HUB_CACHE", str(world.folder / "empty"))
    return world


def test_the_grid_of_the_paper_has_gpu_hours_before_anything_was_read(without_downloads: World):
    grid = shipped(without_downloads)
    h200, h100, *others = times(grid)
    assert [one.device for one in (h200, h100, *others)] == ["h200", "h100", "a100", "l40s", "rtx4090"]
    # 222 trainings, and a job that predicts for each of the models and for the encoder itself.
    assert {(one.known, one.published, one.unknown) for one in (h200, h100, *others)} == {(445, 445, 0)}
    # 3.1 million steps of 62 ms, as one H200 was expected to take, are 53 hours; jobs that share it at most 25.
    assert 53 < h200.seconds / 3600 < 53 * h200.off
    assert h200.shared / 3600 < 25
    # As many as share these GPUs in a run (docs/workstation.md).
    assert [one.jobs for one in (h200, h100, others[-1])] == [7, 4, 1]
    assert h200.seconds <= h100.seconds < min(one.seconds for one in others if one.device != "l40s")
    assert (h200.off, h100.off, h200.off_shared) == (1.5, 2.0, 1.5 * 1.5)


def test_the_paper_takes_about_three_million_steps(without_downloads: World):
    trainings = plan(shipped(without_downloads)).trainings
    assert sum(one.count for one in trainings) == 222
    assert sum(one.count * one.work.steps for one in trainings) == pytest.approx(3.1e6, rel=0.03)


def test_float32_takes_longer(without_downloads: World):
    (bf16,), (fp32,) = (
        times(shipped(without_downloads, training={"precision": precision}), "h200") for precision in ("bf16", "fp32")
    )
    assert fp32.seconds > 1.5 * bf16.seconds


def test_one_gpu_can_be_chosen_and_shared(without_downloads: World):
    grid = shipped(without_downloads)
    (one,), (four,) = (times(grid, "a100", jobs) for jobs in (1, 4))
    assert (one.device, one.jobs, four.jobs) == ("a100", 1, 4)
    assert one.shared == one.seconds == four.seconds > four.shared > one.seconds / 4
    assert one.off == one.off_shared


@pytest.mark.parametrize(("card", "most"), [("rtx4090", 2), ("a100", 8), ("v100", 3)])
def test_no_more_jobs_share_a_gpu_than_its_memory_holds(without_downloads: World, card: str, most: int):
    # A training of XLM-R Large needs 9.9 GB of memory.
    (time,) = times(shipped(without_downloads), card, 100)
    assert time.jobs == most


def test_a_gpu_that_does_not_hold_the_encoder_has_no_hours(without_downloads: World):
    grid = {"encoders": ["xlm-roberta-xl"], "intermediates": ["none"], "targets": ["xnli"], "seeds": [1]}
    # Weights, gradients and AdamW's state are 16 bytes for each of 3.5 billion parameters.
    assert [one.device for one in times(shipped(without_downloads, grid=grid))] == ["h200", "h100", "a100"]


def test_jobs_that_shared_a_gpu_are_counted_as_they_were_measured(world: World):
    grid = world.grid(grid=for_targets("xnli"))
    world.finish(of_step(grid, "read_task", "encode_task", "train_stage"))
    old = world.grid("job.predict", grid=for_targets("xnli"))
    world.finish(of_step(old, "predict"), measured={**FAST["measured"], "places": 4})
    (time,) = times(grid)
    # 100 rows a second in each of four jobs; one alone is assumed to achieve 1 / 2.5 of all.
    assert (time.jobs, time.shared) == (4, pytest.approx(2 * ROWS / 400))
    assert time.seconds == pytest.approx(2 * ROWS / 160)
    # If each had the GPU to itself, the four take 1.6 times as long.
    assert time.off == time.off_shared > 1.6
    (alone,) = times(grid, jobs=1)
    assert alone.shared == alone.seconds == time.seconds


def test_jobs_that_are_known_to_have_shared_a_gpu_are_counted_as_they_did(world: World):
    grid = world.grid(grid=for_targets("xnli"))
    world.finish(of_step(grid, "read_task", "encode_task", "train_stage"))
    old = world.grid("job.predict", grid=for_targets("xnli"))
    world.finish(of_step(old, "predict"), measured={**FAST["measured"], "places": 4}, jobs_on_gpu=2.0)
    (time,) = times(grid)
    # 100 rows a second in each of two jobs; one alone is assumed to achieve 1 / 1.5 of both.
    assert time.seconds == pytest.approx(2 * ROWS / (200 / 1.5))
    # Four jobs are assumed to achieve 2.5 times as much as one.
    assert (time.jobs, time.shared) == (4, pytest.approx(time.seconds / 2.5))
    assert (time.off, time.off_shared) == (1.2, pytest.approx(1.2 * 1.5))
    (two,) = times(grid, jobs=2)
    assert (two.jobs, two.shared, two.off_shared) == (2, pytest.approx(2 * ROWS / 200), 1.2)


def test_a_processor_is_not_shared(world: World):
    grid = world.grid(grid=for_targets("xnli"))
    world.finish(of_step(grid, "read_task", "encode_task", "train_stage"))
    old = world.grid("job.predict", grid=for_targets("xnli"))
    world.finish(of_step(old, "predict"), measured={**FAST["measured"], "device": "cpu"})
    (time,) = times(grid, jobs=4)
    assert (time.device, time.jobs) == ("cpu", 1)
    assert time.shared == time.seconds


def test_what_was_not_measured_on_a_known_gpu_is_estimated_from_its_published_speed(without_downloads: World):
    world = without_downloads
    changes = {"encoders": {"toy": ENCODERS["FacebookAI/xlm-roberta-base"]}}
    grid = world.grid(grid=for_targets("xnli", "pawsx"), **changes)
    world.finish(of_step(grid, "read_task", "encode_task"))
    old = world.grid(grid=for_targets("xnli"), stages={"mnli": {"epochs": 9}}, **changes)
    world.finish(of_step(old, "train_stage"), measured={**FAST["measured"], "device": "NVIDIA L4"})
    (time,) = times(grid)
    assert (time.device, time.known, time.published, time.unknown) == ("NVIDIA L4", 4, 2, 0)
    assert time.off == 2.0


# Disk


def test_weights_are_those_of_the_shape_before_the_encoder_is_downloaded(without_downloads: World):
    found = plan(shipped(without_downloads))
    assert found.models.bytes == 222 * 4 * 559_890_432
    assert (found.models.models, found.models.unknown) == (222, ())
    # One checkpoint, and two states of weights and two moments.
    assert found.states == 28 * 559_890_432


def test_weights_are_as_large_as_those_of_a_finished_model_of_the_encoder(world: World):
    assert plan(world.grid()).models.unknown == ("toy",)
    several = world.grid(stages={"mnli": {"epochs": 9}}, grid=for_targets("xnli", "udpos"))
    world.finish(of_step(several, "train_stage"))
    disk = plan(world.grid()).models
    assert (disk.models, disk.bytes, disk.unknown) == (8, 8 * WEIGHTS, ())


@pytest.mark.parametrize("name", ["model.safetensors", "pytorch_model.bin"])
def test_weights_are_as_large_as_those_of_the_encoder_before_there_is_a_model(world: World, name: str):
    (world.folder / "toy").mkdir()
    (world.folder / "toy" / "config.json").write_text("{}")
    (world.folder / "toy" / name).write_text("w" * 500)
    assert plan(world.grid()).models.bytes == 8 * 500


def test_models_that_only_serve_predictions_could_be_left_out(world: World):
    # All but mnli, squad_v1 and squad_v1/mnli, from which others are trained.
    assert plan(world.grid()).unused.models == 8 - 3


# The command


def test_the_command_shows_jobs_steps_and_what_it_does_not_know(world: World):
    run = world.run("plan", world.file())
    assert (run.returncode, run.stderr) == (0, "")
    assert re.search(r"│ train_stage │ +8 │", run.stdout)
    assert re.search(r"│ toy +│ mnli +│ +4 │ +392,702 │ +24,544 │ +98,176 │ published count", run.stdout)
    assert "time: unknown" in run.stdout
    assert "disk: an unknown number of bytes for the weights of 8 models" in run.stdout
    assert "missing: mnli has no files for train.en, dev.en" in run.stdout


def test_the_command_tells_that_a_gpu_is_unknown(world: World):
    run = world.run("plan", world.file(), "--card", "h300")
    assert run.returncode == 1
    assert re.match(r"error: --card: found 'h300'; expected one of h200, .*, t4\. Did you mean 'h200'\?", run.stderr)


@pytest.fixture
def gpu(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """A machine with two GPUs of a known model, each with half of the memory that it usually has, and of an unknown."""
    listed = "0, GPU-a, 40780, NVIDIA H100 80GB HBM3\\n1, GPU-b, 40780, NVIDIA H100 80GB HBM3\\n2, GPU-c, 9000, GTX\\n"
    (world.folder / "nvidia-smi").write_text(f"#!/bin/sh\nprintf '{listed}'\n")
    (world.folder / "nvidia-smi").chmod(0o755)
    monkeypatch.setenv("PATH", f"{world.folder}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1,2")
    (world.folder / "mine.yaml").write_text("{}")
    return world


def test_the_command_estimates_for_the_gpu_of_this_machine_and_its_memory(gpu: World):
    printed = gpu.run("plan", "mine.yaml").stdout
    rows = [[cell.strip() for cell in row.split("│")[1:-1]] for row in printed.splitlines() if "published speed" in row]
    (row,) = [row for row in rows if row]
    assert (row[0], row[-1]) == ("NVIDIA H100 80GB HBM3", "published speed of the GPU of this machine (445 jobs)")
    # 16 GB for each of two jobs, of 85 % of 42.8 GB; 80 GB hold four.
    assert row[1] == "2"


def test_the_command_estimates_for_a_chosen_gpu_on_a_machine_with_another(gpu: World):
    printed = gpu.run("plan", "mine.yaml", "--card", "a100").stdout
    assert re.search(r"│ a100 +│ +4 │.*│ published speed \(445 jobs\)", printed)
    assert "H100" not in printed


def test_the_command_estimates_for_common_gpus_where_that_of_this_machine_is_unknown(gpu: World, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2")
    printed = gpu.run("plan", "mine.yaml").stdout
    assert re.findall(r"^│ (\w+) .*published speed", printed, re.MULTILINE) == [
        "h200",
        "h100",
        "a100",
        "l40s",
        "rtx4090",
    ]


def test_the_command_tells_that_fewer_jobs_share_a_gpu(world: World):
    (world.folder / "mine.yaml").write_text("{}")
    run = world.run("plan", "mine.yaml", "--card", "rtx4090", "--jobs-per-gpu", "3")
    assert re.search(r"│ rtx4090 +│ +2 │", run.stdout)
    assert "time: rtx4090 holds at most 2 jobs at once, not 3" in run.stdout


@pytest.mark.parametrize("jobs", ["0", "-1", "many"])
def test_the_command_refuses_a_gpu_without_jobs(world: World, jobs: str):
    run = world.run("plan", world.file(), f"--jobs-per-gpu={jobs}")
    assert run.returncode == 2
    assert f"argument --jobs-per-gpu: found {jobs!r}; expected a number of jobs, at least 1" in run.stderr


def test_the_command_tells_that_the_data_must_be_read_first(world: World):
    grid = {**SETTINGS["grid"], "intermediates": ["none"], "targets": ["xnli"]}
    run = world.run("plan", world.file(source="miniature", grid=grid))
    assert "time: unknown until the data are read" in run.stdout


def test_the_command_shows_what_its_estimate_comes_from(world: World):
    world.finish(of_step(world.real(), "read_task", "encode_task"))
    world.finish(of_step(world.real(stages={"mnli": {"epochs": 9}}, grid=for_targets("xnli")), "train_stage"), **FAST)
    run = world.run("plan", world.file())
    # 8 trainings of 2 * 320 or 3 * 320 rows and of 5 * 320 rows; 100 rows a second.
    assert re.search(r"│ A +│ +1 │ +1 min │ +1\.2 │ +1 min │ +1\.2 │ 1 training on toy", run.stdout)
    assert "time: on A without 8 jobs with an unknown number of rows" in run.stdout
    assert "keep_models: false would save about 5.0 kB for the weights of 5 models" in run.stdout


def test_trainings_that_are_there_with_other_code_are_told_before_they_are_made_again(world: World):
    world.finish(world.older("job.train_stage").entries.values())
    *_, last = world.run("plan", world.file()).stdout.splitlines()
    assert last.startswith(f"note: 8 of 8 trainings of 'mine' are in {world.store} under other names")


def test_a_finished_experiment_has_nothing_to_do(world: World):
    world.finish(world.real().entries.values())
    assert world.run("plan", world.file()).stdout == "mine: nothing to do.\n"
