"""The course of a training in its log, in a progress bar if standard error is a terminal, and in trackers."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from accelerate import Accelerator
from accelerate.tracking import GeneralTracker, MLflowTracker, TensorBoardTracker, WandBTracker
from tqdm import tqdm

from xstilts.errors import UserError

PROJECT = "xstilts"
"""The default name of the project in Weights & Biases, and of the experiment in MLflow."""


@dataclass(frozen=True)
class Tracking:
    """The trackers of a training.

    Args:
        trackers: `tensorboard`, `mlflow` and `wandb`, which are also the names of their packages.
        run: the name of the run.
        folder: the folder of TensorBoard events.
    """

    trackers: tuple[str, ...] = ()
    run: str = ""
    folder: Path = Path()

    def start(self) -> list[GeneralTracker]:
        """The trackers, not started.

        Raises:
            UserError: a tracker is not installed.
        """
        for name in self.trackers:
            if find_spec(name) is None:
                advice = f"install it with `pip install {name}`, or remove it from `tracking`"
                raise UserError(f"tracking: {name!r} is not installed; {advice}.")
        return [_TRACKERS[name](self) for name in self.trackers]


UNTRACKED = Tracking()

_TRACKERS = {
    "tensorboard": lambda run: TensorBoardTracker(run.folder.name, run.folder.parent),
    "mlflow": lambda run: MLflowTracker(os.environ.get("MLFLOW_EXPERIMENT_NAME", PROJECT), run_name=run.run),
    "wandb": lambda run: WandBTracker(os.environ.get("WANDB_PROJECT", PROJECT), name=run.run),
}


class Course:
    """What a training shows of its course; only the first process shows anything.

    Args:
        step: the number of completed optimiser steps.
        steps: the number of all steps.
    """

    def __init__(self, accelerator: Accelerator, step: int, steps: int):
        self._accelerator, self._steps = accelerator, steps
        self._bar = tqdm(
            initial=step,
            total=steps,
            unit="step",
            disable=not (accelerator.is_main_process and sys.stderr.isatty()),
        )
