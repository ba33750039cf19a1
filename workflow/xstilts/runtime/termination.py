"""How a job ends that is asked to: by SIGTERM from a cluster, SIGINT from Ctrl-C, SIGHUP from a terminal that closes.

The first signal asks a job to end, which then clears away what it was writing, or saves its state. After that only
SIGINT counts, and ends it at once: a scheduler may repeat SIGTERM while a state is being saved. One press of Ctrl-C may
arrive twice, from the terminal and from a program around the job that passes it on, such as a container's.
"""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from types import FrameType

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)

_ONE_PRESS = 1.0
"""Seconds in which SIGINT is taken for a repetition of what has just arrived."""


# Not an Exception: libraries would take it for a failure of theirs, and try again.
class Terminated(BaseException):
    """A signal has ended the job."""

    def __init__(self, name: str):
        super().__init__(f"stopped by {name}. Nothing is lost: the next run starts it again.")


@dataclass(frozen=True, eq=False)
class _Handler:
    """What the signals do.

    Args:
        answer: called with the name of the first signal.
        arrived: when that was, if it has been; shared by the handlers that follow each other.
    """

    answer: Callable[[str], None]
    arrived: list[float] = field(default_factory=list)

    def __call__(self, number: int, _: FrameType | None) -> None:
        if not self.arrived:
            self.arrived.append(time.monotonic())
            self.answer(signal.Signals(number).name)
        elif number == signal.SIGINT and time.monotonic() - self.arrived[0] > _ONE_PRESS:
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)


def heed() -> None:
    """From now on the first signal raises `Terminated`."""
    _install(_Handler(_end))


@contextmanager
def answered(answer: Callable[[str], None]) -> Iterator[None]:
    """In the block, the first signal calls a function with its name instead."""
    before = {number: signal.getsignal(number) for number in SIGNALS}
    known = before[signal.SIGTERM]
    _install(replace(known, answer=answer) if isinstance(known, _Handler) else _Handler(answer))
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def postponed() -> Iterator[None]:
    """Signals that arrive in the block are answered behind it; processes that start in it postpone them too."""
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        yield
    finally:
        resume()


def resume() -> None:
    """Answer the signals that were postponed, and those to come."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)


def ignore() -> None:
    """From now on the signals do nothing: the process is ending."""
    _install(signal.SIG_IGN)


def _install(handler: _Handler | signal.Handlers) -> None:
    for number in SIGNALS:
        # As under nohup, or in the background of a script.
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, handler)


def _end(name: str) -> None:
    raise Terminated(name)
