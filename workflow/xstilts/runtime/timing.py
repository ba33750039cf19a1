"""What a job tells of its course: its speed, in notes that no hash covers, and where it goes on."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic

from xstilts.store.drafts import Draft
from xstilts.store.entries import MEASURED

GOING_ON = "Going on from step {} of an earlier attempt."


@dataclass
class Throughput:
    """What was done in the time that is measured.

    Args:
        examples: rows that went through the model.
        devices: how many were computed on at once.
    """

    examples: int = 0
    devices: int = 1


@contextmanager
def measured(draft: Draft) -> Iterator[Throughput]:
    """Note in the manifest how long the block takes on one device, for how many examples and on which device."""
    speed, begun = Throughput(), monotonic()
    yield speed
    seconds = round((monotonic() - begun) * speed.devices, 3)
    draft.notes[MEASURED] = {"seconds": seconds, "examples": speed.examples, "device": _device()}


def _device() -> str:
    """The name of the accelerator that jobs compute on, else `cpu`."""
    import torch

    return torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu"
