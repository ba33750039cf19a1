"""What failed in a run and why, in one screen."""

from xstilts.inspection import progress
from xstilts.inspection.state import State
from xstilts.names import path_of
from xstilts.steps.entry import Entry

SHOWN = 10
LENGTH = 400
"""Characters of a cause that are shown; its log has the rest."""

_DOING = {"train_stage": "training", "predict": "predicting", "score": "scoring"}
_OF_DATA = {"read_task": "reading", "encode_task": "encoding"}
_ROLES = {"train": "training", "evaluate": "evaluation"}
_UNTOLD = "The run ended before everything was made, and no log says why; what Snakemake says above may."
_ELSEWHERE = "Another run has made what failed here; start snakemake again to continue."


def summary(state: State, begun: float) -> str:
    """The failures of a run that is over, those first that most cells wait for.

    Args:
        begun: when the run began, in seconds since 1970.
    """
    tried = progress.failures_since(begun, state.grid.entries.values())
    told = {one.entry.path for one in progress.failures(one.entry for one in tried)}
    found = [one for one in tried if one.entry.path in state.pending.keys() - (state.running.keys() - told)]
    if not found:
        return _ELSEWHERE if told else _UNTOLD
    cells = {one.entry.path: state.cells_behind(one.entry.path) for one in found}
    failed, missing = "1 job" if len(found) == 1 else f"{len(found)} jobs", state.cells_behind(*cells)
    lines = [f"{failed} failed; cells that are missing because of that: {missing} of {len(state.grid.cells)}"]
    for one in sorted(found, key=lambda one: (-cells[one.entry.path], one.entry.path))[:SHOWN]:
        cause = one.cause if len(one.cause) <= LENGTH else f"{one.cause[:LENGTH]}…"
        lines += [f"- {describe(one.entry)} (cells that need it: {cells[one.entry.path]}): {cause}", f"  {one.log}"]
    lines += [f"and {len(found) - SHOWN} more"] if len(found) > SHOWN else []
    return "\n".join([*lines, "What is finished stays; start snakemake again to go on."])


def describe(entry: Entry) -> str:
    """What a job does: `training xnli after mnli on toy, seed 1`."""
    about = entry.about
    if entry.step in _OF_DATA:
        return f"{_OF_DATA[entry.step]} the {_ROLES[about.role]} data of {about.task}"
    if entry.step not in _DOING:
        return f"{entry.step} for {about.experiment or about.encoder or 'the miniature'}"
    stages = about.stages if about.task else about.stages[:-1]
    after = f" after {path_of(stages)}" if stages else ""
    seed = "" if about.seed is None else f", seed {about.seed}"
    return f"{_DOING[entry.step]} {about.name}{after} on {about.encoder}{seed}"
