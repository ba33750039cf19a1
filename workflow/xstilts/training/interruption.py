"""Interrupting a training by a signal, for example from a cluster or Ctrl-C."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from accelerate.utils import gather_object
from transformers import Trainer, TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from xstilts.errors import UserError
from xstilts.runtime import termination


@contextmanager
def interruptible(trainer: Trainer) -> Iterator[None]:
    """On a signal within the block, save the state of the training after the current optimiser step and stop.

    A training that is at its last step finishes instead.

    Raises:
        UserError: the training was interrupted; it can be resumed from its saved state.
    """
    callback = _SaveAndStop()
    trainer.add_callback(callback)
    with termination.answered(callback.ask):
        yield


class _SaveAndStop(TrainerCallback):
    def __init__(self) -> None:
        self.asked: str | None = None

    def ask(self, name: str) -> None:
        """Record the signal that asks the training to stop."""
        self.asked = name

    def on_step_end(self, _: TrainingArguments, __: TrainerState, control: TrainerControl, **___: Any) -> None:
        control.should_save |= self._asked_anywhere() is not None

    # Raises instead of setting `should_training_stop`, which would mark the training in the saved state as finished.
    def on_save(self, _: TrainingArguments, state: TrainerState, control: TrainerControl, **__: Any) -> None:
        asked = self._asked_anywhere()
        if asked and not control.should_training_stop:
            raise UserError(
                f"stopped by {asked}; the state at step {state.global_step} is saved. "
                "Nothing is lost: the next run resumes from there."
            )

    def _asked_anywhere(self) -> str | None:
        """The signal that any of the training processes has received, so that all of them stop at the same step."""
        return next(filter(None, gather_object([self.asked])), None)
