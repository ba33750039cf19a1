"""Short trainings on the invented tasks."""

import json
from pathlib import Path

import tiny
import torch
from transformers import PreTrainedTokenizerBase

from xstilts.config import Stage
from xstilts.paths import TRAINING_RECORD
from xstilts.training import stage
from xstilts.training.resume import exclusive

RECIPE = {"learning_rate": 1e-3, "epochs": 2, "batch_size": 8, "evaluate_every": 2, "patience": 9}
"""Six steps on the 24 rows of one task, each of two micro-batches of 4; evaluated after steps 2, 4 and 6."""


def train(
    child: Path,
    scratch: Path,
    tokenizer: PreTrainedTokenizerBase,
    data: dict[str, stage.TaskData],
    *,
    seed: int = 1,
    encoder: dict | None = None,
    **recipe,
) -> Path:
    """Train a child of a tiny encoder beside it; its folder.

    Args:
        encoder: entries of the encoder's config.
        recipe: other settings than those of `RECIPE`.
    """
    parent = tiny.encoder(child.parent / "parent", tokenizer, **encoder or {})
    child.mkdir(parents=True, exist_ok=True)
    with exclusive(scratch):
        stage.train(Stage(**{**RECIPE, **recipe}), parent, data, child, scratch, seed=seed, micro_batch=4)
    return child


def weights(folder: Path) -> bytes:
    """The file of the weights of a child."""
    return (folder / "model.safetensors").read_bytes()


def record(folder: Path) -> dict:
    """What a child says of its training."""
    return json.loads((folder / TRAINING_RECORD).read_text())


def same(found: dict[str, torch.Tensor], expected: dict[str, torch.Tensor]) -> bool:
    """Whether weights are equal, bit for bit."""
    return found.keys() == expected.keys() and all(torch.equal(found[key], expected[key]) for key in found)
