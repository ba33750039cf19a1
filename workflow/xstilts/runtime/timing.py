"""Throughput and resume notes of a job."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import fmean
from threading import Event, Thread
from time import monotonic

from xstilts.runtime import cpu, devices
from xstilts.store.drafts import Draft
from xstilts.store.entries import JOBS_ON_GPU, MEASURED

CPU = "cpu"
"""The name of the device of a job without a GPU."""

COMPUTED = "cpu"
"""The note in the manifest that says how a CPU computed."""

GOING_ON = "Resuming from step {} of an earlier attempt."

STEP_LINE = "step {} of {}: loss {}, "
"""The beginning of a line in the log of a training."""


_SECONDS = 10.0
"""The time between two counts of the jobs on a GPU."""


@dataclass
class Throughput:
    """The amount of work that is timed.

    Args:
        examples: the number of rows that passed through the model.
        devices: the number of devices that computed in parallel.
    """

    examples: int = 0
    devices: int = 1


@contextmanager
def measured(draft: Draft) -> Iterator[Throughput]:
    """Record device seconds, number of examples and device of the block in the manifest.

    If other jobs may share the device, the number of its places is recorded too, and the mean number of jobs that had
    one meanwhile.
    """
    places = devices.places()
    speed, begun = Throughput(), monotonic()
    with _counted(places > 1) as counts:
        yield speed
    seconds = round((monotonic() - begun) * speed.devices, 3)
    shared, device = {"places": places} if places > 1 else {}, device_name()
    draft.notes[MEASURED] = {"seconds": seconds, "examples": speed.examples, "device": device, **shared}
    if device == CPU:
        draft.notes[COMPUTED] = cpu.computed()
    if counts:
        draft.notes[JOBS_ON_GPU] = round(fmean(counts), 2)


@contextmanager
def _counted(shared: bool) -> Iterator[list[int]]:
    """The numbers of jobs on the GPU of this job, counted regularly while the block lasts; none if it is not shared."""
    if not shared:
        yield []
        return
    counts, ended = [devices.jobs()], Event()

    def count() -> None:
        while not ended.wait(_SECONDS):
            counts.append(devices.jobs())

    thread = Thread(target=count, daemon=True)
    thread.start()
    try:
        yield counts
    finally:
        ended.set()
        thread.join()


def device_name() -> str:
    """The name of the GPU; `CPU` if there is none."""
    import torch

    return torch.cuda.get_device_name() if torch.cuda.is_available() else CPU
