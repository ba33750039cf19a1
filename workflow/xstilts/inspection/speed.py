"""How long work takes, from what finished jobs have measured."""

from collections.abc import Iterable
from dataclasses import dataclass

from xstilts.store.contents import Contents

FOLDERS = {"train_stage": "models", "predict": "cells"}
"""Where the results of the steps lie that measure their speed."""


@dataclass(frozen=True)
class Measurement:
    """What a finished job took.

    Args:
        name: the stage that it trained or the target that it predicted.
        examples: rows that went through the model.
    """

    step: str
    encoder: str
    name: str
    device: str
    seconds: float
    examples: int


def measurements(results: Contents) -> list[Measurement]:
    """What the finished trainings and predictions of a store say of their speed."""
    found = []
    for step, folder in FOLDERS.items():
        for result in results.below(folder):
            noted = result.measured
            if noted and noted["examples"]:
                found.append(Measurement(step, result.about.encoder, result.about.name, **noted))
    return found


class Speed:
    """The speed of one device."""

    def __init__(self, measured: Iterable[Measurement], device: str):
        self.device = device
        self.measured = [one for one in measured if one.device == device]

    def seconds(self, step: str, encoder: str, name: str, examples: int) -> float | None:
        """The time that a job takes, from jobs of the same name, else from others on the same encoder.

        Returns:
            None if nothing like it has been measured.
        """
        alike = [one for one in self.measured if (one.step, one.encoder) == (step, encoder)]
        best = [one for one in alike if one.name == name] or alike
        if not best:
            return None
        return examples * sum(one.seconds for one in best) / sum(one.examples for one in best)
