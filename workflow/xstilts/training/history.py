"""The evaluations of a training on its dev data: the best checkpoint, and when to stop."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from xstilts import task

SCORE, LOSS, STEP = "score", "loss", "step"

HEADS = "heads"
"""The key of the heads that were kept, in the record of a training and in the manifest of its entry."""

Evaluation = dict[str, float]
"""The dev score of each task in percent, or its loss per masked token as `<task>_loss`; their mean over the tasks by
which checkpoints are compared, as `score` or `loss`; and the `step`."""


def evaluation(
    step: int, main_scores: Mapping[str, float], losses: Mapping[str, float], select_by: Collection[str] = ()
) -> Evaluation:
    """The evaluation at a step.

    Args:
        main_scores: the main score of each labelled task.
        losses: the loss per masked token of each task of masked language modelling.
        select_by: the tasks by which checkpoints are compared, all with scores or all with losses. By default those
            with scores, or else those with losses.
    """
    scores = {name: one for name, one in main_scores.items() if name in select_by or not select_by}
    chosen = scores or {name: one for name, one in losses.items() if name in select_by or not select_by}
    values = {**main_scores, **{name + task.LOSS: one for name, one in losses.items()}}
    values[SCORE if scores else LOSS] = sum(chosen.values()) / len(chosen)
    return {**dict(sorted(values.items())), STEP: step}


def best(evaluations: Sequence[Evaluation]) -> Evaluation | None:
    """The first of the evaluations with the highest score, or with the lowest loss; None if there are none."""
    return max(evaluations, key=lambda one: one[SCORE] if SCORE in one else -one[LOSS], default=None)


def best_step(evaluations: Sequence[Evaluation]) -> int | None:
    """The step of the best evaluation; None if there are none."""
    found = best(evaluations)
    return None if found is None else int(found[STEP])


def without_gain(evaluations: Sequence[Evaluation]) -> int:
    """The number of evaluations since the best one."""
    found = best(evaluations)
    return 0 if found is None else len(evaluations) - 1 - evaluations.index(found)


def record(
    step: int, steps: int, evaluations: Sequence[Evaluation], heads: Mapping[str, str | None] | None = None
) -> dict[str, Any]:
    """The content of `training.json`, without anything that depends on the machine's speed.

    Args:
        heads: for a stage that keeps heads, the task of the parent whose head each task started with, or None.
    """
    found = {"steps": step, "planned_steps": steps, "best": best(evaluations), "evaluations": list(evaluations)}
    return found if heads is None else {**found, HEADS: dict(heads)}
