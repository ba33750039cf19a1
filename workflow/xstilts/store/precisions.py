"""The precisions in which the results of an experiment were computed by models, and warnings where they differ."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from xstilts import tasks
from xstilts.config import Config, ConfigError
from xstilts.grid import Grid
from xstilts.steps.entry import Entry
from xstilts.store.entries import MEASURED, PRECISION, finished, manifest_of

RESOLVED = ("fp32", "bf16")
_SETTINGS = {"train_stage": "stage", "predict": "options", "probe": "probes"}
"""The part of the spec with the precision, by step. Probes have always noted in which they were computed."""
_LISTED = 6
"""Maximum number of comparisons in a warning."""


@dataclass(frozen=True)
class Computed:
    """How a model or predictions were computed.

    Args:
        precision: `fp32` or `bf16`; None if it is unknown.
        device: the name of the GPU, or `cpu`; None if it is unknown.
    """

    precision: str | None
    device: str | None

    def __str__(self) -> str:
        return f"{self.precision} on {self.device or 'an unknown device'}"


def computed(store: Path, entry: Entry) -> Computed:
    """How a finished model or finished predictions were computed.

    Versions that did not note the precision had no setting `mixed`, so that the setting was the precision.
    """
    manifest, settings = manifest_of(store, entry), entry.spec[_SETTINGS[entry.step]]
    # Specs omit the neutral value.
    precision = manifest.get(PRECISION, settings.get(PRECISION, "fp32"))
    measured = manifest.get(MEASURED)
    device = measured.get("device") if isinstance(measured, dict) else None
    return Computed(precision if precision in RESOLVED else None, device)


def of_grid(store: Path, grid: Grid) -> dict[Entry, Computed]:
    """How the finished models and predictions of an experiment were computed."""
    entries = (entry for entry in grid.entries.values() if entry.step in _SETTINGS)
    return {entry: computed(store, entry) for entry in entries if finished(store, entry)}


def warnings(store: Path, grid: Grid) -> list[str]:
    """Warnings about results that are compared, a line per encoder, and one about those whose precision is unknown."""
    found = of_grid(store, grid)
    unknown = sum(one.precision is None for one in found.values())
    more = [f"{unknown} of {len(found)} models and predictions do not say in which precision they were computed"]
    return different(found) + (more if unknown else [])


def different(found: dict[Entry, Computed]) -> list[str]:
    """The encoders whose results were computed in different precisions, although they are compared: a line for each."""
    compared: dict[tuple[str, str], dict[Entry, Computed]] = {}
    for entry in found:
        if entry.step != "train_stage":
            for what, one in _compared(entry):
                if one in found and found[one].precision:
                    compared.setdefault((entry.about.encoder, what), {})[one] = found[one]
    differing: dict[str, dict[str, dict[Entry, Computed]]] = {}
    for (encoder, what), own in compared.items():
        if len({one.precision for one in own.values()}) > 1:
            differing.setdefault(encoder, {})[what] = own
    return [_warning(encoder, comparisons) for encoder, comparisons in differing.items()]


def require_one(config: Config, grid: Grid) -> None:
    """Reject results that are compared and differ in precision, if the configuration is strict.

    Raises:
        ConfigError: the first warning.
    """
    for warning in different(of_grid(config.store, grid)) if config.strict else []:
        raise ConfigError("strict", True, f"rejects results in different precisions: {warning}")


def _compared(predictions: Entry) -> Iterator[tuple[str, Entry]]:
    """The predictions of a cell and its models, each with the name of those that they are compared with.

    Of probes, whose models are those of cells, only their own precision counts.
    """
    if predictions.step == "probe":
        yield "measurements of forgetting", predictions
        return
    task = tasks.load(predictions.about.task)
    yield f"predictions of {task.name}", predictions
    model = predictions.inputs.get("model")
    own = model.about.stages[-1] if model and task.stage else None
    while model:
        yield f"trainings on {own}" if own else "intermediate trainings", model
        model, own = model.inputs.get("parent"), None


def _warning(encoder: str, comparisons: dict[str, dict[Entry, Computed]]) -> str:
    counts = Counter(str(one) for own in comparisons.values() for one in own.values())
    how = ", ".join(f"{count} in {one}" for one, count in sorted(counts.items()))
    names, more = [*comparisons], len(comparisons) - _LISTED
    listed = ", ".join(names[:_LISTED]) + (f" and {more} more" if more > 0 else "")
    return (
        f"{encoder}: results that are compared were computed in different precisions ({how}): {listed}. Differences "
        "between their scores may be due to that. Set `precision: fp32`, or compute them on GPUs of one kind."
    )
