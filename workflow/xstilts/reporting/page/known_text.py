"""Targets whose texts a model may know from masked language modelling."""

from xstilts import recipes
from xstilts.grid import Grid
from xstilts.names import stages_of

FROM_WIKIPEDIA = ("mlqa", "panx", "pawsx", "tydiqa", "xquad")
"""The tasks whose texts are from Wikipedia, as the notes of `mlm` say."""

_PLAIN_TEXT = "mlm"


def note(grid: Grid) -> str:
    """A note on the targets from Wikipedia that are evaluated after training on plain text; empty if there are none."""
    arms, settings = grid.arms, grid.config.task
    found = {
        grid.target(target).task
        for target in arms.targets
        for intermediate in arms.intermediates
        if arms.has(intermediate, target) and _has_plain_text(grid, intermediate, target)
    }
    # The sentences of the miniature are generated.
    real = {task for task in found.intersection(FROM_WIKIPEDIA) if settings(task).source != "miniature"}
    if not real or settings(_PLAIN_TEXT).source == "miniature":
        return ""
    return (
        f"Wikipedia is the source of the texts of {', '.join(sorted(real))}: after masked language modelling on "
        "Wikipedia, a gain there may come from known text."
    )


def _has_plain_text(grid: Grid, intermediate: str, target: str) -> bool:
    """Whether a stage of a cell trains on plain text."""
    stages = (*stages_of(intermediate), *grid.target(target).stages)
    return any(_PLAIN_TEXT in recipes.trained(grid.config, stage) for stage in stages)
