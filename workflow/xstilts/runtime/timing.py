"""Throughput and resume notes of a job."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic

from xstilts.runtime import devices
from xstilts.store.drafts import Draft
from xstilts.store.entries import MEASURED

GOING_ON = "Resuming from step {} of an earlier attempt."

STEP_LINE = "step {} of {}: loss {}, "
"""The beginning of a line in the log of a training."""


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

    If other jobs may share the device, the number of its places is recorded too.
    """
    speed, begun = Throughput(), monotonic()
    yield speed
    seconds = round((monotonic() - begun) * speed.devices, 3)
    places = devices.places()
    shared = {"places": places} if places > 1 else {}
    draft.notes[MEASURED] = {"seconds": seconds, "examples": speed.examples, "device": device_name(), **shared}


def device_name() -> str:
    """The name of the GPU; `cpu` if there is none."""
    import torch

    return torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu"
