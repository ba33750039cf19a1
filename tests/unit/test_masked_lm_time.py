"""The scores of words are a part of the time that masked language modelling is expected to take."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from fabricated import SETTINGS, World, of_step
from grids import Words
from torch.utils.flop_counter import FlopCounterMode
from transformers import XLMRobertaConfig, XLMRobertaForMaskedLM

from xstilts.config import parse
from xstilts.grid import Grid
from xstilts.inspection import rates, workload
from xstilts.inspection.cards import CARDS
from xstilts.inspection.rates import Calibrated, Point
from xstilts.inspection.times import Device
from xstilts.sources import shapes
from xstilts.steps.entry import Entry
from xstilts.training.masking import SHARE
from xstilts.training.model import masked_loss

LENGTH, ROWS = 60, 10


def operations(model: XLMRobertaForMaskedLM, predicted: int | None) -> int:
    """The operations of a training step, without predicted words those of the encoder alone."""
    ids = torch.arange(ROWS * LENGTH).reshape(ROWS, LENGTH) + 10
    with FlopCounterMode(display=False) as counter:
        if predicted is None:
            model.base_model(input_ids=ids).last_hidden_state.sum().backward()
        else:
            words = {"positions": torch.arange(predicted), "labels": ids.flatten()[:predicted]}
            masked_loss(model, input_ids=ids, **words).backward()
    return counter.get_total_flops()


def test_the_scores_of_words_take_as_many_operations_as_pytorch_counts():
    sizes = {"hidden_size": 96, "num_hidden_layers": 4, "num_attention_heads": 4, "intermediate_size": 384}
    config = XLMRobertaConfig(vocab_size=30_000, max_position_embeddings=66, attn_implementation="eager", **sizes)
    model = XLMRobertaForMaskedLM(config)
    counted = operations(model, round(SHARE * ROWS * LENGTH)) / operations(model, None)
    shape = shapes.of_config(config.to_dict())
    # Steps and evaluations take a second for each token.
    second = Calibrated(shape, [Point(1, 1.0)], [Point(1, 1.0)], 1.0)
    plain, masked = (rates.training(second, shape, 10, 600, LENGTH, 3000, share).alone for share in (0, 1))
    saving = plain - 9000
    assert (masked - saving) / 9000 == pytest.approx(counted, rel=0.02)
    assert counted > 1.8


@pytest.fixture
def mixed() -> tuple[Grid, Entry]:
    """A mixture of MultiNLI and plain text, of which a third of the steps are masked language modelling."""
    raw = {
        "encoders": {"base": {"repository": "FacebookAI/xlm-roberta-base", "revision": "0" * 40}},
        "grid": {"encoders": ["base"], "intermediates": ["mixed"], "targets": ["tatoeba"], "seeds": [1]},
        "stages": {
            "mixed": {
                "tasks": ["mnli", "mlm@en+sw"],
                "sampling": {"strategy": "weights", "weights": {"mnli": 2, "mlm": 1}},
                "precision": "bf16",
                "batch_size": 2048,
            }
        },
    }
    grid = Grid(parse(raw), Words())
    (entry,) = [entry for entry in grid.entries.values() if entry.step == "train_stage"]
    return grid, entry


def test_the_share_of_masked_rows_is_that_of_their_subwords(mixed: tuple[Grid, Entry], tmp_path: Path):
    # Rows of MultiNLI have 45 sub-words, passages 70.
    work = workload.of_training(tmp_path, mixed[1])
    assert (work.subwords, work.masked) == (pytest.approx((2 * 45 + 70) / 3), pytest.approx(70 / (2 * 45 + 70)))


@pytest.mark.parametrize(("source", "known_from"), [("hub", "published"), ("release", "assumed")])
def test_the_number_of_passages_of_own_text_is_an_assumption(tmp_path, monkeypatch, source: str, known_from: str):
    monkeypatch.chdir(tmp_path)
    world = World(tmp_path)
    own = {**SETTINGS["grid"], "intermediates": ["none", "mlm"], "targets": ["tatoeba"]}
    found = world.grid(grid=own, stages={"mlm": {"languages": ["de"], "steps": 9, "head": "new"}}, source=source)
    (training,) = {entry.path: entry for entry in of_step(found, "train_stage") if entry.about.seed == 1}.values()
    assert workload.of_training(world.store, training).source == known_from


def test_a_plan_counts_the_scores_of_words(mixed: tuple[Grid, Entry], tmp_path: Path):
    grid, entry = mixed
    work, device = workload.of_training(tmp_path, entry), Device("h200", card=CARDS["h200"], jobs=1)
    with_words, without = (
        device.time(grid.config, [(entry, one)]).seconds for one in (work, replace(work, masked=0.0))
    )
    # 0.15 * 2 * 192 M word embeddings beside 2 * 86 M other parameters, in 7 of 16 tokens.
    assert with_words / without == pytest.approx(1 + 7 / 16 * 0.15 * 192 / 87, rel=0.02)
