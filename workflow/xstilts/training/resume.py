"""Resuming an interrupted training: the lock that excludes a second writer, and saving in the background."""

import os
import shutil
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Self, TextIO

from safetensors import SafetensorError

from xstilts.errors import UserError
from xstilts.store import locks
from xstilts.training import states
from xstilts.training.states import State, Tensors


@contextmanager
def exclusive(scratch: Path) -> Iterator[None]:
    """Hold the lock of a scratch folder, and remove the folder if the block succeeds; it is kept if the block fails.

    Raises:
        UserError: another process holds the lock, or the file system does not support locks.
    """
    scratch.mkdir(parents=True, exist_ok=True)
    with _locked(scratch) as file:
        file.truncate(0)
        file.write(f"pid {os.getpid()} on {socket.gethostname()}")
        file.flush()
        yield
        shutil.rmtree(scratch)
        Path(file.name).unlink()


def _locked(scratch: Path) -> TextIO:
    """The open and locked lock file of a scratch folder; retries if its previous holder has just removed it."""
    path = locks.beside(scratch)
    while True:
        if file := locks.hold(path, locks.TRAININGS):
            with suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(file.fileno()), path.stat()):
                    return file
            file.close()
        elif holder := locks.holder(path):
            raise UserError(
                f"another process ({holder}) is training in {scratch}, without its Snakemake. Wait until it ends, or "
                "stop it, and run again: nothing is lost."
            )


class Saver:
    """Writes the states of a training in a thread, one at a time. On leaving its context, nothing is being written.

    All methods raise `UserError` if a state could not be written, including the one before.
    """

    def __init__(self, scratch: Path):
        self._scratch = scratch
        self._thread = ThreadPoolExecutor(1, "saving")
        self._saving: Future[None] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.shutdown()

    def save(self, state: State) -> None:
        """Start to write a state, once the previous save is finished."""
        self._start(states.write, state)

    def save_best(self, step: int, weights: Tensors) -> None:
        """Start to write the weights with the best dev score so far, once the previous save is finished."""
        self._start(states.write_best, step, weights)

    def record_budget(self, tokens: int) -> None:
        """Record the token budget of the next attempt."""
        states.write_budget(self._scratch, tokens)

    def check(self) -> None:
        """Raise the error of a finished save."""
        if self._saving is not None and self._saving.done():
            self.wait()

    def wait(self) -> None:
        """Wait until the state is on disk."""
        if self._saving is None:
            return
        saving, self._saving = self._saving, None
        try:
            saving.result()
        except (OSError, SafetensorError) as error:
            raise UserError(
                f"a state of the training cannot be saved in {self._scratch}: {error}. Is the disk full? The states "
                "saved before are intact; the next run resumes from the last one."
            ) from None

    def _start(self, write: Callable[..., None], *arguments: object) -> None:
        self.wait()
        self._saving = self._thread.submit(write, self._scratch, *arguments)
