"""Orders of the optimiser steps of several tasks in which each task has exactly its share of the steps."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Schedule:
    """An order of the steps: random, or one block for each task.

    Args:
        blocks: the numbers of all tasks in the order of their blocks; empty for a random order.
        overlap: with blocks, the largest distance by which a step moves to the end, as a share of all steps.
    """

    blocks: tuple[int, ...] = ()
    overlap: float = 0.0

    def tasks(self, counts: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """The number of the task of each step, (steps,).

        Args:
            counts: the number of steps of each task, (tasks,).
        """
        if not self.blocks:
            return rng.permutation(np.repeat(np.arange(len(counts)), counts))
        order = np.array(self.blocks)
        in_blocks = np.repeat(order, counts[order])
        places = np.arange(len(in_blocks)) + rng.random(len(in_blocks)) * self.overlap * len(in_blocks)
        return in_blocks[np.argsort(places, kind="stable")]


def counts(weights: np.ndarray, steps: int) -> np.ndarray:
    """The number of steps of each task: its share, rounded by the largest remainder."""
    exact = weights * steps
    found = np.floor(exact).astype(np.int64)
    found[np.argsort(found - exact, kind="stable")[: steps - found.sum()]] += 1
    return found
