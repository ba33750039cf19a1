"""Short trainings on the invented tasks."""

import json
import os
import signal
from pathlib import Path

import pytest
import tiny
import torch
from transformers import PreTrainedTokenizerBase

from xstilts.config import Stage
from xstilts.paths import TRAINING_RECORD
from xstilts.training import stage
from xstilts.training.data import TaskData
from xstilts.training.loop import Loop
from xstilts.training.resume import exclusive

RECIPE = {"learning_rate": 1e-3, "epochs": 2, "batch_size": 8, "evaluate_every": 2, "patience": 9}
"""Six steps on the 24 rows of one task; evaluated, and the state saved, after steps 2, 4 and 6."""

TOKENS = 192
"""So few that most steps of question answering and multiple choice have several micro-batches."""


def train(
    child: Path,
    scratch: Path,
    tokenizer: PreTrainedTokenizerBase,
    data: dict[str, TaskData],
    *,
    seed: int = 1,
    encoder: dict | None = None,
    minutes: float = 0,
    **recipe,
) -> Path:
    """Train a child of a tiny encoder beside it; its folder.

    Args:
        encoder: entries of the encoder's config.
        minutes: the time between two saved states; 0 to save one at each evaluation.
        recipe: other settings than those of `RECIPE`.
    """
    parent = tiny.encoder(child.parent / "parent", tokenizer, **encoder or {})
    child.mkdir(parents=True, exist_ok=True)
    with exclusive(scratch):
        execution = stage.Execution(tokens=TOKENS, minutes=minutes)
        stage.train(Stage(**{**RECIPE, **recipe}), parent, data, child, scratch, seed=seed, execution=execution)
    return child


def interrupted(monkeypatch: pytest.MonkeyPatch, number: int) -> list[int]:
    """Tell the process to stop in the step with this number among all that are taken; the steps that are taken."""
    take_step, steps = Loop.take_step, []

    def watched(loop: Loop, *arguments):
        steps.append(loop.progress.step)
        if len(steps) == number:
            os.kill(os.getpid(), signal.SIGTERM)
        return take_step(loop, *arguments)

    monkeypatch.setattr(Loop, "take_step", watched)
    return steps


def weights(folder: Path) -> bytes:
    """The file of the weights of a child."""
    return (folder / "model.safetensors").read_bytes()


def record(folder: Path) -> dict:
    """What a child says of its training."""
    return json.loads((folder / TRAINING_RECORD).read_text())


def same(found: dict[str, torch.Tensor], expected: dict[str, torch.Tensor]) -> bool:
    """Whether weights are equal, bit for bit."""
    return found.keys() == expected.keys() and all(torch.equal(found[key], expected[key]) for key in found)
