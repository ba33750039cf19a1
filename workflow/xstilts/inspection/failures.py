"""A summary of the failures of a run that fits on a screen."""

from xstilts.inspection import progress
from xstilts.inspection.state import State
from xstilts.names import NO_INTERMEDIATE, path_of
from xstilts.steps.entry import Entry

SHOWN = 10
LENGTH = 400
"""Maximum length of a cause in characters; the log has the complete text."""

_DOING = {"train_stage": "training", "predict": "predicting", "score": "scoring"}
_OF_DATA = {"read_task": "reading", "perturb_task": "perturbing", "encode_task": "encoding"}
_ROLES = {"train": "training", "evaluate": "evaluation"}
_BESIDE = "further missing cells, whose predictions were to be made by the same jobs; the next run computes them"
_UNEXPLAINED = "The run ended early and no log contains an error; see Snakemake's output above."
_ELSEWHERE = "Another run has since completed the jobs that failed here; start snakemake again to continue."


def summary(state: State, begun: float) -> str:
    """The failures of a finished run, in descending order of the number of cells that depend on them.

    Args:
        begun: the start of the run, in seconds since 1970.
    """
    jobs = [*state.grid.entries.values(), *state.jobs.of_bundles.values()]
    tried = state.jobs.last(progress.failures_since(begun, jobs))
    explained = {one.entry.path for one in progress.failures(one.entry for one in tried)}
    pending = {*state.pending, *state.jobs.bundle_of.values()} - (state.running.keys() - explained)
    found = [one for one in tried if one.entry.path in pending]
    if not found:
        return _ELSEWHERE if explained else _UNEXPLAINED
    cells = {one.entry.path: state.cells_behind(one.entry.path) for one in found}
    failed, missing = "1 job" if len(found) == 1 else f"{len(found)} jobs", state.cells_behind(*cells)
    lines = [f"{failed} failed; missing cells as a result: {missing} of {len(state.grid.cells)}"]
    for one in sorted(found, key=lambda one: (-cells[one.entry.path], one.entry.path))[:SHOWN]:
        cause = one.cause if len(one.cause) <= LENGTH else f"{one.cause[:LENGTH]}…"
        lines += [f"- {describe(one.entry)} (dependent cells: {cells[one.entry.path]}): {cause}", f"  {one.log}"]
    lines += [f"and {len(found) - SHOWN} more"] if len(found) > SHOWN else []
    beside = state.cells_beside(*cells)
    lines += [f"{_BESIDE}: {beside}"] if beside else []
    return "\n".join([*lines, "Finished results are kept; start snakemake again to continue."])


def describe(entry: Entry) -> str:
    """A description of a job, such as `training xnli after mnli on toy, seed 1`."""
    about = entry.about
    if entry.step in _OF_DATA:
        return f"{_OF_DATA[entry.step]} the {_ROLES[about.role]} data of {about.name}"
    seed = "" if about.seed is None else f", seed {about.seed}"
    if entry.step == "probe":
        return f"measuring forgetting after {path_of(about.stages) or NO_INTERMEDIATE} on {about.encoder}{seed}"
    if entry.step not in _DOING:
        step = f"{entry.step} of {about.task}" if about.task else entry.step
        return f"{step} for {about.experiment or about.encoder or 'the miniature'}"
    stages = about.stages if about.task else about.stages[:-1]
    after = f" after {path_of(stages)}" if stages else ""
    return f"{_DOING[entry.step]} {about.name}{after} on {about.encoder}{seed}"
