"""Ending a training on demand: when a cluster takes the machine away, or a user presses Ctrl-C."""

from collections.abc import Iterator
from contextlib import contextmanager

from accelerate.utils import gather_object
from transformers import Trainer, TrainerCallback, TrainerControl, TrainerState

from xstilts.errors import UserError
from xstilts.runtime import termination


@contextmanager
def interruptible(trainer: Trainer) -> Iterator[None]:
    """Let a training in the block that is asked to end save its state after the optimiser step under way, and end.

    A training that is at its last step has nothing left to interrupt, and finishes.

    Raises:
        UserError: the training was ended; a later one goes on from the state.
    """
    callback = _SaveAndStop()
    trainer.add_callback(callback)
    with termination.answered(callback.ask):
        yield


class _SaveAndStop(TrainerCallback):
    def __init__(self):
        self.asked: str | None = None

    def ask(self, name: str) -> None:
        """Take note of the signal that asks the training to end."""
        self.asked = name

    def on_step_end(self, _, __: TrainerState, control: TrainerControl, **___) -> None:
        control.should_save |= self._asked_anywhere() is not None

    # Not by `should_training_stop`, which the state would keep: it would be that of a training that is over.
    def on_save(self, _, state: TrainerState, control: TrainerControl, **__) -> None:
        asked = self._asked_anywhere()
        if asked and not control.should_training_stop:
            raise UserError(
                f"stopped by {asked}; the state at step {state.global_step} is saved. "
                "Nothing is lost: the next attempt goes on from there."
            )

    def _asked_anywhere(self) -> str | None:
        """The signal by which one of the processes that train together was asked: they have to end at the same step."""
        return next(filter(None, gather_object([self.asked])), None)
