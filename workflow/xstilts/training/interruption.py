"""Ending a training on demand: a cluster announces with SIGTERM that it takes the machine away."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager

from accelerate.utils import gather_object
from transformers import Trainer, TrainerCallback, TrainerControl, TrainerState

from xstilts.errors import UserError


@contextmanager
def interruptible(trainer: Trainer) -> Iterator[None]:
    """Let a training in the block that gets SIGTERM save its state after the optimiser step under way, and end.

    A training that is at its last step has nothing left to interrupt, and finishes.

    Raises:
        UserError: the training was ended; a later one goes on from the state.
    """
    callback = _SaveAndStop()
    trainer.add_callback(callback)
    before = signal.signal(signal.SIGTERM, callback.ask)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


class _SaveAndStop(TrainerCallback):
    def __init__(self):
        self.asked = False

    def ask(self, *_) -> None:
        """Handle the signal."""
        self.asked = True

    def on_step_end(self, _, __: TrainerState, control: TrainerControl, **___) -> None:
        control.should_save |= self._asked_anywhere()

    # Not by `should_training_stop`, which the state would keep: it would be that of a training that is over.
    def on_save(self, _, state: TrainerState, control: TrainerControl, **__) -> None:
        if self._asked_anywhere() and not control.should_training_stop:
            raise UserError(
                f"stopped by SIGTERM; the state at step {state.global_step} is saved. "
                "Nothing is lost: the next attempt goes on from there."
            )

    def _asked_anywhere(self) -> bool:
        """Whether one of the processes that train together was asked: they have to end at the same step."""
        return any(gather_object([self.asked]))
