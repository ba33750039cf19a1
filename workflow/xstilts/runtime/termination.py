"""Graceful termination of jobs by SIGTERM (cluster), SIGINT (Ctrl-C) and SIGHUP (closed terminal).

After the first signal, a job removes its unfinished files or saves its state, and ends. Later signals are ignored,
since a scheduler may repeat SIGTERM while a state is being saved; only a later SIGINT ends the job immediately. One
press of Ctrl-C may arrive twice, from the terminal and from a wrapper that forwards it, such as that of a container.
"""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from types import FrameType

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)

STOPPED = "stopped by"
"""The beginning of the message of a job that a signal has stopped."""

_ONE_PRESS = 1.0
"""Seconds during which a SIGINT counts as a repetition of the previous signal."""


# Not an Exception, which libraries would catch and retry.
class Terminated(BaseException):
    """The job was stopped by a signal."""

    def __init__(self, name: str):
        super().__init__(f"{STOPPED} {name}. Nothing is lost: the next run starts it again.")


def is_by_signal(cause: str) -> bool:
    """Whether the message of a job says that a signal has stopped it."""
    return cause.startswith(STOPPED)


@dataclass(frozen=True, eq=False)
class _Handler:
    """A handler of the termination signals.

    Args:
        answer: called with the name of the first signal.
        arrived: the time of the first signal, or empty; shared with the handlers that replace this one.
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
    """Raise `Terminated` at the first signal."""
    _install(_Handler(_end))


@contextmanager
def answered(answer: Callable[[str], None]) -> Iterator[None]:
    """Within the block, call a function with the name of the first signal instead."""
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
    """Defer signals until the end of the block. Processes that start in it inherit the blocked signals."""
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        yield
    finally:
        resume()


def resume() -> None:
    """Unblock signals, which delivers those that were deferred."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)


def ignore() -> None:
    """Ignore all further signals, because the process is ending."""
    _install(signal.SIG_IGN)


def _install(handler: _Handler | signal.Handlers) -> None:
    for number in SIGNALS:
        # Signals stay ignored under nohup and in background jobs of a script.
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, handler)


def _end(name: str) -> None:
    raise Terminated(name)
