"""Training a stage: the encoder of a parent checkpoint with a new head for each task, trained on their mixture."""

import json
from dataclasses import dataclass
from pathlib import Path

import torch
from accelerate import Accelerator, DistributedDataParallelKwargs
from accelerate.utils import broadcast_object_list, set_seed
from transformers import PreTrainedModel

from xstilts import metrics
from xstilts.config import Stage
from xstilts.errors import UserError
from xstilts.features import arrow
from xstilts.models import encoders, precision, tokenization
from xstilts.models.fitting import require_fit
from xstilts.paths import TRAINING_RECORD
from xstilts.prediction.forward import decoded
from xstilts.runtime import memory
from xstilts.sources import shapes
from xstilts.training import history, states
from xstilts.training.batches import BatchSampler, optimiser_steps, probabilities
from xstilts.training.data import TaskData
from xstilts.training.feed import Feed
from xstilts.training.loop import Loop
from xstilts.training.model import StageModel
from xstilts.training.resume import Saver
from xstilts.training.states import Progress
from xstilts.training.tracking import UNTRACKED, Tracking, shown


@dataclass(frozen=True)
class Execution:
    """How a training is executed, apart from its recipe.

    Args:
        processes: the number of processes that call `train`, connected by `torch.distributed`, each with its own device.
        tokens: the maximum number of padded tokens in a micro-batch on one device; None to derive it from the memory.
        places: the number of jobs that share a device.
        minutes: the time between two saved states; 0 to save a state at each evaluation.
        tracking: the experiment trackers.
    """

    processes: int = 1
    tokens: int | None = None
    places: int = 1
    minutes: float = 10
    tracking: Tracking = UNTRACKED


def train(
    stage: Stage,
    parent: encoders.Checkpoint,
    data: dict[str, TaskData],
    output: Path,
    scratch: Path,
    *,
    seed: int,
    execution: Execution,
) -> None:
    """Train a stage and write its checkpoint.

    Args:
        data: by task, in the order of the stage.
        output: an empty folder for the Hugging Face checkpoint and `training.json`, the dev scores.
        scratch: the folder of training states, locked by `exclusive`; a later call resumes from there.

    If the dev set of a task is unlabelled in one of its languages, as in XTREME's download of TyDiQA, checkpoints are
    not selected by dev score, and the checkpoint of the last step is kept.

    Raises:
        UserError: the encoder cannot process the features, the device does not support the precision or has too little
            memory, the tasks were encoded by different tokenizers, the training diverges, or a signal interrupted it
            (its state is saved).
    """
    execution.tracking.require_installed()
    accelerator = _accelerator(execution)
    set_seed(seed)
    tokenizer = tokenization.shared({name: d.tokenizer for name, d in data.items()})
    pad_token_id = tokenization.pad_token_id(tokenizer)
    model = StageModel({name: _with_fresh_head(parent, d, pad_token_id) for name, d in data.items()})
    sampler = _sampler(stage, data, seed)
    feed = Feed(
        data, sampler, pad_token_id, process=accelerator.process_index, processes=accelerator.num_processes
    )
    ...
