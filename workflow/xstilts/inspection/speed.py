"""Estimates of the duration of jobs from measurements of finished jobs."""

from collections.abc import Iterable
from dataclasses import dataclass

from xstilts.inspection import rates
from xstilts.store.contents import Contents
from xstilts.store.entries import JOBS_ON_GPU

FOLDERS = {"train_stage": "models", "predict": "cells"}
"""The steps that measure their speed, and the folders of the store with their results."""


@dataclass(frozen=True)
class Measurement:
    """The measured duration of a finished job.

    Args:
        step: `train_stage` or `predict`.
        encoder: the name of the encoder.
        name: the stage that was trained or the target that was predicted.
        device: the name of the device.
        seconds: the duration, multiplied by the number of devices.
        examples: the number of rows that passed through the model.
        places: the number of jobs that could share the device.
        jobs: the mean number of jobs that shared it; None if it is unknown.
    """

    step: str
    encoder: str
    name: str
    device: str
    seconds: float
    examples: int
    places: int = 1
    jobs: float | None = None

    @property
    def sharing(self) -> float:
        """The number of jobs that shared the device, as far as it is known: at most, as many as there are places."""
        return self.places if self.jobs is None else self.jobs

    @property
    def alone(self) -> float:
        """The estimated seconds without the other jobs."""
        return self.seconds / self.sharing * rates.together(self.sharing)


def measurements(results: Contents) -> list[Measurement]:
    """The measurements of all finished trainings and predictions in a store."""
    found = []
    for step, folder in FOLDERS.items():
        for result in results.below(folder):
            noted = result.measured
            if noted and noted["examples"]:
                about, jobs = result.about, result.notes.get(JOBS_ON_GPU)
                found.append(Measurement(step, about.encoder, about.name, **noted, jobs=jobs))
    return found


class Speed:
    """The speed of one device."""

    def __init__(self, measured: Iterable[Measurement], device: str):
        self.device = device
        self.measured = [one for one in measured if one.device == device]

    def seconds(self, step: str, encoder: str, name: str, examples: int) -> float | None:
        """Estimate the duration of a job from jobs with the same name, or else from others with the same encoder.

        Returns:
            The duration in seconds if no other job shares the device; None if no comparable job was timed.
        """
        alike = [one for one in self.measured if (one.step, one.encoder) == (step, encoder)]
        best = [one for one in alike if one.name == name] or alike
        if not best:
            return None
        return examples * sum(one.alone for one in best) / sum(one.examples for one in best)
