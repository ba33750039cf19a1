"""Results of an experiment as data frames: scores, statistics and trainings."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from xstilts import recipes
from xstilts.config import GridSettings, Stage
from xstilts.errors import UserError
from xstilts.forgetting import Sequence
from xstilts.grid import Grid
from xstilts.names import NO_INTERMEDIATE, path_of, stages_of
from xstilts.orders import Orders
from xstilts.reporting import changed_text, changed_tokens, correction
from xstilts.reporting.collect import ALL
from xstilts.robustness import Robustness
from xstilts.steps.entry import Entry
from xstilts.store import examples
from xstilts.store.entries import finished
from xstilts.transfer import Matrix, is_plain


@dataclass(frozen=True)
class Results:
    """The results of an experiment, for all encoders.

    Args:
        scores: `scores.parquet` of the job `collect`.
        trainings: `trainings.parquet` of the job `collect`.
        statistics: the tables of all jobs `statistics`, with corrected p-values.
        sizes: the number of training rows of each intermediate, summed over its stages and tasks; None if unknown.
        grid: the grid of the experiment, whose order the reports follow.
        over_seeds: how scores are aggregated over seeds, `median` or `mean`.
        own_stages: the stages of each target, which follow the intermediate.
        models: the paths of stages of all models that the experiment trains with each seed.
        seen: the languages with labelled training data of the target's kind, by intermediate and target.
        matrices: the arms that differ only in their source.
        pairs: the differences between the sources of each matrix (`reporting.pairs`), by its title.
        robustness: the arms that answer questions of robustness.
        contrasts: the differences between cells of these arms (`reporting.contrasts`), with corrected p-values.
        changed: how much of the text of each language perturbations have changed (`reporting.changed_text`).
        changed_tokens: how many token ids they have changed (`reporting.changed_tokens`).
        groups: the languages of groups, by the name of the group.
        distances: the distances between sources and evaluated languages that the user gives; empty without a file.
        data: the number of training rows of each model, by its path of stages (None if unknown), and its languages.
        orders: the intermediates that differ only in the order of their tasks.
        left_out: the intermediates and targets that are not part of the grid, each with the reason.
        measured: `forgetting.parquet` of the job `collect`; None if forgetting is not measured.
        sequences: the intermediates of which it is measured.
        measures: how it is measured, with `heads` or `probes`.
    """

    scores: pd.DataFrame
    trainings: pd.DataFrame
    statistics: pd.DataFrame
    sizes: Mapping[str, int | None]
    grid: GridSettings
    over_seeds: str
    own_stages: Mapping[str, tuple[str, ...]]
    models: tuple[str, ...] = ()
    seen: Mapping[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    matrices: tuple[Matrix, ...] = ()
    pairs: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    robustness: Robustness = field(default_factory=Robustness)
    contrasts: pd.DataFrame = field(default_factory=pd.DataFrame)
    changed: pd.DataFrame = field(default_factory=pd.DataFrame)
    changed_tokens: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=changed_tokens.COLUMNS))
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    distances: Mapping[tuple[str, str], float] = field(default_factory=dict)
    data: Mapping[str, tuple[int | None, str]] = field(default_factory=dict)
    orders: tuple[Orders, ...] = ()
    left_out: tuple[str, ...] = ()
    measured: pd.DataFrame | None = None
    sequences: tuple[Sequence, ...] = ()
    measures: tuple[str, ...] = ()

    @property
    def intermediates(self) -> list[str]:
        """The intermediates of the grid, without the baseline."""
        return [name for name in self.grid.intermediates if name != NO_INTERMEDIATE]

    @property
    def has_baseline(self) -> bool:
        """Whether the grid contains the baseline."""
        return NO_INTERMEDIATE in self.grid.intermediates

    @property
    def comparable(self) -> bool:
        """Whether the grid contains the baseline and at least one intermediate."""
        return self.has_baseline and bool(self.intermediates)

    @property
    def is_plain(self) -> bool:
        """Whether all training on tasks of the targets' kinds is in English, and there are no sources."""
        return not self.matrices and is_plain(self.seen)

    def zero_shot(self, target: str, *intermediates: str) -> list[str]:
        """The languages of a target that are seen after none of some intermediates."""
        mine = self.statistics[self.statistics["target"] == target]
        known = {lang for name in intermediates for lang in self.seen.get((name, target), ())}
        return [lang for lang in dict.fromkeys(mine["language"]) if lang not in {ALL, *known}]

    def after(self, *targets: str) -> list[str]:
        """The intermediates after which all of these targets are evaluated, in the order of the grid."""
        names = self.grid.intermediates
        return [name for name in names if all(self.grid.has(name, target) for target in targets)]

    def changes(self, statistics: pd.DataFrame) -> pd.DataFrame:
        """The rows of statistics that are not the baseline's."""
        return statistics[statistics["intermediate"] != NO_INTERMEDIATE]

    def by_target(self, encoder: str) -> pd.DataFrame:
        """The statistics of an encoder, with one row for each intermediate and target."""
        mine = self.statistics[self.statistics["encoder"] == encoder]
        return mine[mine["language"] == ALL]

    def by_language(self, encoder: str) -> pd.DataFrame:
        """The statistics of an encoder, with one row for each intermediate, target and language."""
        mine = self.statistics[self.statistics["encoder"] == encoder]
        return mine[mine["language"] != ALL]

    def uncertain(self, encoder: str) -> pd.DataFrame:
        """Whether the interval of each change over the baseline contains 0: intermediates by targets."""
        rows = self.by_target(encoder)
        return rows.assign(uncertain=holds_zero(rows)).pivot(index="intermediate", columns="target", values="uncertain")


def holds_zero(statistics: pd.DataFrame) -> pd.Series:
    """Whether the interval of each change contains 0; false where there is no interval."""
    return statistics["delta_low"].le(0) & statistics["delta_high"].ge(0)


def read(store: Path, grid: Grid) -> Results:
    """Read the results of an experiment.

    Raises:
        UserError: the scores or their statistics are not finished.
    """
    for entry in (grid.collected, *grid.statistics.values(), *grid.comparisons.values(), *grid.contrasts.values()):
        if not finished(store, entry):
            raise UserError(f"{store / entry.path} is not finished; run snakemake first.")
    collected = store / grid.collected.path
    contrasts = [pd.read_parquet(store / entry.path / "contrasts.parquet") for entry in grid.contrasts.values()]
    targets = [pd.read_parquet(store / entry.path / "statistics.parquet") for entry in grid.statistics.values()]
    return Results(
        scores=pd.read_parquet(collected / "scores.parquet"),
        trainings=pd.read_parquet(collected / "trainings.parquet"),
        statistics=correction.together(targets, grid.config.grid),
        sizes=_sizes(store, grid),
        grid=grid.config.grid,
        over_seeds=grid.config.report.over_seeds,
        own_stages={target: grid.target(target).stages for target in grid.arms.targets},
        models=tuple(dict.fromkeys(stages for _, stages, _, _ in grid.models)),
        seen=grid.trained.seen,
        matrices=grid.trained.matrices,
        pairs={title: pd.read_parquet(store / one.path / "pairs.parquet") for title, one in grid.comparisons.items()},
        robustness=grid.robustness,
        contrasts=correction.of_contrasts(contrasts),
        changed=changed_text.counts(store, grid),
        changed_tokens=changed_tokens.counts(store, grid),
        groups=grid.trained.groups,
        distances=grid.trained.distances,
        data=_data(store, grid),
        orders=grid.orders,
        left_out=grid.arms.left_out,
        measured=pd.read_parquet(collected / "forgetting.parquet") if grid.measured else None,
        sequences=grid.measured.sequences if grid.measured else (),
        measures=grid.measured.measures if grid.measured else (),
    )


def _sizes(store: Path, grid: Grid) -> dict[str, int | None]:
    """The number of training rows of each intermediate; None if the data of one of its stages are no longer stored."""
    models = {stages: grid.entries[path] for _, stages, _, path in grid.models}
    found = {}
    for name in grid.config.grid.intermediates:
        stages = stages_of(name)
        known = [_rows(store, models[path_of(stages[:length])]) for length in range(1, len(stages) + 1)]
        found[name] = None if None in known else sum(filter(None, known))
    return found


def _data(store: Path, grid: Grid) -> dict[str, tuple[int | None, str]]:
    """The number of training rows and the languages of the last stage of each model, by its path of stages."""
    models = {stages: grid.entries[path] for _, stages, _, path in grid.models}
    return {path: (_rows(store, model), _languages(grid, stages_of(path)[-1])) for path, model in models.items()}


def _languages(grid: Grid, stage: str) -> str:
    """The languages of a stage, for each task if its tasks have different ones."""
    found = recipes.trained(grid.config, stage)
    texts = {task: ", ".join(languages) for task, languages in found.items()}
    if len(set(texts.values())) == 1:
        return next(iter(texts.values()))
    return "; ".join(f"{task}: {languages}" for task, languages in texts.items())


def _rows(store: Path, model: Entry) -> int | None:
    """The number of training rows of a stage, summed over its tasks and languages; None if the data are not stored."""
    stage = Stage.of_spec(model.spec["stage"])
    data = [entry for role, entry in model.inputs.items() if role.startswith("data.")]
    if not all(finished(store, entry) for entry in data):
        return None
    return sum(examples.used(store, entry, stage) for entry in data)
