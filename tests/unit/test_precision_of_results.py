"""The precision of results: in their names, in their manifests, and in warnings where they are compared."""

import csv
import json
import re
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest
import tiny
import torch
from fabricated import World, of_step
from jobs import Experiment
from released import write

from xstilts.config import ConfigError, parse
from xstilts.experiments import SHIPPED
from xstilts.inspection import upgrades
from xstilts.jobs import collect, predict, train_stage
from xstilts.prediction import retrieval
from xstilts.run import Run
from xstilts.steps import specs
from xstilts.steps.entry import Entry
from xstilts.store import precisions, warned
from xstilts.store.entries import pending
from xstilts.training.stage import EXECUTED, RESUMED_FROM

FP32 = {"training": {"precision": "fp32"}, "encoders": {"toy": {"path": "toy", "retrieval": {"precision": "fp32"}}}}
"""What keeps the names that results had when float32 was the default."""
ADVICE = (
    "Differences between their scores may be due to that. Set `precision: fp32`, or compute them on GPUs of one kind."
)


def noted(precision: str, device: str) -> dict:
    return {"precision": precision, "measured": {"seconds": 1.0, "examples": 8, "device": device}}


H100, V100 = noted("bf16", "H100"), noted("fp32", "V100")


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def models(entries: list[Entry], *stages: str) -> list[Entry]:
    return [entry for entry in entries if entry.step == "train_stage" and entry.about.stages == stages]


def finish(world: World, slower: list[Entry], **changes) -> None:
    """Finish all results on an H100, except some that were computed on a V100."""
    entries, other = of_step(world.grid(**changes), "train_stage", "predict"), {entry.path for entry in slower}
    world.finish((entry for entry in entries if entry.path not in other), **H100)
    world.finish(slower, **V100)


# Names


def test_specs_contain_the_word_of_the_configuration():
    config = parse({"stages": {"mnli": {"precision": "fp32"}, "pawsx": {"precision": "bf16"}}})
    found = {
        name: specs.train_stage(config.stage(name), {})["stage"]["precision"] for name in ("udpos", "mnli", "pawsx")
    }
    assert found == {"udpos": "mixed", "mnli": "fp32", "pawsx": "bf16"}


@pytest.mark.parametrize(
    ("settings", "expected"),
    [({}, {"precision": "mixed"}), ({"precision": "bf16"}, {"precision": "bf16"}), ({"precision": "fp32"}, {})],
)
def test_vectors_in_float32_keep_the_specs_that_they_had_without_the_setting(world: World, settings, expected):
    encoders = {"toy": {"path": "toy", "retrieval": settings}}
    predictions = [e for e in of_step(world.grid(encoders=encoders), "predict") if e.about.task == "tatoeba"]
    assert {json.dumps(entry.spec["options"]) for entry in predictions} == {
        json.dumps({"layer": None, "pooling": "mean", **expected})
    }


# Manifests

HERE = [
    (torch.device("cuda"), True, "bf16"),
    (torch.device("cuda"), False, "fp32"),
    (torch.device("cpu"), True, "fp32"),
]


@pytest.fixture
def allowed(monkeypatch) -> list:
    """The precisions for which jobs chose whether to use TF32."""
    found = []
    monkeypatch.setattr(predict, "allow_tf32", lambda *given: found.append(given))
    return found


@pytest.mark.parametrize(("device", "hardware", "expected"), HERE)
def test_predictions_are_made_in_the_precision_of_the_device_and_note_it(
    tmp_path: Path, tiny_tokenizer, monkeypatch, allowed, device, hardware, expected
):
    asked = []
    monkeypatch.setattr(retrieval, "predict", lambda request, _: asked.append(request) or {"de": ["en-0"]})
    monkeypatch.setattr(predict, "device", lambda: device)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation=True: hardware)
    write(tmp_path / "data" / "tatoeba", {"tatoeba.deu-eng.deu": "Der Fluss.\n", "tatoeba.deu-eng.eng": "The river.\n"})
    tiny.encoder(tmp_path / "toy", tiny_tokenizer, max_position_embeddings=600)
    grid = {"encoders": ["toy"], "intermediates": ["none"], "targets": ["tatoeba"], "seeds": [1]}
    encoders = {"toy": {"path": str(tmp_path / "toy")}}
    job = Experiment(tmp_path, {"source": "release", "grid": grid, "languages": ["de"], "encoders": encoders})
    for step in ("read_task", "encode_task"):
        job.run(step, "tatoeba.evaluate")
    manifest = json.loads((job.run("predict", "tatoeba") / "manifest.json").read_bytes())
    assert [request.options["precision"] for request in asked] == [manifest["precision"]] == [expected]
    assert allowed == [(expected, device)]


def test_a_model_notes_the_precision_of_its_training(tmp_path: Path, monkeypatch):
    draft = SimpleNamespace(folder=tmp_path, notes={})
    entry = SimpleNamespace(spec={"stage": {"tasks": ["mnli"], "precision": "mixed"}})
    monkeypatch.setattr(train_stage.job, "of", lambda _: SimpleNamespace(store=tmp_path, entry=entry))
    monkeypatch.setattr(train_stage, "publishing", lambda *_: nullcontext(draft))
    monkeypatch.setattr(train_stage, "scratch", lambda *_: tmp_path / "scratch")

    def trained(*_) -> None:
        (tmp_path / "training.json").write_text('{"steps": 20}')
        executed = {"precision": "bf16", "tokens_per_device": 4096, RESUMED_FROM: 0}
        (tmp_path / "scratch" / EXECUTED).write_text(json.dumps(executed))

    monkeypatch.setattr(train_stage, "spawn_processes", trained)
    train_stage.run(SimpleNamespace(gpus=1))
    assert (draft.notes["precision"], draft.notes["tokens_per_device"]) == ("bf16", 4096)


# Warnings


def test_results_in_one_precision_are_no_news(world: World):
    finish(world, [])
    assert precisions.warnings(world.store, world.grid()) == []


def test_trainings_on_a_target_that_differ_in_precision_are_a_warning(world: World):
    grid = world.grid()
    finish(world, models(list(grid.entries.values()), "mnli", "pawsx"))
    assert warned.warnings(world.store, grid) == [
        "toy: results that are compared were computed in different precisions (2 in bf16 on H100, 1 in fp32 on V100): "
        f"trainings on pawsx. {ADVICE}"
    ]


def test_predictions_and_intermediate_trainings_are_compared_with_their_like(world: World):
    grid = world.grid()
    predictions = [entry for entry in of_step(grid, "predict") if entry.about.task in ("xnli", "tatoeba")]
    slower = [next(entry for entry in predictions if entry.about.task == task) for task in ("xnli", "tatoeba")]
    # The model after mnli is also that of the baseline of xnli.
    finish(world, [*slower, *models(list(grid.entries.values()), "squad_v1")])
    (line,) = warned.warnings(world.store, grid)
    names = {"predictions of xnli", "predictions of tatoeba", "intermediate trainings"}
    assert set(line.partition("): ")[2].partition(".")[0].split(", ")) == names
    # Of three predictions each, one is slower; of the intermediates mnli, squad_v1 and squad_v1/mnli, the second is.
    assert "(6 in bf16 on H100, 3 in fp32 on V100)" in line


def test_targets_are_not_compared_with_each_other(world: World):
    grid = world.grid()
    predictions = [entry for entry in of_step(grid, "predict") if entry.about.task == "pawsx"]
    finish(world, [*predictions, *(entry.inputs["model"] for entry in predictions)])
    assert warned.warnings(world.store, grid) == []


def test_results_of_earlier_versions_are_known_by_their_setting(world: World):
    grid = world.grid(**FP32)
    world.finish(of_step(grid, "train_stage", "predict"))
    assert precisions.warnings(world.store, grid) == []
    assert {one.precision for one in precisions.of_grid(world.store, grid).values()} == {"fp32"}


@pytest.mark.parametrize("note", [{}, {"precision": ["bf16"]}])
def test_an_unknown_precision_is_said_once(world: World, note):
    grid = world.grid()
    entries = of_step(grid, "train_stage", "predict")
    world.finish(entries[:2], **note)
    world.finish(entries[2:], **H100)
    assert len(entries) == 17
    assert warned.warnings(world.store, grid) == [
        "2 of 17 models and predictions do not say in which precision they were computed"
    ]


# Strict


def test_a_strict_run_is_refused_before_it_begins(world: World, monkeypatch):
    for variable in ("PATH", "PYTHONPATH"):
        monkeypatch.setenv(variable, "/bin")
    monkeypatch.chdir(world.folder)
    monkeypatch.setattr("xstilts.experiments.require_encoders", lambda config: None)
    grid = world.real(strict=True)
    slower = models(list(grid.entries.values()), "mnli", "pawsx")
    world.finish((one for one in of_step(grid, "train_stage", "predict") if one not in slower), **H100)
    world.finish(slower, **V100)
    raw = world.config(strict=True).model_dump(mode="json", exclude_unset=True)
    with pytest.raises(SystemExit, match=r"'strict': rejects results in different precisions: toy: .* on pawsx"):
        Run(raw, [SHIPPED]).begin()
    Run({**raw, "strict": False}, [SHIPPED]).begin()


@pytest.fixture
def strict(world: World, monkeypatch) -> dict:
    """The configuration of a finished experiment that is strict since, in which one model was trained on a V100."""
    for variable in ("PATH", "PYTHONPATH"):
        monkeypatch.setenv(variable, "/bin")
    monkeypatch.chdir(world.folder)
    grid = world.real()
    slower = models(list(grid.entries.values()), "mnli", "pawsx")
    world.finish((entry for entry in grid.entries.values() if entry not in slower), **H100)
    world.finish(slower, **V100)
    return world.config(strict=True).model_dump(mode="json", exclude_unset=True)


REFUSED = r"config key 'strict': rejects results in different precisions: toy: .* on pawsx"


def test_a_finished_experiment_is_refused_once_it_is_strict(strict: dict):
    run = Run(strict, [SHIPPED])
    assert run.pending == {}
    with pytest.raises(SystemExit, match=f"error: {REFUSED}"):
        run.show_if_finished()
    assert not Path(run.last_config_file).exists()
    # A node may run jobs of another workflow.
    Run(strict, [SHIPPED], on_node=True).show_if_finished()
    Run({**strict, "strict": False}, [SHIPPED]).show_if_finished()


@pytest.mark.parametrize("command", [["table"], ["submission", "--cells", "best"]])
def test_commands_that_use_results_refuse_those_of_a_strict_experiment(world: World, strict: dict, command):
    done = world.run(*command, world.file(strict=True))
    assert (done.returncode, done.stdout) == (1, "")
    assert re.match(f"error: {REFUSED}", done.stderr)


def test_status_says_what_is_refused(world: World, strict: dict):
    *_, last = world.run("status", world.file(strict=True)).stdout.splitlines()
    assert re.match(f"refused  {REFUSED}", last)
    (refusal,) = json.loads(world.run("status", world.file(strict=True), "--json").stdout)["refused"]
    assert last == f"refused  {refusal}"
    assert json.loads(world.run("status", world.file(), "--json").stdout)["refused"] == []


def test_without_strict_nothing_is_refused(world: World):
    grid = world.grid()
    finish(world, models(list(grid.entries.values()), "mnli", "pawsx"))
    precisions.require_one(world.config(), grid)
    with pytest.raises(ConfigError, match="different precisions"):
        precisions.require_one(world.config(strict=True), grid)


# The job that collects


@pytest.fixture
def collecting(world: World, monkeypatch):
    """Runs the job for a store without scores, in which one model was trained on a V100."""

    def run(**changes) -> Path:
        grid = world.grid(**changes)
        finish(world, models(list(grid.entries.values()), "mnli", "pawsx"))
        this = SimpleNamespace(config=world.config(**changes), grid=grid, store=world.store, entry=grid.collected)
        monkeypatch.setattr(collect.job, "of", lambda _: this)
        for name in ("collect", "trainings"):
            monkeypatch.setattr(collect.collect, name, lambda *_: pd.DataFrame())
        collect.run(SimpleNamespace())
        return world.store / grid.collected.path

    return run


def test_collect_warns_and_lists_precisions_and_devices(collecting, capsys):
    folder = collecting()
    assert capsys.readouterr().out.startswith("warning: toy: results that are compared were computed in different")
    with (folder / "devices.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 17
    (slower,) = (row for row in rows if row["precision"] == "fp32")
    assert {name: slower[name] for name in ("step", "encoder", "stages", "target", "seed", "device")} == {
        **{"step": "train_stage", "encoder": "toy", "stages": "mnli/pawsx", "target": "", "seed": "1"},
        "device": "V100",
    }
    untrained = [row for row in rows if row["target"] == "tatoeba" and not row["stages"]]
    assert [(row["step"], row["seed"], row["device"]) for row in untrained] == [("predict", "", "H100")]


def test_collect_refuses_if_the_configuration_is_strict(collecting, world: World):
    with pytest.raises(ConfigError, match="'strict': rejects results in different precisions: toy"):
        collecting(strict=True)
    assert not (world.store / world.grid(strict=True).collected.manifest).exists()


# The default of earlier versions


def said(world: World, **changes) -> list[str]:
    grid = world.grid(**changes)
    return upgrades.notes(world.store, grid, pending(world.store, grid))


def test_trainings_in_the_former_default_are_counted_with_the_setting_that_keeps_them(world: World):
    world.finish(world.grid(**FP32).entries.values())
    (line,) = said(world)
    assert line.startswith(
        f"note: 8 of 8 trainings and 3 of 3 predictions of retrieval targets of 'mine' are in {world.store} with "
        "`precision: fp32`, which was"
    )
    assert "set `precision: fp32` under `training` and under `retrieval` of each encoder (docs/config.md)" in line
    assert said(world, **FP32) == []


def test_trainings_that_differ_in_another_setting_too_are_not_counted(world: World):
    world.finish(world.grid(**FP32).entries.values())
    (line,) = said(world, stages={"pawsx": {"epochs": 9}})
    # Of pawsx after none, mnli and squad_v1/mnli the epochs differ too.
    assert "5 of 8 trainings" in line


def test_trainings_that_are_finished_with_either_default_are_not_counted(world: World):
    in_float32 = {name: {"precision": "fp32"} for name in ("mnli", "squad_v1")}
    grid = world.grid(stages=in_float32)
    world.finish(models(list(grid.entries.values()), "mnli"))
    assert said(world, stages=in_float32) == []


def test_a_precision_that_the_user_has_changed_is_no_news(world: World):
    world.finish(world.grid().entries.values())
    assert said(world, **FP32) == []


def test_vectors_in_the_former_default_are_counted_though_nothing_is_trained(world: World):
    encoders = {"toy": {"path": "toy", "retrieval": {"precision": "fp32"}}}
    world.finish(world.grid(encoders=encoders).entries.values())
    (line,) = said(world)
    # Tatoeba after none, mnli and squad_v1/mnli.
    assert line == (
        f"note: 3 of 3 predictions of retrieval targets of 'mine' are in {world.store} with `precision: fp32`, which "
        "was the default of earlier versions; it is `mixed` now, bfloat16 on GPUs that compute in it. To continue with "
        "them, set `precision: fp32` under `retrieval` of each encoder (docs/config.md)."
    )
    assert said(world, encoders=encoders) == []


def test_prune_says_what_keeps_results_in_the_former_default_before_it_removes_any(world: World):
    world.finish(world.real(**FP32).entries.values())
    printed = world.run("prune", world.file()).stdout.splitlines()
    assert printed[-2].startswith("note: 8 of 8 trainings and 3 of 3 predictions of retrieval targets of 'mine' are in")
    assert printed[-1].startswith("Nothing was removed.")
    assert "Everything in" in world.run("prune", world.file(**FP32)).stdout
