"""The course of a training: lines in its log, a progress bar in a terminal, and experiment trackers."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from accelerate.tracking import GeneralTracker, MLflowTracker, TensorBoardTracker, WandBTracker
from tqdm import tqdm

from xstilts.errors import UserError
from xstilts.runtime.timing import STEP_LINE
from xstilts.training.history import LOSS, SCORE, STEP, Evaluation

_PROJECT = "xstilts"
"""The project of Weights & Biases and the experiment of MLflow, unless the environment names another."""


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

    def require_installed(self) -> None:
        """Check that all trackers are installed.

        Raises:
            UserError: one is not.
        """
        for name in self.trackers:
            if find_spec(name) is None:
                advice = f"install it with `pip install {name}`, or remove it from `tracking`"
                raise UserError(f"tracking: {name!r} is not installed; {advice}.")


UNTRACKED = Tracking()

_TRACKERS: dict[str, Callable[[Tracking], GeneralTracker]] = {
    "tensorboard": lambda this: TensorBoardTracker(this.folder.name, this.folder.parent),
    "mlflow": lambda this: MLflowTracker(os.environ.get("MLFLOW_EXPERIMENT_NAME", _PROJECT), run_name=this.run),
    "wandb": lambda this: WandBTracker(os.environ.get("WANDB_PROJECT", _PROJECT), name=this.run),
}


class Course:
    """Shows the progress of a training; the trackers do nothing except in the first process."""

    def __init__(self, bar: tqdm, trackers: list[GeneralTracker]):
        self._bar, self._trackers = bar, trackers

    def step(self, done: int) -> None:
        """Move the bar to a number of completed steps."""
        self._bar.update(done - self._bar.n)

    def training(self, step: int, loss: float, norm: float, rate: float) -> None:
        """Show the mean loss since the last call, and the gradient norm and learning rate of the last step."""
        line = STEP_LINE.format(step, self._bar.total, f"{loss:.4g}")
        values = {"train/loss": loss, "train/grad_norm": norm, "train/learning_rate": rate}
        self._show(step, f"{line}gradient norm {norm:.4g}, learning rate {rate:.4g}", values)

    def evaluation(self, found: Evaluation, best: bool) -> None:
        """Show the dev scores, and whether they are the best so far."""
        tasks = ", ".join(f"{name} {value:.2f}" for name, value in found.items() if name not in (SCORE, LOSS, STEP))
        chosen = SCORE if SCORE in found else LOSS
        line = f"step {found[STEP]} of {self._bar.total}: dev {chosen} {found[chosen]:.2f} ({tasks})"
        values = {f"eval/{name}": value for name, value in found.items() if name != STEP}
        self._show(int(found[STEP]), line + (", the best so far" if best else ""), values)

    def _show(self, step: int, line: str, values: dict[str, float]) -> None:
        self._bar.write(line, file=sys.stdout)
        sys.stdout.flush()
        for tracker in self._trackers:
            tracker.log(values, step=step)


@contextmanager
def shown(tracking: Tracking, step: int, steps: int, is_first: bool) -> Iterator[Course]:
    """Show the course of a training while the block lasts.

    Args:
        step: the number of completed steps.
        steps: the number of all steps.
        is_first: whether this is the first of the processes.
    """
    hidden = not (is_first and sys.stderr.isatty())
    with ExitStack() as stack:
        bar = stack.enter_context(tqdm(initial=step, total=steps, unit="step", disable=hidden))
        trackers = [_TRACKERS[name](tracking) for name in tracking.trackers]
        for tracker in trackers:
            tracker.start()
            stack.callback(tracker.finish)
        yield Course(bar, trackers)
