"""An experiment from files to its reports, with every job but the trainings: the models are those of `handset`."""

import importlib
import json
from argparse import Namespace
from functools import cached_property
from pathlib import Path

import handset
import known_answers
import known_bitext
import known_choices
import known_nli
import known_tags
import pytest
from transformers import PreTrainedTokenizerFast

from xstilts.config import Config, parse
from xstilts.experiments import open_grid
from xstilts.grid import Cell, Grid
from xstilts.runtime.timing import measured
from xstilts.steps.entry import Entry
from xstilts.store.drafts import publishing

TARGETS = ("xnli", "udpos", "xquad", "mlqa", "copa", "bucc2018", "tatoeba")
SEEDS = (12, 11, 13)

MODELS = {
    "toy": {
        "xnli": {"none": "BCD", "mnli": "ADC"},
        "udpos": {"none": "CAB", "mnli": "AAC"},
        "squad_v1": {"none": "BCA", "mnli": "BBA"},
        "copa": {"none": "HKH", "mnli": "GGL"},
        "retrieval": {"none": ("K0",) * 3, "mnli": ("K1", "K2", "K1")},
    },
    "other": {
        "xnli": {"none": "ABA", "mnli": "DDB"},
        "udpos": {"none": "ABA", "mnli": "CCB"},
        "squad_v1": {"none": "CCB", "mnli": "ABA"},
        "copa": {"none": "GGL", "mnli": "HKH"},
        "retrieval": {"none": ("K1",) * 3, "mnli": ("K2", "K0", "K0")},
    },
}
"""Which model stands for the training on each target, by encoder, intermediate and seed."""

DEV = {
    "mnli": (61.0, 64.0, 58.0),
    "mnli/mnli": (66.0, 60.0, 62.0),
    "udpos": (70.0, 74.0, 71.0),
    "mnli/udpos": (71.0, 69.0, 70.0),
    "squad_v1": (50.0, 40.0, 45.0),
    "mnli/squad_v1": (52.0, 41.0, 47.0),
    "copa": (55.0, 60.0, 50.0),
    "mnli/copa": (80.0, 75.0, 90.0),
}
"""The dev score with which each model of `toy` was kept, by its stages and seed; those of `other` are 5 lower."""

# The second layer of `toy` mistakes small fish for big birds, and the first one is to be read; that of `other` is read
# by default and is the first one that knows a few Russian words.
LAYER = {"toy": 1}
MOVES = {
    "toy": {"small": "big", "fish": "birds", "love": "see", "water": "ships"},
    "other": dict(zip(handset.LATE, ("birds", "see", "ships"), strict=True)),
}
LATE = {"toy": (), "other": ("птицы", "видят", "корабли")}


class Experiment:
    """All entries of the experiment but its figures, made in this process below a folder."""

    def __init__(self, folder: Path):
        self.folder = folder
        files = known_nli.files() | known_tags.files() | known_answers.files()
        files |= known_choices.files() | known_bitext.files()
        for name, text in files.items():
            path = folder / "data" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        self.tokens: PreTrainedTokenizerFast = handset.tokenizer(files.values(), known_tags.PIECES)
        for name, models in MODELS.items():
            says = known_bitext.says(models["retrieval"]["none"][0], *LATE[name])
            handset.encoder(folder / name, self.tokens, says, MOVES[name])

    @cached_property
    def config(self) -> Config:
        """The configuration."""
        return parse(
            {
                "experiment": "known",
                "store": str(self.folder / "results"),
                "data": str(self.folder / "data"),
                "grid": {
                    "encoders": list(MODELS),
                    "intermediates": ["none", "mnli"],
                    "targets": list(TARGETS),
                    "seeds": list(SEEDS),
                },
                "languages": ["en", "es", "de", "ru", "zh"],
                "tasks": {
                    "xnli": {"languages": ["en", "de", "zh"]},
                    "udpos": {"languages": ["en", "de", "zh"]},
                    "xquad": {"languages": list(known_answers.XQUAD)},
                    "mlqa": {"max_length": 24, "doc_stride": 8, "max_query_length": 8},
                    "copa": {"split": "dev"},
                    "tatoeba": {"languages": ["de", "ru", "zh"]},
                },
                "encoders": {
                    name: {
                        "path": str(self.folder / name),
                        "max_length": 256,
                        "retrieval": {"layer": LAYER[name]} if name in LAYER else {},
                    }
                    for name in MODELS
                },
                "report": {"samples": 999},
            }
        )

    @cached_property
    def grid(self) -> Grid:
        """The grid."""
        return open_grid(self.config)

    def run(self) -> "Experiment":
        """Make everything, in an order in which each job finds its inputs."""
        with pytest.MonkeyPatch.context() as patch:
            # All jobs plan the same; to plan anew takes longer than the work of each.
            patch.setattr("xstilts.experiments.read_whole", lambda file: self.config)
            patch.setattr("xstilts.experiments.open_grid", lambda config: self.grid)
            # Several batches of each target, and several calls of the tokenizer.
            patch.setattr("xstilts.prediction.forward.TOKENS_PER_BATCH", 100)
            patch.setattr("xstilts.features.tokens._BATCH", 4)
            for entry in self.grid.entries.values():
                self._make(entry)
        return self

    def path(self, entry: Entry) -> Path:
        """The place of an entry."""
        return self.config.store / entry.path

    def predictions(self, encoder: str, intermediate: str, target: str, seed: int) -> Path:
        """The folder with the prediction files of a cell."""
        (cell,) = (one for one in self.grid.cells if _name(one) == (encoder, intermediate, target, seed))
        return self.path(cell.predictions) / "predictions" / target

    def _make(self, entry: Entry) -> None:
        if entry.step == "train_stage":
            self._trained(entry)
        elif entry.step != "figures":
            arguments = Namespace(config=None, entry=entry.path)
            importlib.import_module(f"xstilts.jobs.{entry.step}").run(arguments)

    def _trained(self, entry: Entry) -> None:
        """A model set by hand in the place of a trained one."""
        encoder, stages = entry.about.encoder, entry.about.stages
        before, own = ("mnli" if len(stages) == 2 else "none"), stages[-1]
        seed = SEEDS.index(entry.about.seed)
        target = "xnli" if own == "mnli" else own
        name = MODELS[encoder][target][before][seed]
        with publishing(self.config.store, entry) as draft, measured(draft):
            if target == "xnli":
                # As an intermediate, the model of this seed is an encoder for retrieval, too.
                words = known_bitext.says(MODELS[encoder]["retrieval"]["mnli"][seed], *LATE[encoder])
                says = words | known_nli.MODELS[name]
                handset.model(draft.folder, self.tokens, "classification", says, moves=MOVES[encoder])
            elif target == "udpos":
                handset.model(draft.folder, self.tokens, "tagging", known_tags.MODELS[name], otherwise={"X": 1.0})
            elif target == "squad_v1":
                handset.model(draft.folder, self.tokens, "span", known_answers.MODELS[name])
            else:
                handset.model(draft.folder, self.tokens, "multiple_choice", known_choices.MODELS[name])
            record = _record(own, DEV["/".join(stages)][seed] - 5 * (encoder == "other"))
            (draft.folder / "training.json").write_text(json.dumps(record), encoding="utf-8")


def _record(task: str, best: float) -> dict:
    """What a training writes of itself, whose second evaluation of three is the best."""
    evaluations = [{"step": 10 * n, "score": best - lost, task: best - lost} for n, lost in enumerate((20, 0, 5), 1)]
    return {"steps": 30, "planned_steps": 30, "best": evaluations[1], "evaluations": evaluations}


def _name(cell: Cell) -> tuple[str, str, str, int]:
    return cell.encoder, cell.intermediate, cell.target, cell.seed
