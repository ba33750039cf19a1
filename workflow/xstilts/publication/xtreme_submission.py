"""Submissions to the XTREME leaderboard: the prediction files of all nine targets."""

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pyarrow.parquet as pq

from xstilts import tasks
from xstilts.config import Config
from xstilts.errors import DataError, UserError
from xstilts.fingerprints.atomic import replacing
from xstilts.fingerprints.spec import sha256
from xstilts.grid import Cell, Grid
from xstilts.metrics import xtreme
from xstilts.prediction import xtreme_files
from xstilts.publication import forms
from xstilts.publication.selection import SPLIT, Choice, choose, seen_in_test
from xstilts.sources import files, row_counts
from xstilts.sources.columns import file_name
from xstilts.store.entries import finished, require_intact
from xstilts.store.jsonfiles import write_json
from xstilts.task import Task

RECORD = "submission.json"
PREDICTIONS = "predictions"


@dataclass(frozen=True)
class Missing:
    """Files that a submission requires and that cannot be written.

    Args:
        files: their paths in the submission.
        why: the problem.
        advice: what to do about it.
    """

    files: tuple[str, ...]
    why: str
    advice: str


def file_names(task: Task) -> dict[str, str]:
    """The paths of the files of a task in a submission, by language."""
    return {lang: f"{task.name}/{xtreme_files.file_name(task.kind, SPLIT, lang)}" for lang in task.languages}


class Submission:
    """A submission of the predictions of one encoder and seed.

    Args:
        wanted: the intermediate of each target, or `best`.

    Attributes:
        choices: the selection for each target of the experiment.
        chosen: the selected cells by target, for targets with one.
        missing: all problems; the submission can be written if there are none.
    """

    def __init__(self, config: Config, grid: Grid, encoder: str, seed: int, wanted: Mapping[str, str]):
        self.config, self.grid = config, grid
        self._cells = [cell for cell in grid.cells if (cell.encoder, cell.seed) == (encoder, seed)]
        self.choices = {
            target: choose(config.store, self._cells, target, wanted[target])
            for target in xtreme.TASKS
            if target in config.grid.targets
        }
        self.chosen = {target: choice.cell for target, choice in self.choices.items() if choice.cell}
        self.missing = [missing for target in xtreme.TASKS for missing in self._missing(tasks.load(target))]

    @cached_property
    def notes(self) -> list[str]:
        """Notes on dev examples used for the selection that are also test examples."""
        by_dev_score = {target: cell for target, cell in self.chosen.items() if self.choices[target].scores}
        found = {target: seen_in_test(self.config.store, cell) for target, cell in by_dev_score.items()}
        return [_note(target, counts) for target, counts in found.items() if counts is None or counts[0]]

    def write(self, folder: Path) -> int:
        """Write the files to `predictions/` in a folder, with their origin in `submission.json` beside it.

        Returns:
            The number of prediction files.

        Raises:
            UserError: the folder exists and is not a submission.
        """
        if folder.exists() and not (folder / RECORD).is_file():
            raise UserError(f"{folder} exists and is not a submission; give another folder with --to.")
        with replacing(folder) as draft:
            names = [name for target in self.chosen for name in self._copy(target, draft / PREDICTIONS)]
            write_json(draft / RECORD, self._record(draft, names))
            if folder.exists():
                shutil.rmtree(folder)
        return len(names)

    def _copy(self, target: str, place: Path) -> Iterator[str]:
        source = self.config.store / self.chosen[target].predictions.path / PREDICTIONS
        (place / target).mkdir(parents=True)
        for name in file_names(tasks.load(target)).values():
            shutil.copyfile(source / name, place / name)
            yield name

    def _record(self, draft: Path, names: list[str]) -> dict:
        chosen = {
            target: {
                "encoder": cell.encoder,
                "intermediate": cell.intermediate,
                "seed": cell.seed,
                "chosen": "on dev" if self.choices[target].scores else "by name",
                "dev_scores": dict(self.choices[target].scores),
                "predictions": cell.predictions.path,
            }
            for target, cell in self.chosen.items()
        }
        hashes = {name: sha256(draft / PREDICTIONS / name) for name in names}
        return {"experiment": self.config.experiment, "targets": chosen, "notes": self.notes, "sha256": hashes}

    def _missing(self, task: Task) -> Iterator[Missing]:
        """The problems of one target; each file occurs in at most one of them."""
        names = file_names(task)
        if task.name not in self.choices:
            yield Missing(tuple(names.values()), *_not_a_target(task))
            return
        there = {lang: names[lang] for lang in names if lang in self.grid.languages(task.name)}
        absent = tuple(name for lang, name in names.items() if lang not in there)
        if absent:
            yield Missing(
                absent, "these languages are not evaluated", _leave_out(f"languages (or tasks.{task.name}.languages)")
            )
        if problem := self._unfit(task) or self._unfinished(task):
            yield Missing(tuple(there.values()), *problem)
            return
        for lang, name in there.items():
            if problem := self._malformed(task, lang, name):
                yield Missing((name,), *problem)

    def _unfit(self, task: Task) -> tuple[str, str] | None:
        """Why the configuration of a target does not allow a submission; None if it does."""
        settings = self.config.task(task.name)
        if task.name not in self.grid.arms.official:
            problem = "the target is trained or evaluated otherwise than in XTREME"
            return problem, _leave_out(f"targets.{task.name} (or the other languages of its training)")
        if files.source(task, self.config) == "miniature":
            return "the examples are those of the miniature (source: miniature)", "set `source: hub` or `release`"
        if settings.split != SPLIT:
            return f"the predictions are for {settings.split}", _leave_out(f"tasks.{task.name}.split")
        if settings.limit.test is not None:
            return f"the predictions are for the first {settings.limit.test} examples", _leave_out("limit.test")
        return None

    def _unfinished(self, task: Task) -> tuple[str, str] | None:
        """Why there are no predictions of a target to submit; None if there are."""
        cell = self.chosen.get(task.name)
        if cell is None:
            return self._not_chosen(task, self.choices[task.name])
        entry = cell.predictions
        if not finished(self.config.store, entry):
            return f"{_described(cell)}: not predicted yet", "run snakemake"
        if not finished(self.config.store, entry.inputs["data"]):
            gone = f"the test examples are no longer in the store ({entry.inputs['data'].path})"
            return gone, f"delete {self.config.store / entry.manifest} and run snakemake"
        try:
            require_intact(self.config.store, cell.scores)
        except UserError as error:
            return str(error), "recompute it as described"
        return None

    def _not_chosen(self, task: Task, choice: Choice) -> tuple[str, str]:
        name_one = f"name an intermediate with --choose {task.name}=<intermediate>"
        if task.stage is None:
            return "the target has no training, so there is no dev score for a selection", name_one
        missing = [name for name, score in choice.scores.items() if score is None]
        cells = [cell for cell in self._cells if cell.target == task.name and cell.intermediate in missing]
        if all(finished(self.config.store, cell.predictions.inputs["model"]) for cell in cells):
            return "its dev set is unlabelled, so there is no dev score for a selection", name_one
        listed = "; ".join(_described(cell) for cell in cells)
        return (
            f"dev scores for a selection are missing; not trained yet: {listed}",
            f"run snakemake, or {name_one}",
        )

    def _malformed(self, task: Task, lang: str, name: str) -> tuple[str, str] | None:
        """The problem with the file of one language; None if it is valid."""
        cell = self.chosen[task.name]
        data = self.config.store / cell.predictions.inputs["data"].path / file_name(SPLIT, lang)
        examples = pq.read_table(data)
        if unexpected := row_counts.unexpected(task, SPLIT, lang, examples.num_rows, None):
            return f"the test set has {unexpected}", "read the benchmark's test set (docs/tasks.md) and run snakemake"
        try:
            predictions = xtreme_files.read(
                self.config.store / cell.predictions.path / PREDICTIONS / name,
                xtreme_files.form_of(task.kind, task.metric),
            )
        except DataError as error:
            problem: str | None = str(error)
        else:
            problem = forms.problem(task, examples, predictions)
        advice = f"delete {self.config.store / cell.predictions.manifest} and run snakemake"
        return (f"{_described(cell)}: {problem}", advice) if problem else None


def _note(target: str, counts: tuple[int, int] | None) -> str:
    if counts is None:
        return f"{target}: its dev examples are not in the store any more, so none was looked for in its test set"
    seen, total = counts
    return f"{target}: {seen} of the {total} dev examples by which its intermediate was chosen are test examples of it"


def _not_a_target(task: Task) -> tuple[str, str]:
    return f"{task.name} is not a target of this experiment", f"add {task.name} to grid.targets and run snakemake"


def _leave_out(key: str) -> str:
    return f"leave {key} out of the configuration and run snakemake"


def _described(cell: Cell) -> str:
    return f"cell {cell.encoder}, {cell.intermediate}, {cell.target}, seed {cell.seed}"
