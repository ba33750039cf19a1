"""A submission to the XTREME leaderboard: the prediction files of all nine targets, all of them or none."""

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
    """Files that a submission has to have and cannot have yet.

    Args:
        files: their places in it.
        why: what is wrong, in words.
        advice: what to do about it.
    """

    files: tuple[str, ...]
    why: str
    advice: str


def file_names(task: Task) -> dict[str, str]:
    """The places of a task's files in a submission, by language."""
    return {lang: f"{task.name}/{xtreme_files.file_name(task.kind, SPLIT, lang)}" for lang in task.languages}


class Submission:
    """What an experiment has of a submission.

    Args:
        wanted: an intermediate, or `best`, for each target.

    Attributes:
        choices: the cell for each target of the experiment.
        missing: everything that is missing or wrong; a submission can be written when there is nothing.
    """

    def __init__(self, config: Config, grid: Grid, encoder: str, seed: int, wanted: Mapping[str, str]):
        self.config, self.grid = config, grid
        self._cells = [cell for cell in grid.cells if (cell.encoder, cell.seed) == (encoder, seed)]
        self.choices = {
            target: choose(config.store, self._cells, target, wanted[target])
            for target in xtreme.TASKS
            if target in config.grid.targets
        }
        self.missing = [missing for target in xtreme.TASKS for missing in self._missing(tasks.load(target))]

    @cached_property
    def notes(self) -> list[str]:
        """What should be known of the choice: dev examples that are test examples too."""
        chosen = {target: choice.cell for target, choice in self.choices.items() if choice.scores}
        found = {target: seen_in_test(self.config.store, cell) for target, cell in chosen.items()}
        return [_note(target, counts) for target, counts in found.items() if counts is None or counts[0]]

    def write(self, folder: Path) -> int:
        """Write the files to `predictions/` of a folder, and what they are to `submission.json` beside it.

        Returns:
            The number of prediction files.

        Raises:
            UserError: the folder is there and is not an earlier submission.
        """
        if folder.exists() and not (folder / RECORD).is_file():
            raise UserError(f"{folder} is there already and is no submission; give another folder with --to.")
        with replacing(folder) as draft:
            names = [name for target in self.choices for name in self._copy(target, draft / PREDICTIONS)]
            write_json(draft / RECORD, self._record(draft, names))
            if folder.exists():
                shutil.rmtree(folder)
        return len(names)

    def _copy(self, target: str, place: Path) -> Iterator[str]:
        source = self.config.store / self.choices[target].cell.predictions.path / PREDICTIONS
        (place / target).mkdir(parents=True)
        for name in file_names(tasks.load(target)).values():
            shutil.copyfile(source / name, place / name)
            yield name

    def _record(self, draft: Path, names: list[str]) -> dict:
        chosen = {
            target: {
                "encoder": choice.cell.encoder,
                "intermediate": choice.cell.intermediate,
                "seed": choice.cell.seed,
                "chosen": "on dev" if choice.scores else "by name",
                "dev_scores": dict(choice.scores),
                "predictions": choice.cell.predictions.path,
            }
            for target, choice in self.choices.items()
        }
        hashes = {name: sha256(draft / PREDICTIONS / name) for name in names}
        return {"experiment": self.config.experiment, "targets": chosen, "notes": self.notes, "sha256": hashes}

    def _missing(self, task: Task) -> Iterator[Missing]:
        """Everything of one target that is missing or wrong, each file once."""
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
        """Why no prediction of the experiment on a target can be submitted."""
        settings = self.config.task(task.name)
        if files.source(task, self.config) == "miniature":
            return "the examples are made up (source: miniature)", "read the real ones, with `source: hub` or `release`"
        if settings.split != SPLIT:
            return f"the predictions are for {settings.split}", _leave_out(f"tasks.{task.name}.split")
        if settings.limit.test is not None:
            return f"the predictions are for the first {settings.limit.test} examples", _leave_out("limit.test")
        return None

    def _unfinished(self, task: Task) -> tuple[str, str] | None:
        """Why there is no cell to take the predictions of a target from."""
        choice = self.choices[task.name]
        if choice.cell is None:
            return self._not_chosen(task, choice)
        entry = choice.cell.predictions
        if not finished(self.config.store, entry):
            return f"{_described(choice.cell)}: not predicted yet", "run snakemake"
        if not finished(self.config.store, entry.inputs["data"]):
            gone = f"the test examples are not in the store any more ({entry.inputs['data'].path})"
            return gone, f"delete {self.config.store / entry.manifest} and run snakemake"
        try:
            require_intact(self.config.store, choice.cell.scores)
        except UserError as error:
            return str(error), "make it anew, as it says"
        return None

    def _not_chosen(self, task: Task, choice: Choice) -> tuple[str, str]:
        name_one = f"name an intermediate with --choose {task.name}=<intermediate>"
        if task.stage is None:
            return "the target has no training and so no dev score to choose by", name_one
        without = [name for name, score in choice.scores.items() if score is None]
        cells = [cell for cell in self._cells if cell.target == task.name and cell.intermediate in without]
        if all(finished(self.config.store, cell.predictions.inputs["model"]) for cell in cells):
            return "its dev set has no labels, so there is no dev score to choose by", name_one
        listed = "; ".join(_described(cell) for cell in cells)
        return (
            f"no dev score to choose by, because these are not trained yet: {listed}",
            f"run snakemake, or {name_one}",
        )

    def _malformed(self, task: Task, lang: str, name: str) -> tuple[str, str] | None:
        """What is wrong with one file."""
        cell = self.choices[task.name].cell
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
            problem = str(error)
        else:
            problem = forms.problem(task, examples, predictions)
        anew = f"delete {self.config.store / cell.predictions.manifest} and run snakemake"
        return (f"{_described(cell)}: {problem}", anew) if problem else None


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
