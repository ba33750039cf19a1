"""Turns a configuration into the entries of the store that it requires.

An entry is one folder of the store: examples, token ids, a model, predictions, scores or tables. Its name contains the
fingerprint of its spec (`xstilts.steps.specs`), so that equal work has equal names and cells share the entries that
they have in common. This module is pure: files and code are only seen through an `Identity`.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property, wraps
from typing import Any, Protocol, TypeVar, cast

from xstilts import arms, orders, paths, perturbations, recipes, robustness, tasks
from xstilts.checks import check, check_lengths
from xstilts.config import Config, ConfigError, Encoder, Stage
from xstilts.config.stages import PRETRAINED
from xstilts.dropouts import check_dropout
from xstilts.fingerprints.sameness import Sameness
from xstilts.fingerprints.spec import FileHashes, fingerprint
from xstilts.forgetting import Measured, Measurements
from xstilts.languages import facts
from xstilts.names import NO_INTERMEDIATE, path_of, reference, split_name, stages_of
from xstilts.orders import Orders
from xstilts.recipes import Target
from xstilts.robustness import Contrasts, Robustness
from xstilts.sources.miniature import LANGUAGES as MINIATURE
from xstilts.steps import specs
from xstilts.steps.entry import EVALUATE, HEAD, TRAIN, About, Entry
from xstilts.task import Task
from xstilts.transfer import Matrix, TrainingLanguages

TOKENIZING = ("transformers", "tokenizers")
"""Libraries that determine token ids."""
DRAWING = ("altair", "vl-convert-python")
"""Libraries that determine figures."""

_Method = TypeVar("_Method", bound=Callable)


class Identity(Protocol):
    """How files, code and libraries are identified in specs.

    Args:
        hashes: the SHA-256 of the files that were read.
        sameness: the records of sameness that apply.
    """

    hashes: FileHashes
    sameness: Sameness

    def code(self, role: str) -> str:
        """The fingerprint of the code of a role (`xstilts.fingerprints.sourcecode.ROLES`)."""

    def modules(self, role: str) -> dict[str, str]:
        """The modules of that code, each with its own fingerprint."""

    def library(self, name: str) -> str:
        """The minor version of a library."""

    def split(self, task: Task, split: str, lang: str, config: Config) -> dict:
        """The identity of the files of a split in one language."""

    def encoder(self, name: str, encoder: Encoder) -> dict:
        """The identity of an encoder: its weights and configuration."""

    def tokenizer(self, name: str, encoder: Encoder) -> dict:
        """The identity of the tokenizer of an encoder."""

    def longest(self, encoder: Encoder) -> int | None:
        """The maximum length of a sequence of an encoder, in sub-words; None if it is unknown."""

    def dropout(self, encoder: Encoder) -> float | None:
        """The largest dropout in the layers of an encoder; None if it is unknown."""


@dataclass(frozen=True)
class Cell:
    """One cell of the grid: a target after an intermediate, with one encoder and one seed."""

    encoder: str
    intermediate: str
    target: str
    seed: int
    predictions: Entry
    scores: Entry

    @property
    def record(self) -> list:
        """Its coordinates, and the path of its scores relative to the store."""
        return [self.encoder, self.intermediate, self.target, self.seed, self.scores.path]


def once(method: _Method) -> _Method:
    """Cache a method of a grid per arguments: cells share most of what they need."""

    @wraps(method)
    def cached(self: "Grid", *arguments: object) -> object:
        key = (method.__name__, *arguments)
        if key not in self._known:
            self._known[key] = method(self, *arguments)
        return self._known[key]

    return cast(_Method, cached)


def predictor(task: Task) -> str:
    """The predictor of a task: `vectors` of sentences, or the `outputs` of a model with a head."""
    return "vectors" if task.kind == "retrieval" else "outputs"


class Grid:
    """All cells of an experiment and the entries that they need.

    Raises:
        ConfigError: the configuration has an unknown name or an invalid combination.
    """

    def __init__(self, config: Config, identity: Identity):
        self.config = arms.expanded(config)
        self.identity = identity
        self._entries: dict[str, Entry] = {}
        self._known: dict[tuple, object] = {}
        check(self.config)
        check_lengths(self.config, identity.longest)
        check_dropout(self.config, identity.dropout)

    @cached_property
    def cells(self) -> list[Cell]:
        """All cells, ordered by encoder, intermediate, target and seed, each in the order of the configuration."""
        grid = self.arms
        return [
            self._cell(encoder, intermediate, target, seed)
            for encoder in grid.encoders
            for intermediate in grid.intermediates
            for target in grid.targets
            if grid.has(intermediate, target)
            for seed in grid.seeds
        ]

    @property
    def arms(self) -> arms.Arms:
        """The grid of the experiment, with canonical names."""
        return cast(arms.Arms, self.config.grid)

    @cached_property
    def models(self) -> list[list]:
        """The encoder, stages, seed and path of every model that a cell uses."""
        _ = self.cells
        trained = [entry for entry in self._entries.values() if entry.step == "train_stage"]
        return [[one.about.encoder, path_of(one.about.stages), one.about.seed, one.path] for one in trained]

    @cached_property
    def reports(self) -> tuple[Entry, ...]:
        """The final entries of the experiment: tables, figures and page."""
        return self.tables, self.figures, self.page

    @cached_property
    def tables(self) -> Entry:
        """The tables of the experiment."""
        ordered = {"languages": self._shown} if self.trained.matrices else {}
        made_from = self._made_from | self._members | ordered
        return self._report("tables", self._numbers, made_from, ["benchmark.xtreme"])

    @cached_property
    def figures(self) -> Entry:
        """The figures of the experiment."""
        return self._report("figures", self._numbers, self._made_from | {"languages": self._shown}, (), DRAWING)

    @cached_property
    def page(self) -> Entry:
        """The page of the experiment, with the predictions of the first seed."""
        shown = [cell.scores for cell in self.cells if cell.seed == self.config.grid.seeds[0]]
        read = {entry.path: entry for scores in shown for entry in (scores, *scores.inputs.values())}
        made_from = self._made_from | self._members | {"languages": self._shown}
        return self._report("page", self._numbers | read, made_from, (), DRAWING)

    @cached_property
    def collected(self) -> Entry:
        """The scores of all cells, the dev scores of all trainings, and what is measured of forgetting."""
        probed = {"probes": [_probed(probe) for probe in self.probes]} if self.probes else {}
        inputs = self._scores | {probe.path: probe for probe in self.probes}
        return self._report("collect", inputs, {"trainings": self.models, **probed})

    @cached_property
    def measured(self) -> Measurements | None:
        """What is measured of forgetting; None if nothing is."""
        settings = self.config.forgetting
        return Measurements(self.config, settings, self.arms.intermediates) if settings else None

    @cached_property
    def probes(self) -> list[Entry]:
        """The scores of earlier heads and of probes, by encoder, model and seed; one for all seeds of an encoder."""
        # Data are named by the trainings that use them.
        _ = self.cells
        found = [
            self._probe(encoder, stages, seed)
            for encoder in self.arms.encoders
            for stages in (self.measured.models if self.measured else ())
            for seed in (self.arms.seeds if stages else (None,))
        ]
        return [probe for probe in found if probe]

    @cached_property
    def statistics(self) -> dict[str, Entry]:
        """The intervals and tests of each target."""
        return {target: self._statistics(target) for target in self.config.grid.targets}

    @cached_property
    def comparisons(self) -> dict[str, Entry]:
        """The differences between the sources of each matrix, by its title."""
        return {one.title: self._differences(one) for one in self.trained.matrices}

    @cached_property
    def contrasts(self) -> dict[str, Entry]:
        """The differences between cells that answer questions of robustness, by name."""
        return {one.name: self._contrasts(one) for one in self.robustness.contrasts}

    @cached_property
    def entries(self) -> dict[str, Entry]:
        """Every entry of the experiment, by path."""
        _ = self.reports
        for path in self._entries:
            if len(path.encode()) > paths.LONGEST:
                raise ConfigError(
                    "grid",
                    path,
                    f"the name of a result has {len(path.encode())} bytes, more than {paths.LONGEST}; "
                    "give its stages shorter names under 'stages'",
                )
        return dict(self._entries)

    @cached_property
    def _scores(self) -> dict[str, Entry]:
        return {cell.scores.path: cell.scores for cell in self.cells}

    @cached_property
    def _numbers(self) -> dict[str, Entry]:
        """The scores and statistics as inputs."""
        found = self.statistics | self.comparisons | self.contrasts
        return {"scores": self.collected} | {f"statistics.{name}": one for name, one in found.items()}

    @cached_property
    def _made_from(self) -> dict[str, Any]:
        """The paths of the scores and statistics, and the arms that reports are about: those of means, if some targets
        are in none, and those of the questions of the experiment.
        """
        found = {"scores": self.collected.path, "statistics": _paths(self.statistics)}
        if self.trained.in_specs:
            found |= {**self.trained.in_specs, "comparisons": _paths(self.comparisons)}
        if self.robustness.in_specs:
            found |= {**self.robustness.in_specs, "contrasts": _paths(self.contrasts)}
        means = {"averaged": self.arms.averaged, "official": self.arms.official}
        found |= {name: list(targets) for name, targets in means.items() if targets != self.arms.targets}
        return found | ({"orders": [one.in_specs for one in self.orders]} if self.orders else {})

    @property
    def _members(self) -> dict:
        """The languages of each group that reports may show; empty without groups."""
        groups = self.trained.groups
        members = {name: sorted(self._shown.keys() & set(languages)) for name, languages in groups.items()}
        return {"groups": members} if members else {}

    @cached_property
    def _shown(self) -> dict[str, dict[str, str]]:
        """Facts about the languages that figures show, and about English, from which distances are measured."""
        shown = {lang for target in self.config.grid.targets for lang in self.languages(target)}
        return facts({"en", *self.arms.sources, *shown}, "name", "family", "branch", "script")

    @once
    def languages(self, target: str) -> tuple[str, ...]:
        """The languages in which a target is evaluated, in the order of the benchmark."""
        return recipes.evaluated_languages(self.config, self.target(target))

    @cached_property
    def trained(self) -> TrainingLanguages:
        """The languages of training, and the arms that differ only in them."""
        return TrainingLanguages(self.config, self.arms, self.languages)

    @cached_property
    def robustness(self) -> Robustness:
        """The arms that answer questions of robustness."""
        return robustness.of_grid(self.config, self.arms, self.languages)

    @cached_property
    def orders(self) -> tuple[Orders, ...]:
        """The intermediates that differ only in the order of their tasks."""
        return orders.of_grid(self.config)

    @cached_property
    def evaluated(self) -> dict[str, str]:
        """The task of each target."""
        return {name: self.target(name).task for name in self.arms.targets}

    @once
    def target(self, name: str) -> Target:
        """A target: its task and the stages that follow the intermediate."""
        return recipes.target(self.config, name)

    def _cell(self, encoder: str, intermediate: str, target: str, seed: int) -> Cell:
        stages = stages_of(intermediate) + self.target(target).stages
        predictions = self._predictions(encoder, stages, target, seed)
        return Cell(encoder, intermediate, target, seed, predictions, self._score(predictions))

    def _add(
        self,
        step: str,
        place: str,
        depends_on: dict,
        inputs: dict[str, Entry],
        about: About,
        roles: Iterable[str] = (),
        libraries: Iterable[str] = (),
    ) -> Entry:
        """Add an entry to the grid, unless it has one with the same path.

        Args:
            place: its path, with `{}` in place of its fingerprint.
            depends_on: its spec without code and libraries.
            roles: the roles of its code, in addition to that of its job.
            libraries: the libraries that determine its content.
        """
        code = {role: self.identity.code(role) for role in (f"job.{step}", *roles)}
        versions = {name: self.identity.library(name) for name in libraries}
        spec = {"step": step, "code": code, **({"libraries": versions} if versions else {}), **depends_on}
        path = place.format(fingerprint(spec))
        if path not in self._entries:
            modules = {role: self.identity.modules(role) for role in code}
            self._entries[path] = Entry(step, path, spec, inputs, f"{path}/{paths.MANIFEST}", about, modules)
        return self._entries[path]

    def _report(self, step: str, inputs: dict[str, Entry], made_from: dict, *more: Iterable[str]) -> Entry:
        """Add a report, which belongs to this experiment only; `more` are roles, then libraries."""
        name = self.config.experiment
        depends_on = {"cells": [cell.record for cell in self.cells], **made_from}
        return self._add(step, paths.report(name, step), depends_on, inputs, About(experiment=name), *more)

    def _statistics(self, target: str) -> Entry:
        name, cells = self.config.experiment, [cell for cell in self.cells if cell.target == target]
        return self._add(
            "statistics",
            paths.statistics(name, reference(target).in_path),
            {"cells": [cell.record for cell in cells], "settings": self.config.report.in_specs()},
            {cell.scores.path: cell.scores for cell in cells},
            About(experiment=name, task=target),
            [f"metric.{tasks.load(self.target(target).task).metric}"],
        )

    def _differences(self, matrix: Matrix) -> Entry:
        name, arms = self.config.experiment, {(arm.intermediate, arm.target): arm for arm in matrix.arms}
        cells = [cell for cell in self.cells if (cell.intermediate, cell.target) in arms]
        seen = {arm.source: [arm.intermediate, arm.target, list(arm.seen)] for arm in matrix.arms}
        return self._add(
            "statistics",
            paths.statistics(name, matrix.name),
            {
                "cells": [cell.record for cell in cells],
                "settings": self.config.report.in_specs(),
                "arms": seen,
                "languages": list(matrix.languages),
            },
            {cell.scores.path: cell.scores for cell in cells},
            About(experiment=name, task=matrix.title),
            [f"metric.{tasks.load(self.target(matrix.arms[0].target).task).metric}"],
        )

    def _contrasts(self, contrasts: Contrasts) -> Entry:
        name, used = self.config.experiment, {cell for pair in contrasts.pairs for cell in pair}
        cells = [cell for cell in self.cells if (cell.intermediate, cell.target) in used]
        return self._add(
            "statistics",
            paths.statistics(name, reference(contrasts.name).in_path),
            {
                "cells": [cell.record for cell in cells],
                "settings": self.config.report.in_specs(),
                "contrasts": [[list(one), list(other)] for one, other in contrasts.pairs],
                "languages": list(contrasts.languages),
                "same_models": contrasts.same_models,
            },
            {cell.scores.path: cell.scores for cell in cells},
            About(experiment=name, task=contrasts.name),
            [f"metric.{tasks.load(contrasts.task).metric}"],
        )

    @once
    def _data(self, name: str, role: str, *splits: tuple[str, tuple[str, ...]]) -> Entry:
        """The examples of a task; `splits` are the splits, each with its languages."""
        task = tasks.load(name)
        files = {
            split_name(split, lang): self.identity.split(task, split, lang, self.config)
            for split, languages in splits
            for lang in languages
            if lang not in task.missing_languages.get(split, ())
        }
        inputs = self._miniature(task)
        spec = specs.read_task(task, self.config.task(name), files, _paths(inputs))
        roles = [_reader(one.name) for one in (task, *task.pools)]
        return self._add("read_task", paths.data(name, role), spec, inputs, About(task=name, role=role), roles)

    def _miniature(self, task: Task) -> dict[str, Entry]:
        """The files of the miniature as an input; empty for a task that is read from other files."""
        if all(self.config.task(part.name).source != "miniature" for part in task.parts):
            return {}
        spec = specs.write_miniature(self.config.miniature, MINIATURE)
        return {"miniature": self._add("write_miniature", paths.miniature("data"), spec, {}, About())}

    @once
    def _pretrained_tokenizer(self, encoder: str) -> dict[str, Entry]:
        """The tokenizer of an encoder as an input; empty if the experiment does not pretrain the encoder."""
        settings = self._encoder(encoder).pretraining
        if settings is None:
            return {}
        spec, place, about = specs.make_tokenizer(settings), paths.miniature("tokenizer"), About(encoder=encoder)
        return {"tokenizer": self._add("make_tokenizer", place, spec, {}, about, libraries=TOKENIZING)}

    @once
    def _pretrained_encoder(self, encoder: str) -> dict[str, Entry]:
        """An encoder as an input; empty if the experiment does not pretrain it."""
        settings, inputs = self._encoder(encoder).pretraining, self._pretrained_tokenizer(encoder)
        if settings is None:
            return {}
        spec, place = specs.pretrain_encoder(settings, inputs["tokenizer"].path), paths.miniature(encoder)
        libraries = ("torch", *TOKENIZING)
        return {"encoder": self._add("pretrain_encoder", place, spec, inputs, About(encoder=encoder), (), libraries)}

    @once
    def _origin(self, encoder: str, part: str) -> str:
        """The fingerprint of the `encoder` or the `tokenizer` of an encoder."""
        entries = {"encoder": self._pretrained_encoder, "tokenizer": self._pretrained_tokenizer}[part](encoder)
        return fingerprint(_paths(entries) or getattr(self.identity, part)(encoder, self._encoder(encoder)))

    def _training_data(self, task: str, stage: str) -> Entry:
        dev = recipes.dev_languages(self.config, stage, task)
        return self._data(task, TRAIN, ("train", recipes.trained(self.config, stage)[task]), ("dev", dev))

    def _evaluation_data(self, target: str) -> Entry:
        task, languages = self.target(target).task, self.languages(target)
        split, threshold = self.config.task(task).split, tasks.load(task).threshold_split
        splits = (split,) if threshold in (None, split) else (threshold, split)
        data = self._data(task, EVALUATE, *((one, languages) for one in splits))
        for perturbation in self.target(target).perturbations:
            data = self._perturbed(data, perturbation, split, languages)
        return data

    @once
    def _perturbed(self, data: Entry, perturbation: str, split: str, languages: tuple[str, ...]) -> Entry:
        """The examples of a split with a perturbation of their text, in addition to those that they have already."""
        found = perturbations.load(perturbation)
        about = replace(data.about, perturbations=(*data.about.perturbations, perturbation))
        return self._add(
            "perturb_task",
            paths.data(about.name, EVALUATE),
            specs.perturb_task(perturbation, split, languages, data.path),
            {"data": data},
            about,
            [_reader(about.task), found.role],
            found.libraries,
        )

    @once
    def _features(self, encoder: str, data: Entry) -> Entry:
        task, role, known = tasks.load(data.about.task), data.about.role, data.about.perturbations
        settings = self.config.task(task.name)
        if task.kind == "retrieval":
            settings = settings.model_copy(update={"max_length": self._encoder(encoder).sentence_length})
        origin = self._origin(encoder, "tokenizer")
        return self._add(
            "encode_task",
            paths.features(origin, data.about.name, role),
            specs.encode_task(task, settings, data.path),
            {"data": data} | self._pretrained_tokenizer(encoder),
            About(encoder=encoder, origin=origin, task=task.name, role=role, perturbations=known),
            [f"kind.{task.kind}"],
            TOKENIZING,
        )

    @once
    def _model(self, encoder: str, stages: tuple[str, ...], seed: int) -> Entry | None:
        """The model after some stages; None without stages, for the encoder itself."""
        if not stages:
            return None
        stage = self._recipe(stages[-1])
        features = {task: self._features(encoder, self._training_data(task, stages[-1])) for task in stage.tasks}
        inputs = {f"features.{task}": entry for task, entry in features.items()}
        inputs |= {f"data.{task}": entry.inputs["data"] for task, entry in features.items()}
        parent = self._model(encoder, stages[:-1], seed)
        return self._add(
            "train_stage",
            paths.model(self._named(encoder, stages[:-1], seed), reference(stages[-1]).in_path, seed),
            specs.train_stage(stage, _paths(features), bool(tasks.masked(stage.tasks)), parent is not None),
            inputs | self._checkpoints(encoder, parent, stage),
            About(encoder=encoder, origin=self._origin(encoder, "encoder"), stages=stages, seed=seed),
            [*_loaded(stage.tasks), *([f"objective.{stage.robust.method}"] if stage.robust else [])],
            ("torch", "transformers", "accelerate"),
        )

    def _checkpoints(self, encoder: str, parent: Entry | None, stage: Stage) -> dict[str, Entry]:
        """The parent of a model as an input, and the pretrained encoder if the model starts from it or has its head."""
        needs_head = bool(tasks.masked(stage.tasks)) and stage.head == PRETRAINED
        pretrained = self._pretrained_encoder(encoder) if parent is None or needs_head else {}
        return pretrained | ({"parent": parent} if parent else {})

    def _named(self, encoder: str, stages: tuple[str, ...], seed: int) -> str:
        """The encoder and the stages of a model, each with its fingerprint, as in paths."""
        models = [self._model(encoder, stages[:length], seed) for length in range(1, len(stages) + 1)]
        pairs = zip(stages, models, strict=True)
        trained = [paths.named(reference(stage).in_path, fingerprint(model.spec)) for stage, model in pairs if model]
        return "/".join([paths.named(encoder, self._origin(encoder, "encoder")), *trained])

    def _predictions(self, encoder: str, stages: tuple[str, ...], target: str, seed: int) -> Entry:
        task, model = tasks.load(self.target(target).task), self._model(encoder, stages, seed)
        features = self._features(encoder, self._evaluation_data(target))
        stage, split = self._recipe(stages[-1] if stages else task.name), self.config.task(task.name).split
        about = About(
            encoder=encoder,
            origin=self._origin(encoder, "encoder"),
            stages=stages,
            task=task.name,
            role=EVALUATE,
            perturbations=self.target(target).perturbations,
            seed=seed if model else None,
        )
        return self._add(
            "predict",
            paths.predictions(self._named(encoder, stages, seed), about.name, about.seed),
            specs.predict(task, self._encoder(encoder), stage, features.path, split),
            {"features": features, "data": features.inputs["data"]}
            | ({"model": model} if model else self._pretrained_encoder(encoder)),
            about,
            (*_loaded([task.name]), f"predictor.{predictor(task)}"),
            ("torch", "transformers"),
        )

    def _probe(self, encoder: str, stages: tuple[str, ...], seed: int | None) -> Entry | None:
        """The scores of heads and probes on a model; None if there are none."""
        assert self.measured is not None
        heads, probes = self.measured.heads(stages), self.measured.probes
        every = [*(column.measured for column in heads.values()), *probes.values()]
        if not every:
            return None
        prefixes = (stages[:length] for length in range(1, len(stages) + 1))
        models = [model for prefix in prefixes if (model := self._model(encoder, prefix, seed or 0))]
        features = {one.data: self._features(encoder, self._measured_data(one)) for one in every}
        inputs = {f"features.{name}": entry for name, entry in features.items()}
        inputs |= {f"data.{name}": entry.inputs["data"] for name, entry in features.items()}
        inputs |= {f"{HEAD}.{column.place}": models[column.place - 1] for column in heads.values()}
        measured = sorted({one.task for one in every})
        return self._add(
            "probe",
            paths.probes(self._named(encoder, stages, seed or 0), seed),
            specs.probe(
                {name: one.measured.in_specs(features[one.measured.data].path) for name, one in heads.items()},
                {
                    name: one.in_specs(features[one.data].path, self.measured.examples(one.task))
                    for name, one in probes.items()
                },
            ),
            inputs | ({"model": models[-1]} if models else self._pretrained_encoder(encoder)),
            About(encoder=encoder, origin=self._origin(encoder, "encoder"), stages=stages, seed=seed),
            (*_loaded(measured), *(f"metric.{tasks.load(name).metric}" for name in measured)),
            ("torch", "transformers", "seqeval"),
        )

    def _measured_data(self, measured: Measured) -> Entry:
        return self._data(measured.task, TRAIN, ("train", measured.languages), ("dev", measured.dev_languages))

    def _score(self, predictions: Entry) -> Entry:
        data = predictions.inputs["data"]
        place, inputs = paths.scores(predictions.path), {"predictions": predictions, "data": data}
        roles = [f"metric.{tasks.load(predictions.about.task).metric}"]
        return self._add("score", place, specs.score(data.path), inputs, predictions.about, roles, ["seqeval"])

    @once
    def _recipe(self, stage: str) -> Stage:
        return recipes.recipe(self.config, stage)

    def _encoder(self, name: str) -> Encoder:
        return self.config.encoders[name]


def _paths(entries: dict[str, Entry]) -> dict[str, str]:
    return {role: entry.path for role, entry in entries.items()}


def _probed(probe: Entry) -> list:
    """The encoder, stages and seed of the model of a probe, and its path."""
    about = probe.about
    return [about.encoder, path_of(about.stages) or NO_INTERMEDIATE, about.seed, probe.path]


def _loaded(names: Iterable[str]) -> list[str]:
    """The roles of the modules that training and prediction load by name for their tasks, except metrics."""
    return [role for name in names for role in (_reader(name), f"kind.{tasks.load(name).kind}")]


def _reader(task: str) -> str:
    """The role of the code that says what a task is and reads it."""
    return "local" if tasks.is_declared(task) else f"task.{task}"
