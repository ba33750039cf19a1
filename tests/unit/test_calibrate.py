"""`xstilts calibrate` measures a device once, and `xstilts plan` uses it."""

import json
import re
from argparse import ArgumentParser
from itertools import count
from pathlib import Path

import pytest
import tiny
import torch
from fabricated import World
from transformers import AutoConfig

from xstilts.commands import calibrate
from xstilts.errors import UserError
from xstilts.inspection import calibrations, stopwatch
from xstilts.inspection.calibrations import Calibration
from xstilts.inspection.rates import Point
from xstilts.inspection.times import devices
from xstilts.models.architectures import config_of
from xstilts.runtime.devices import Gpu
from xstilts.sources import shapes
from xstilts.sources.checkpoints import Checkpoint

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the calibrations, which belongs to the user."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "xstilts" / "calibrations"


@pytest.fixture
def encoder(tmp_path: Path) -> Path:
    """The config.json of an encoder, of which nothing else is needed."""
    changes = tiny.CONFIG | {"vocab_size": 90, "pad_token_id": 1, "max_position_embeddings": 600}
    AutoConfig.for_model("xlm-roberta", **changes).save_pretrained(tmp_path / "toy")
    return tmp_path / "toy"


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stopwatch, "_SECONDS", 0.0001)


def measure(encoder: Path, word: str = "fp32", device: torch.device = CPU) -> Calibration:
    return stopwatch.calibration(config_of(Checkpoint(str(encoder))), word, device)


@pytest.mark.usefixtures("quick")
def test_batches_of_both_kinds_are_measured(encoder: Path):
    measured = measure(encoder)
    # 32 pairs of 48 sub-words, 16 questions with contexts of 229; sentences of 40, an eighth of a batch and a batch.
    assert [one.tokens for one in measured.steps] == [1536, 3664]
    assert [one.tokens for one in measured.forwards] == [6 * 40, 51 * 40]
    assert all(one.seconds > 0 for one in (*measured.steps, *measured.forwards))
    assert (measured.device, measured.precision, measured.mixed) == ("cpu", "fp32", True)
    assert measured.shape == shapes.of_config(json.loads((encoder / "config.json").read_text()))
    assert measured.versions["torch"] == torch.__version__


def test_every_size_has_its_own_duration(encoder: Path, monkeypatch: pytest.MonkeyPatch):
    durations = map(float, count(1))
    monkeypatch.setattr(stopwatch, "_duration", lambda action, device: next(durations))
    measured = measure(encoder)
    assert [one.seconds for one in (*measured.steps, *measured.forwards)] == [1.0, 2.0, 3.0, 4.0]


def test_a_duration_is_the_median_of_repetitions_after_a_first_round(monkeypatch: pytest.MonkeyPatch):
    rounds = iter([[9.0], [3.0, 1.0, 2.0]])
    monkeypatch.setattr(stopwatch, "_repeated", lambda action, device: next(rounds))
    assert stopwatch._duration(lambda: None, CPU) == 2.0


@pytest.mark.usefixtures("quick")
def test_it_is_measured_in_the_precision_of_the_training(encoder: Path):
    measured = measure(encoder, "bf16")
    assert (measured.precision, measured.mixed) == ("bf16", False)
    assert measured.fits(measured.shape, "bf16")
    assert not measured.fits(measured.shape, "fp32")
    assert not measured.fits(measured.shape, "mixed")


def test_a_step_trains_the_model(encoder: Path):
    config = config_of(Checkpoint(str(encoder)))
    model = stopwatch._random(stopwatch.AutoModelForSequenceClassification, config, torch.float32, CPU)
    before = {name: value.clone() for name, value in model.named_parameters()}
    ids = stopwatch._ids(config, 40, 90, CPU)
    assert ids.shape == (40, 90)
    assert set(ids.flatten().tolist()) == set(range(90)) - {config.pad_token_id}
    stopwatch._step(model, torch.optim.AdamW(model.parameters(), lr=1e-2, weight_decay=0, fused=True), ids, "fp32")
    assert all(parameter.grad is None for parameter in model.parameters())
    changed = {name for name, value in model.named_parameters() if not torch.equal(value, before[name])}
    assert any("layer.0" in name for name in changed)
    assert any("classifier" in name for name in changed)


@pytest.mark.usefixtures("quick")
def test_a_device_without_enough_memory_is_told_with_what_is_needed(encoder: Path, monkeypatch: pytest.MonkeyPatch):
    def exhausted(*_):
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(stopwatch, "_forwards", exhausted)
    with pytest.raises(UserError, match=r"^cpu: out of memory; a training of this encoder in fp32 needs about 0 GB"):
        measure(encoder)


def test_it_is_repeated_until_it_has_taken_long_enough(monkeypatch: pytest.MonkeyPatch):
    clock = iter([0, 1, 1, 2, 2, 4, *range(100, 200)])
    monkeypatch.setattr(stopwatch, "perf_counter", lambda: next(clock))
    assert stopwatch._repeated(lambda: None, CPU) == [1, 1, 2]
    monkeypatch.setattr(stopwatch, "_SECONDS", 1000.0)
    monkeypatch.setattr(stopwatch, "_MOST", 5)
    assert len(stopwatch._repeated(lambda: None, CPU)) == 5


SHAPE = shapes.KNOWN["FacebookAI/xlm-roberta-base"]
MADE = Calibration(
    "NVIDIA L4", SHAPE, "bf16", True, (Point(1500, 0.05),), (Point(32_000, 0.08),), 1e13, {"torch": "2.13.0"}
)


def test_what_was_written_is_found_again(cache: Path):
    assert calibrations.found() == []
    file = calibrations.write(MADE, "base")
    assert file == cache / "nvidia-l4.base.bf16.json"
    assert calibrations.found() == [MADE]
    calibrations.write(MADE, "base")
    assert len(calibrations.found()) == 1


def test_a_calibration_is_for_its_shape_and_precision():
    assert MADE.fits(SHAPE, "bf16")
    assert MADE.fits(SHAPE, "mixed")
    assert not MADE.fits(SHAPE, "fp32")
    assert not MADE.fits(shapes.KNOWN["FacebookAI/xlm-roberta-large"], "bf16")


@pytest.mark.parametrize("text", ["", "{", '{"device": "a GPU"}', "[]"])
def test_a_file_that_is_no_calibration_is_named(cache: Path, text: str):
    cache.mkdir(parents=True)
    (cache / "a.json").write_text(text)
    with pytest.raises(UserError, match=r"a\.json: found no calibration \(.*Delete it"):
        devices([])


def test_a_calibrated_device_comes_before_the_table_of_gpus():
    calibrations.write(MADE, "base")
    assert [one.name for one in devices([])] == ["NVIDIA L4"]
    assert [one.name for one in devices([], "l4")] == ["NVIDIA L4"]
    assert [one.name for one in devices([], "h100")] == ["h100"]
    assert [one.name for one in devices([], gpus=[Gpu("NVIDIA H100 80GB HBM3", 85 * 10**9)])] == ["NVIDIA L4"]


def command(*arguments: str | Path) -> None:
    parser = ArgumentParser()
    calibrate.add_arguments(parser)
    calibrate.run(parser.parse_args([*map(str, arguments), "--directory", "."]))


@pytest.mark.usefixtures("quick", "encoder")
def test_the_command_measures_an_encoder_and_the_plan_uses_it(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    world = World(tmp_path)
    monkeypatch.chdir(tmp_path)
    command(world.file())
    printed = capsys.readouterr().out
    assert re.search(r"│ training step +│ +1,536 │", printed)
    assert f"written to {cache}/cpu.toy.fp32.json" in printed
    plan = world.run("plan", world.file())
    assert plan.stderr == ""
    # 8 trainings and 9 predictions.
    assert re.search(r"│ cpu +│ +1 │ .* │ a calibration \(17 jobs\) │", plan.stdout)


def test_the_command_refuses_an_encoder_that_the_experiment_pretrains(tmp_path: Path):
    world = World(tmp_path)
    refused = world.run("calibrate", world.file(encoders={"toy": {"path": None, "pretraining": {}}}))
    assert refused.returncode == 1
    assert refused.stderr.startswith("error: encoder 'toy' is pretrained by the experiment")
