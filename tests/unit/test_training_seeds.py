"""A seed determines all randomness of a training: new heads, the order of rows, and dropout."""

import random
from dataclasses import dataclass

import numpy as np
import pytest
import tiny
import torch
from trainings import train

from xstilts.training.feed import Batch
from xstilts.training.loop import Loop


class Enough(Exception):  # noqa: N818
    """Ends a training that has been seen."""


@dataclass(frozen=True)
class Drawn:
    """What a training has drawn when its first step begins."""

    heads: list[float]
    rows: list[list[list[int]]]
    dropout: list[float]
    others: tuple[float, float]


@pytest.fixture(scope="module")
def drawn(tmp_path_factory, tiny_tokenizer) -> list[Drawn]:
    """Trainings with the seeds 1, 1 and 2, begun in different states of all generators."""
    found = []

    def ending(loop: Loop, batch: Batch, *_):
        heads = torch.cat([value.flatten() for value in loop.model.heads.state_dict().values()])
        dropout, others = torch.rand(5).tolist(), (random.random(), np.random.random())
        rows = [part["input_ids"].tolist() for part in batch.micro_batches]
        found.append(Drawn(heads.tolist(), rows, dropout, others))
        raise Enough

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.accelerator, "is_available", lambda: False)
        patch.setattr(Loop, "take_step", ending)
        for number, seed in enumerate((1, 1, 2)):
            folder = tmp_path_factory.mktemp("seed")
            for draw in (torch.manual_seed, np.random.seed, random.seed):
                draw(number)
            data = {"tags": tiny.data("tagging", tiny_tokenizer, rows=200)}
            with pytest.raises(Enough):
                train(folder / "child", folder / "scratch", tiny_tokenizer, data, seed=seed)
    return found


def test_the_same_seed_draws_the_same(drawn):
    one, again, _ = drawn
    assert one == again


@pytest.mark.parametrize("what", ["heads", "rows", "dropout", "others"])
def test_another_seed_draws_others(drawn, what):
    one, _, other = (getattr(each, what) for each in drawn)
    assert one != other
