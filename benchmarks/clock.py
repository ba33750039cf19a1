"""Work that is measured by turns, so that a change in the load of the machine affects all of it alike."""

import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from io import StringIO
from statistics import median

import psutil
import torch
from torch.optim import Optimizer
from torch.optim.optimizer import register_optimizer_step_post_hook

ROUNDS = 5


@dataclass(frozen=True)
class Spent:
    """What a piece of work took.

    Args:
        seconds: on the clock.
        processor: seconds of the processor, user and system, of this process and its children.
    """

    seconds: float
    processor: float

    def __sub__(self, other: "Spent") -> "Spent":
        return Spent(self.seconds - other.seconds, self.processor - other.processor)


def now() -> Spent:
    """The time, after all work on the GPU is done."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    ended, running = os.times(), psutil.Process().children(True)
    children = ended.children_user + ended.children_system + sum(map(_processor, running))
    return Spent(time.perf_counter(), time.process_time() + children)


def _processor(child: psutil.Process) -> float:
    try:
        used = child.cpu_times()
    except psutil.Error:
        return 0.0
    return used.user + used.system


def middle(spent: Sequence[Spent]) -> Spent:
    """The medians."""
    return Spent(median(one.seconds for one in spent), median(one.processor for one in spent))


def by_turns(work: Mapping[str, Callable[[], object]], rounds: int = ROUNDS) -> dict[str, list[Spent]]:
    """Call each function once to warm up, then all of them by turns; what each call took."""
    for function in work.values():
        function()
    spent: dict[str, list[Spent]] = {name: [] for name in work}
    for _ in range(rounds):
        for name, function in work.items():
            begin = now()
            function()
            spent[name].append(now() - begin)
    return spent


@dataclass(frozen=True)
class Blocks:
    """How trainings are divided: steps to warm up, then as many blocks of steps as there are rounds."""

    warmup: int = 1
    steps: int = 10
    rounds: int = ROUNDS

    @property
    def total(self) -> int:
        """The steps of a training."""
        return self.warmup + self.steps * self.rounds

    def ranges(self) -> list[range]:
        """The 0-based steps of each block."""
        starts = range(self.warmup, self.total, self.steps)
        return [range(start, start + self.steps) for start in starts]


def trainings_by_turns(trainings: Mapping[str, Callable[[], object]], blocks: Blocks) -> dict[str, list[Spent]]:
    """What each block of steps of each training took.

    Every training is a function that takes `blocks.total` optimiser steps with an optimiser of torch. Each runs in a
    thread of its own, the first in the main thread, where signals can be handled. A hook on the optimiser's step stops
    a training at the end of a block until the others have done theirs, so that models are built once, and whole
    training programs can be compared without a change to them.
    """
    turns = _Turns(list(trainings), blocks)
    (first, *others) = trainings.items()
    threads = [threading.Thread(target=turns.run, args=one, daemon=True) for one in others]
    hook = register_optimizer_step_post_hook(turns.stepped)
    try:
        with redirect_stdout(StringIO()):
            for thread in threads:
                thread.start()
            turns.run(*first)
            for thread in threads:
                thread.join()
    finally:
        hook.remove()
    if turns.error:
        raise turns.error
    return turns.spent


class _Stopped(BaseException):
    """Ends the other trainings after one has failed."""


class _Turns:
    def __init__(self, names: list[str], blocks: Blocks):
        self.blocks = blocks
        self.spent: dict[str, list[Spent]] = {name: [] for name in names}
        self.error: BaseException | None = None
        self._waiting = list(names)
        self._changed = threading.Condition()
        self._steps = dict.fromkeys(names, 0)
        self._names: dict[int, str] = {}
        self._begun: dict[str, Spent] = {}

    def run(self, name: str, training: Callable[[], object]) -> None:
        """Run a training from its first turn to its end."""
        self._names[threading.get_ident()] = name
        try:
            self._wait(name)
            training()
            if len(self.spent[name]) < self.blocks.rounds:
                raise RuntimeError(f"{name}: {self._steps[name]} optimiser steps; expected {self.blocks.total}")
        except _Stopped:
            pass
        except BaseException as error:
            self.error = self.error or error
        finally:
            with self._changed:
                self._waiting.remove(name)
                self._changed.notify_all()

    def stepped(self, *_: object) -> None:
        """Count a step of the training in this thread; at the end of a block, let the others do theirs."""
        name = self._names.get(threading.get_ident())
        if name is None:
            return
        self._steps[name] += 1
        done, rest = divmod(self._steps[name] - self.blocks.warmup, self.blocks.steps)
        if rest or not 0 <= done <= self.blocks.rounds:
            return
        if done:
            self.spent[name].append(now() - self._begun[name])
        with self._changed:
            self._waiting.append(self._waiting.pop(0))
            self._changed.notify_all()
        self._wait(name)
        self._begun[name] = now()

    def _wait(self, name: str) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self.error or self._waiting[0] == name)
        if self.error:
            raise _Stopped


def first_step(training: Callable[[], object], then: Callable[[Optimizer], object]) -> None:
    """Run a training and call a function after its first optimiser step."""
    calls: list[Optimizer] = []

    def stepped(optimizer: Optimizer, *_: object) -> None:
        if not calls:
            calls.append(optimizer)
            then(optimizer)

    hook = register_optimizer_step_post_hook(stepped)
    try:
        training()
    finally:
        hook.remove()
