"""The model card of an exported intermediate."""

import json
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from huggingface_hub import ModelCard, ModelCardData

from xstilts import tasks
from xstilts.config import Config
from xstilts.fingerprints.readable import readable
from xstilts.grid import Grid
from xstilts.names import NO_INTERMEDIATE, path_of
from xstilts.paths import TRAINING_RECORD
from xstilts.publication.vectors import Vectors
from xstilts.reporting.collect import MAIN_SCORE, collect
from xstilts.reporting.marks import MISSING
from xstilts.reporting.tables import text
from xstilts.sources import files
from xstilts.steps.entry import Entry
from xstilts.store.entries import finished
from xstilts.task import PAIR, Task

TEMPLATE = Path(__file__).with_name("card.md")
_POOLING = {"mean": "mean of all tokens", "cls": "first token"}


@dataclass(frozen=True)
class Exported:
    """The model that a card describes.

    Args:
        stages: the entries of its stages, in order; the last one is the model itself.
    """

    encoder: str
    intermediate: str
    seed: int
    stages: tuple[Entry, ...]


@dataclass(frozen=True)
class DataSet:
    """A data set that a model was trained on.

    Args:
        source: the origin of its files, as Markdown.
        repository: its repository on the Hugging Face hub; None if it was read from elsewhere.
    """

    title: str
    source: str
    licence: str
    citation: str = ""
    notes: str = ""
    repository: str | None = None


def write(config: Config, grid: Grid, model: Exported, vectors: Vectors, folder: Path) -> None:
    """Write `README.md` into the folder of a model."""
    repository = config.encoders[model.encoder].repository
    names = [name for stage in model.stages for name in stage.spec["stage"]["tasks"]]
    parts = [part for name in names for part in tasks.load(name).parts]
    sets = list({part.name: _data_set(part, config) for part in parts}.values())
    named = {lang for stage in model.stages for lang in stage.spec["stage"]["languages"]}
    languages = {code for lang in named for code in lang.split(PAIR)}
    own = json.loads((folder / TRAINING_RECORD).read_text(encoding="utf-8"))["best"]
    card = ModelCard.from_template(
        ModelCardData(
            language=sorted(languages),
            library_name="sentence-transformers" if vectors.expressible else "transformers",
            pipeline_tag="sentence-similarity" if vectors.expressible else "feature-extraction",
            base_model=repository,
            datasets=sorted({one.repository for one in sets if one.repository}) or None,
            tags=["xstilts", "intermediate-task-training", "cross-lingual-transfer"],
        ),
        template_path=str(TEMPLATE),
        encoder=model.encoder,
        intermediate=model.intermediate,
        seed=model.seed,
        base=_base(config, model.encoder),
        trained_on=", then ".join(" and ".join(stage.spec["stage"]["tasks"]) for stage in model.stages),
        place="<this folder or repository>",
        vectors=vectors,
        pooling=_POOLING[vectors.pooling],
        heads=len(model.stages[-1].spec["stage"]["tasks"]) > 1,
        settings=_settings(model).to_markdown(),
        dev_score=_dev_score(own),
        data=_markdown(pd.DataFrame([vars(one) for one in sets])[["title", "source", "licence"]]),
        sets=sets,
        scores=_scores(config, grid, model),
    )
    card.save(folder / "README.md")


def _dev_score(best: dict[str, float] | None) -> str:
    if best is None:
        return "none, its dev set has no labels"
    if "score" not in best:
        return f"none; its loss per masked token is {best['loss']:.3f}"
    return f"{best['score']:.1f}"


def _data_set(task: Task, config: Config) -> DataSet:
    source = files.source(task, config)
    if source == "miniature":
        return DataSet(task.name, "the miniature benchmark of xstilts, in the format of its release", "none needed")
    about = {"title": task.title or task.name, "licence": task.licence, "citation": task.citation, "notes": task.notes}
    hub = files.on_hub(task, "train", "en") if source == "hub" else None
    if hub is None:
        return DataSet(source="the files of its release", **about)
    name, revision = hub.repository.name, hub.repository.revision
    link = f"[{name}](https://huggingface.co/datasets/{name}) at {revision[:7]}"
    return DataSet(source=link, repository=name, **about)


def _base(config: Config, name: str) -> str:
    """A description of the pretrained encoder, for the beginning of a sentence."""
    encoder = config.encoders[name]
    if encoder.repository and encoder.revision:
        link = f"[{encoder.repository}](https://huggingface.co/{encoder.repository})"
        return f"{link} at {encoder.revision[:7]}"
    return (
        f"The encoder {name!r}"
        if encoder.path
        else f"The encoder {name!r}, which xstilts pretrained on the miniature benchmark"
    )


def _settings(model: Exported) -> pd.DataFrame:
    """The recipes of the stages, one column per stage."""
    given = [readable(stage.spec)["stage"] for stage in model.stages]
    recipes = [readable(stage.spec, neutral=True)["stage"] for stage in model.stages]
    names = [stage.about.name for stage in model.stages]
    rows = {key: [_text(recipe.get(key)) for recipe in recipes] for one in given for key in one}
    return pd.DataFrame.from_dict(rows, orient="index", columns=names).rename_axis("setting")


def _text(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {part}" for key, part in value.items() if part is not None)
    return " ".join(map(str, value)) if isinstance(value, list | tuple) else MISSING if value is None else str(value)


def _scores(config: Config, grid: Grid, model: Exported) -> str:
    """The scores of finished targets and their baselines as a Markdown table; empty if no target is finished."""
    wanted = {model.intermediate: "score", NO_INTERMEDIATE: "without intermediate"}
    cells = [
        cell.record
        for cell in grid.cells
        if (cell.encoder, cell.seed) == (model.encoder, model.seed)
        and cell.intermediate in wanted
        and finished(config.store, cell.scores)
    ]
    scores = collect(config.store, cells, grid.evaluated)
    scores = scores[scores["metric"] == MAIN_SCORE]
    if model.intermediate not in set(scores["intermediate"]):
        return ""
    means = scores.groupby(["target", "intermediate"])["value"].agg(lambda values: values.mean(skipna=False))
    table = means.unstack("intermediate").reindex(columns=list(wanted)).rename(columns=wanted)
    table = table.reindex([target for target in config.grid.targets if target in table.index])
    shown = table.map(text, delta=False)
    shown.insert(0, "training", [_training(grid, target) for target in shown.index])
    shown.insert(1, "languages", [" ".join(grid.languages(target)) for target in shown.index])
    return _markdown(shown.rename_axis("target").reset_index())


def _training(grid: Grid, target: str) -> str:
    """What the model is trained on for a target, and the perturbations of the target's text."""
    found = grid.target(target)
    text = f" (text: {', '.join(found.perturbations)})" if found.perturbations else ""
    return f"{path_of(found.stages) or 'none'}{text}"


def _markdown(table: pd.DataFrame) -> str:
    return table.to_markdown(index=False, disable_numparse=True)
