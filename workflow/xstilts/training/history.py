"""The evaluations of a training on its dev data: the best checkpoint, and when to stop."""

from collections.abc import Mapping, Sequence
from typing import Any

SCORE, STEP = "score", "step"

Evaluation = dict[str, float]
"""The dev score of each task in percent, their mean `score`, by which checkpoints are compared, and the `step`."""


def evaluation(step: int, main_scores: Mapping[str, float]) -> Evaluation:
    """The evaluation at a step, from the main score of each task."""
    scores = {**main_scores, SCORE: sum(main_scores.values()) / len(main_scores)}
    return {**dict(sorted(scores.items())), STEP: step}


def best(evaluations: Sequence[Evaluation]) -> Evaluation | None:
    """The first of the evaluations with the highest score; None if there are none."""
    return max(evaluations, key=lambda one: one[SCORE], default=None)


def best_step(evaluations: Sequence[Evaluation]) -> int | None:
    """The step of the best evaluation; None if there are none."""
    found = best(evaluations)
    return None if found is None else int(found[STEP])


def without_gain(evaluations: Sequence[Evaluation]) -> int:
    """The number of evaluations since the best one."""
    found = best(evaluations)
    return 0 if found is None else len(evaluations) - 1 - evaluations.index(found)


def record(step: int, steps: int, evaluations: Sequence[Evaluation]) -> dict[str, Any]:
    """The content of `training.json`, without anything that depends on the machine's speed."""
    return {"steps": step, "planned_steps": steps, "best": best(evaluations), "evaluations": list(evaluations)}
