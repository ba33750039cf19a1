"""From a configuration to everything that has to exist for it: the entries of the store, by name.

An entry is one folder of the store: read data, token ids, a model, predictions, scores, tables. Its name carries the
fingerprint of its spec, so equal work has equal names and two cells share what they have in common. This module is
pure: all that it knows of files and code comes through an `Identity`.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property, wraps
from typing import Protocol

from xstilts import tasks
from xstilts.checks import check, check_lengths
from xstilts.config import Config, Encoder, Stage, stages_of
from xstilts.fingerprints.spec import fingerprint
from xstilts.languages import facts
from xstilts.sources.miniature import LANGUAGES as MINIATURE
from xstilts.task import Task

_ENCODING = {"span": ("max_length", "doc_stride", "max_query_length")}
"""The settings that decide the token ids of each kind; `max_length` alone where nothing is said."""


class Identity(Protocol):
    """What stands for files and code in a spec."""

    def code(self, role: str) -> str:
        """The fingerprint of the code of something that the grid names (`xstilts.fingerprints.sourcecode.ROLES`)."""

    def modules(self, role: str) -> dict[str, str]:
        """The modules of that code, each with its own fingerprint."""

    def library(self, name: str) -> str:
        """The minor version of a library."""

    def split(self, task: Task, split: str, lang: str, config: Config) -> dict:
        """What a split in one language is read from."""

    def encoder(self, name: str, encoder: Encoder) -> dict:
        """The weights and settings of an encoder."""

    def tokenizer(self, name: str, encoder: Encoder) -> dict:
        """The tokenizer of an encoder."""

    def longest(self, encoder: Encoder) -> int | None:
        """The sub-words of the longest sequence that an encoder can take, where that is known."""


@dataclass(frozen=True, eq=False)
class Entry:
    """Something in the store, finished or not; a grid has one of each path.

    Args:
        step: the rule that makes it.
        path: its place below the store.
        spec: all that its content depends on, besides what its path says.
        inputs: the entries that it is made from, by role.
        manifest: the file, below the store, whose presence says that it is finished.
        about: names that the job needs and the path already stands for (encoder, seed, ...).
        modules: by role, the modules of its code with their fingerprints; they tell which one changed, and are in no
            name.
    """

    step: str
    path: str
    spec: dict
    inputs: dict[str, "Entry"]
    manifest: str
    about: dict = field(default_factory=dict)
    modules: dict[str, dict[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Cell:
    """One number of the grid: a target, after an intermediate, with one encoder and one seed."""

    encoder: str
    intermediate: str
    target: str
    seed: int
    predictions: Entry
    scores: Entry

    @property
    def record(self) -> list:
        """What it is in a table of scores, and where these lie below the store."""
        return [self.encoder, self.intermediate, self.target, self.seed, self.scores.path]


def once(method: Callable) -> Callable:
    """A method of a grid that works out each of its answers once: cells share most of what they need."""

    @wraps(method)
    def remembering(self: "Grid", *arguments):
        key = (method.__name__, *arguments)
        if key not in self._known:
            self._known[key] = method(self, *arguments)
        return self._known[key]

    return remembering


def stages_in(path: str) -> str:
    """The names of the stages of a model with this path, as an intermediate is written."""
    _, _, *stages, _ = path.split("/")
    return "/".join(stage.partition("~")[0] for stage in stages)


def predictor(task: Task) -> str:
    """From what the predictions of a task are made: `vectors` of sentences, or `outputs` of a model with a head."""
    return "vectors" if task.kind == "retrieval" else "outputs"


class Grid:
    """All cells of an experiment and the entries that they need.

    Raises:
        ConfigError: a name that does not exist or a combination that cannot be.
    """

    def __init__(self, config: Config, identity: Identity):
        self.config = config
        self.identity = identity
        self._entries: dict[str, Entry] = {}
        self._known: dict[tuple, object] = {}
        check(config)
        check_lengths(config, identity.longest)

    @cached_property
    def cells(self) -> list[Cell]:
        """Encoder by encoder, then intermediate, target and seed, each in the order of the configuration."""
        grid = self.config.grid
        return [
            self._cell(encoder, intermediate, target, seed)
            for encoder in grid.encoders
            for intermediate in grid.intermediates
            for target in grid.targets
            for seed in grid.seeds
        ]

    @cached_property
    def models(self) -> list[list]:
        """The encoder, the names of the stages, the seed and the path of every model that a cell is made from."""
        _ = self.cells
        trained = [entry for entry in self._entries.values() if entry.step == "train_stage"]
        return [[model.about["encoder"], stages_in(model.path), model.about["seed"], model.path] for model in trained]

    @cached_property
    def reports(self) -> tuple[Entry, ...]:
        """The last entries: what a person reads of the experiment."""
        return self.tables, self.figures, self.page

    @cached_property
    def tables(self) -> Entry:
        """The tables of the experiment."""
        collected, statistics = self.collected, self.statistics
        inputs = {"scores": collected, "statistics": statistics}
        return self._report("tables", inputs, ("benchmark.xtreme",), scores=collected.path, statistics=statistics.path)

    @cached_property
    def figures(self) -> Entry:
        """The figures of the experiment."""
        collected, statistics = self.collected, self.statistics
        return self._report(
            "figures",
            {"scores": collected, "statistics": statistics},
            scores=collected.path,
            statistics=statistics.path,
            languages=self._shown,
            libraries=self._libraries("altair", "vl-convert-python"),
        )

    @cached_property
    def page(self) -> Entry:
        """The page of the experiment, with predictions of the first seed."""
        collected, statistics = self.collected, self.statistics
        shown = [cell.scores for cell in self.cells if cell.seed == self.config.grid.seeds[0]]
        read = {entry.path: entry for scores in shown for entry in (scores, *scores.inputs.values())}
        return self._report(
            "page",
            {"scores": collected, "statistics": statistics} | read,
            scores=collected.path,
            statistics=statistics.path,
            languages=self._shown,
            libraries=self._libraries("altair", "vl-convert-python"),
        )

    @cached_property
    def collected(self) -> Entry:
        """The scores of all cells, and the dev scores of all trainings."""
        return self._report("collect", self._scores, trainings=self.models)

    @cached_property
    def statistics(self) -> Entry:
        """The intervals and tests of all scores."""
        used = {f"metric.{tasks.load(target).metric}" for target in self.config.grid.targets}
        return self._report("statistics", self._scores, used, settings=self.config.report.in_specs())

    @cached_property
    def entries(self) -> dict[str, Entry]:
        """Every entry of the experiment, by its path."""
        _ = self.reports
        return dict(self._entries)

    @cached_property
    def _scores(self) -> dict[str, Entry]:
        return {cell.scores.path: cell.scores for cell in self.cells}

    @cached_property
    def _shown(self) -> dict[str, dict[str, str]]:
        """What figures use of the languages that they show, and of English, from which distances are counted."""
        shown = {lang for target in self.config.grid.targets for lang in self.languages(target)}
        return facts({"en", *shown}, "name", "family", "branch", "script")

    @once
    def languages(self, target: str) -> tuple[str, ...]:
        """The languages in which a target is evaluated, in the benchmark's order."""
        task, settings = tasks.load(target), self.config.task(target)
        wanted = settings.languages or self.config.languages or task.languages
        missing = task.missing_languages.get(settings.split, ())
        return tuple(lang for lang in task.languages if lang in wanted and lang not in missing)

    def _cell(self, encoder: str, intermediate: str, target: str, seed: int) -> Cell:
        own = tasks.load(target).stage
        stages = stages_of(intermediate) + ((own,) if own else ())
        predictions = self._predictions(encoder, stages, target, seed)
        return Cell(encoder, intermediate, target, seed, predictions, self._score(predictions, target))

    def _add(self, step: str, stem: str, spec: dict, inputs: dict[str, Entry], **about) -> Entry:
        """An entry whose path is `stem` with its fingerprint for `{}`."""
        path = stem.format(fingerprint(spec))
        if path not in self._entries:
            modules = {role: self.identity.modules(role) for role in spec["code"]}
            self._entries[path] = Entry(step, path, spec, inputs, f"{path}/manifest.json", about, modules)
        return self._entries[path]

    def _code(self, *roles: str) -> dict[str, str]:
        """The fingerprints of the code of some roles."""
        return {role: self.identity.code(role) for role in roles}

    def _libraries(self, *names: str) -> dict[str, str]:
        return {name: self.identity.library(name) for name in names}

    def _report(self, step: str, inputs: dict[str, Entry], loaded: Iterable[str] = (), **made_from) -> Entry:
        """An entry that belongs to this experiment alone; `loaded` are the roles of its code besides its job's."""
        cells = [cell.record for cell in self.cells]
        spec = {"step": step, "cells": cells, "code": self._code(f"job.{step}", *loaded), **made_from}
        name = self.config.experiment
        return self._add(step, f"experiments/{name}/{step}~{{}}", spec, inputs, experiment=name)

    @once
    def _data(self, name: str, role: str, splits: tuple[str, ...], languages: tuple[str, ...]) -> Entry:
        task, settings = tasks.load(name), self.config.task(name)
        pairs = [(s, lang) for s in splits for lang in languages if lang not in task.missing_languages.get(s, ())]
        used = sorted({fact for part in task.parts for fact in part.language_facts})
        world = self._world(task)
        spec = {
            "step": "read_task",
            "task": name,
            "files": {f"{s}.{lang}": self.identity.split(task, s, lang, self.config) for s, lang in pairs},
            "limit": settings.limit.in_specs(only=splits),
            "code": self._code("job.read_task", *(f"task.{one.name}" for one in (task, *task.pools))),
            **({"languages": facts((lang for _, lang in pairs), *used)} if used else {}),
            **{role: entry.path for role, entry in world.items()},
        }
        return self._add("read_task", f"data/{name}.{role}~{{}}", spec, world, task=name)

    def _world(self, task: Task) -> dict[str, Entry]:
        """The files of the embedded benchmark, as an input, if a task is read from them."""
        if all(self.config.task(part.name).source != "miniature" for part in task.parts):
            return {}
        spec = {
            "step": "write_miniature",
            "settings": self.config.miniature.in_specs(),
            "languages": facts(MINIATURE, "iso3", "name"),
            "code": self._code("job.write_miniature"),
        }
        return {"miniature": self._add("write_miniature", "miniature/data~{}", spec, {})}

    @once
    def _made_tokenizer(self, encoder: str) -> dict[str, Entry]:
        """The tokenizer of an encoder that is made here, as an input; nothing for one that comes from elsewhere."""
        settings = self._encoder(encoder).pretraining
        if settings is None:
            return {}
        spec = {
            "step": "make_tokenizer",
            "settings": settings.in_specs(only=("seed", "sentences", "max_length")),
            "code": self._code("job.make_tokenizer"),
            "libraries": self._libraries("transformers", "tokenizers"),
        }
        return {"tokenizer": self._add("make_tokenizer", "miniature/tokenizer~{}", spec, {}, encoder=encoder)}

    @once
    def _made_encoder(self, encoder: str) -> dict[str, Entry]:
        """An encoder that is made here, as an input; nothing for one that comes from elsewhere."""
        settings, tokenizer = self._encoder(encoder).pretraining, self._made_tokenizer(encoder)
        if settings is None:
            return {}
        spec = {
            "step": "pretrain_encoder",
            "settings": settings.in_specs(),
            "code": self._code("job.pretrain_encoder"),
            "libraries": self._libraries("torch", "transformers", "tokenizers"),
            **{role: entry.path for role, entry in tokenizer.items()},
        }
        return {"encoder": self._add("pretrain_encoder", f"miniature/{encoder}~{{}}", spec, tokenizer, encoder=encoder)}

    @once
    def _origin(self, encoder: str, part: str) -> str:
        """The fingerprint of the `encoder` or the `tokenizer` of an encoder."""
        made = {"encoder": self._made_encoder, "tokenizer": self._made_tokenizer}[part](encoder)
        paths = {role: entry.path for role, entry in made.items()}
        return fingerprint(paths or getattr(self.identity, part)(encoder, self._encoder(encoder)))

    def _training_data(self, task: str, stage: Stage) -> Entry:
        return self._data(task, "train", ("train", "dev"), stage.languages)

    def _evaluation_data(self, target: str) -> Entry:
        split, threshold_split = self.config.task(target).split, tasks.load(target).threshold_split
        splits = (split,) if threshold_split in (None, split) else (threshold_split, split)
        return self._data(target, "evaluate", splits, self.languages(target))

    @once
    def _features(self, encoder: str, data: Entry) -> Entry:
        name = data.about["task"]
        kind, settings = tasks.load(name).kind, self.config.task(name)
        if kind == "retrieval":
            settings = settings.model_copy(update={"max_length": self._encoder(encoder).sentence_length})
        spec = {
            "step": "encode_task",
            "data": data.path,
            "settings": settings.in_specs(only=_ENCODING.get(kind, ("max_length",))),
            "code": self._code("job.encode_task", f"kind.{kind}"),
            "libraries": self._libraries("transformers", "tokenizers"),
        }
        tokenizer, role = self._origin(encoder, "tokenizer"), data.path.split("/")[1].partition("~")[0]
        stem = f"features/tokenizer~{tokenizer}/{role}~{{}}"
        inputs = {"data": data} | self._made_tokenizer(encoder)
        return self._add("encode_task", stem, spec, inputs, task=name, encoder=encoder)

    @once
    def _model(self, encoder: str, stages: tuple[str, ...], seed: int) -> Entry | None:
        """The model that the stages make, or None for the encoder as it is."""
        if not stages:
            return None
        stage = self.config.stage(stages[-1])
        features = {task: self._features(encoder, self._training_data(task, stage)) for task in stage.tasks}
        data = {f"data.{task}": entry.inputs["data"] for task, entry in features.items()}
        parent = self._model(encoder, stages[:-1], seed)
        spec = {
            "step": "train_stage",
            "stage": stage.in_specs(without=() if len(stage.tasks) > 1 else ("sampling",)),
            "features": {task: entry.path for task, entry in features.items()},
            "code": self._code("job.train_stage", *_loaded(stage.tasks)),
            "libraries": self._libraries("torch", "transformers", "accelerate"),
        }
        folder = self._folder(encoder, stages[:-1], seed)
        inputs = {f"features.{task}": entry for task, entry in features.items()} | data
        return self._add(
            "train_stage",
            f"models/{folder}/{stages[-1]}~{{}}/seed-{seed}",
            spec,
            inputs | ({"parent": parent} if parent else self._made_encoder(encoder)),
            encoder=encoder,
            seed=seed,
        )

    def _folder(self, encoder: str, stages: tuple[str, ...], seed: int) -> str:
        """The path of a model without `models/` and its seed: the encoder and its stages, each with its fingerprint."""
        model = self._model(encoder, stages, seed)
        if model:
            return model.path.removeprefix("models/").rpartition("/")[0]
        return f"{encoder}~{self._origin(encoder, 'encoder')}"

    def _predictions(self, encoder: str, stages: tuple[str, ...], target: str, seed: int) -> Entry:
        task, model = tasks.load(target), self._model(encoder, stages, seed)
        features = self._features(encoder, self._evaluation_data(target))
        spec = {
            "step": "predict",
            "features": features.path,
            "split": self.config.task(target).split,
            "options": self._prediction_options(encoder, stages, task),
            "code": self._code("job.predict", *_loaded((target,)), f"predictor.{predictor(task)}"),
            "libraries": self._libraries("torch", "transformers"),
        }
        inputs = {"features": features, "data": features.inputs["data"]}
        inputs |= {"model": model} if model else self._made_encoder(encoder)
        place = f"seed-{seed}" if model else "untrained"
        stem = f"cells/{self._folder(encoder, stages, seed)}/{target}~{{}}/{place}"
        return self._add("predict", stem, spec, inputs, encoder=encoder, task=target, seed=seed)

    def _prediction_options(self, encoder: str, stages: tuple[str, ...], task: Task) -> dict:
        if task.kind == "retrieval":
            return self._encoder(encoder).retrieval.in_specs(only=("layer", "pooling"))
        return self.config.stage(stages[-1]).in_specs(only=("precision",))

    def _score(self, predictions: Entry, target: str) -> Entry:
        data = predictions.inputs["data"]
        spec = {
            "step": "score",
            "data": data.path,
            "code": self._code("job.score", f"metric.{tasks.load(target).metric}"),
            "libraries": self._libraries("seqeval"),
        }
        inputs = {"predictions": predictions, "data": data}
        return self._add("score", f"{predictions.path}/scores~{{}}", spec, inputs, task=target)

    def _encoder(self, name: str) -> Encoder:
        return self.config.encoders[name]


def _loaded(names: Iterable[str]) -> list[str]:
    """The roles that a job on models loads by name for its tasks, without those of their metrics."""
    return [role for name in names for role in (f"task.{name}", f"kind.{tasks.load(name).kind}")]
