"""SIGTERM, by which a cluster takes a machine away: a job ends, clears away what it was writing and says why."""

import signal


# Not an Exception: libraries would take it for a failure of theirs, and try again.
class Terminated(BaseException):
    """SIGTERM has ended the job."""

    def __init__(self):
        super().__init__("stopped by SIGTERM. Nothing is lost: the next run starts it again.")


def heed() -> None:
    """From now on SIGTERM raises `Terminated`."""
    signal.signal(signal.SIGTERM, _end)


def ignore() -> None:
    """From now on SIGTERM does nothing: the process is ending."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)


def _end(*_: object) -> None:
    raise Terminated
