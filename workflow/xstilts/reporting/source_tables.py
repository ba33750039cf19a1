"""Tables of the arms that differ only in the language of their training: training languages by evaluated languages."""

import pandas as pd

from xstilts.languages import language
from xstilts.reporting import zero_shot
from xstilts.reporting.additive import Fit, fit
from xstilts.reporting.experiment_results import Results
from xstilts.reporting.formats import Table
from xstilts.reporting.marks import MISSING
from xstilts.reporting.sources import TRANSLATED, cells, compared, has_gain, named, ordered
from xstilts.reporting.tables import MEAN, text
from xstilts.reporting.typology import APART, group
from xstilts.transfer import Arm, Matrix

PREFIX = "sources."
"""The start of the names of these tables."""

_TEXTS = ("original text", "translated and original text", "translated")
"""The text of the training data of two sources, by how many of them are translated."""

_ORDER = ("translated", "original text", "translated and original text")
"""The order of differences: those between sources of one kind come first."""

READING = (
    f"{TRANSLATED}: training data are machine translations; compare these with each other, and original text apart. "
    f"{zero_shot.SEEN}: labelled training data of the task, or of a task of its kind, in this language; not in the "
    "zero-shot mean, which is over other languages in each row."
)


def tables(results: Results, encoder: str, matrix: Matrix) -> list[Table]:
    """All tables of a matrix."""
    made = (table, differences, effects, residuals, distances)
    return [make(results, encoder, matrix) for make in made]


def differences(results: Results, encoder: str, matrix: Matrix) -> Table:
    """The differences between each two sources in languages that are in the training of neither."""
    rows = results.pairs[matrix.title]
    rows = rows[rows["encoder"] == encoder].drop(columns="encoder").set_index("one")
    translated = {arm.source: arm.is_translated for arm in matrix.arms}
    marks = {arm.source: named(arm) for arm in matrix.arms}
    numbers = rows.assign(
        text=[_TEXTS[translated[one] + translated[other]] for one, other in zip(rows.index, rows["other"], strict=True)]
    )
    numbers = numbers.sort_values("text", key=lambda column: column.map(_ORDER.index), kind="stable")
    shown = pd.DataFrame(
        {
            "other": numbers["other"].map(marks),
            "text": numbers["text"],
            "difference": numbers["difference"].map(lambda value: text(value, delta=True)),
            "interval": list(map(_interval, numbers["low"], numbers["high"])),
            "languages": numbers["languages"].replace("", MISSING),
            "examples": numbers["n"].map(str),
        }
    ).rename(index=marks)
    caption = (
        f"{_about(matrix)}: the score after training in one source minus that in the other, the mean over the "
        f"languages that are in the training of neither, with its 95 % interval; {results.over_seeds} over seeds. "
        "A difference between a translated source and original text is also one between translation and original text."
    )
    return Table(f"{PREFIX}{matrix.name}.pairs", caption, numbers, shown)


def effects(results: Results, encoder: str, matrix: Matrix) -> Table:
    """The parts of the additive model."""
    found, model = compared(results, encoder, matrix)
    rows = [("mean", "", model.mean)]
    rows += [("source", name, effect) for name, effect in model.sources.items()]
    rows += [("evaluated language", name, effect) for name, effect in model.languages.items()]
    numbers = pd.DataFrame(rows, columns=["part", "language", "points"]).set_index("part")
    shown = numbers.assign(points=[text(one, delta=part != "mean") for part, one in numbers["points"].items()])
    caption = (
        f"{_about(matrix)}: score = mean + effect of the source + effect of the evaluated language, fitted by "
        f"least squares to {int((~found['trained']).sum())} cells of {_which(found)}, without languages in the "
        "training of an arm. Effects of sources add up to 0, and so do those of evaluated languages."
        f"{_undetermined(model)}"
    )
    return Table(f"{PREFIX}{matrix.name}.effects", caption, numbers, shown)


def residuals(results: Results, encoder: str, matrix: Matrix) -> Table:
    """The scores minus those of the additive model."""
    found, model = compared(results, encoder, matrix)
    order = {key: list(dict.fromkeys(found[key])) for key in ("source", "language")}
    wide = found.pivot(index="source", columns="language", values="residual")
    numbers = wide.reindex(index=order["source"], columns=order["language"]).rename_axis(columns=None)
    shown = numbers.map(text, delta=True)
    for row in found[found["trained"]].itertuples():
        shown.loc[row.source, row.language] += zero_shot.SEEN
    caption = (
        f"{_about(matrix)}: score minus that of the additive model, in points. {zero_shot.SEEN}: the language is in "
        "the training of the arm; these cells are not fitted, so what is left is the gain of training in the language."
        f"{_undetermined(model)}"
    )
    return Table(f"{PREFIX}{matrix.name}.residuals", caption, numbers, shown)


def distances(results: Results, encoder: str, matrix: Matrix) -> Table:
    """The mean residuals and gains by the distance between source and evaluated language."""
    found, _ = compared(results, encoder, matrix)
    if results.distances:
        return _slopes(results, matrix, found)
    by_step = found[~found["trained"]].groupby("distance")
    means = by_step[["residual", "delta"]].agg(lambda values: values.mean(skipna=False))
    numbers = means.assign(cells=by_step.size()).reindex([step for step in APART if step in means.index])
    numbers = numbers[["cells", "residual", "delta"]] if has_gain(results, matrix) else numbers[["cells", "residual"]]
    numbers = numbers.rename(columns={"delta": "gain"}).rename_axis("distance")
    shown = numbers.map(text, delta=True).assign(cells=numbers["cells"].map(str))
    caption = (
        f"{_about(matrix)}: means by the distance between source and evaluated language, over the cells of "
        f"{_which(found)} in languages that are not in the training of the arm. Residual: score minus that of the "
        f"additive model.{_gain(results, matrix)}"
    )
    return Table(f"{PREFIX}{matrix.name}.distances", caption, numbers, shown)


def _slopes(results: Results, matrix: Matrix, found: pd.DataFrame) -> Table:
    """The change for each unit of the user's distances, beside the effects of source and language."""
    of = {"score": "value"} | ({"gain": "delta"} if has_gain(results, matrix) else {})
    slopes = [fit(found.assign(value=found[column]), distances=True).slope for column in of.values()]
    cells_behind = int((~found["trained"]).sum())
    numbers = pd.DataFrame({"cells": cells_behind, "slope": slopes}, index=pd.Index(list(of), name="points"))
    shown = numbers.assign(cells=str(cells_behind), slope=numbers["slope"].map(lambda value: text(value, delta=True)))
    caption = (
        f"{_about(matrix)}: change in points for each unit of distance, in a model with effects of source and "
        f"evaluated language, fitted by least squares to the cells of {_which(found)} in languages that are not in the "
        f"training of the arm.{_gain(results, matrix)}"
    )
    return Table(f"{PREFIX}{matrix.name}.distances", caption, numbers, shown)


def _gain(results: Results, matrix: Matrix) -> str:
    """What a gain is, for tables that have it."""
    return " Gain: change over the baseline with the same target." if has_gain(results, matrix) else ""


def _interval(low: float, high: float) -> str:
    """The text of the interval of a difference."""
    return MISSING if pd.isna(low) else f"{text(low, delta=True)} to {text(high, delta=True)}"


def _undetermined(model: Fit) -> str:
    """The sentence of a caption for a model of which nothing is known; empty for others."""
    reason = "a score is missing, or too few languages are outside the training of the arms"
    return f" There is no model: {reason}." if pd.isna(model.mean) else ""


def _which(found: pd.DataFrame) -> str:
    return "translated sources" if found["translated"].any() else "all sources"


def table(results: Results, encoder: str, matrix: Matrix) -> Table:
    """The scores after training in each source, in each evaluated language, with their means."""
    found = cells(results, encoder, matrix)
    sources, languages = list(dict.fromkeys(found["source"])), list(dict.fromkeys(found["language"]))
    numbers = found.pivot(index="source", columns="language", values="value").loc[sources, languages]
    means = {arm.source: _means(results, encoder, arm) for arm in ordered(matrix)}
    numbers = pd.concat([pd.DataFrame(means, index=[MEAN, zero_shot.ZERO_SHOT]).T, numbers], axis=1)
    shown = numbers.map(text, delta=False)
    for row in found[found["seen"]].itertuples():
        shown.loc[row.source, row.language] += zero_shot.SEEN
    marks = {arm.source: named(arm) for arm in matrix.arms}
    facts = pd.DataFrame({lang: [group(lang), language(lang).script] for lang in languages}, index=["family", "script"])
    below = pd.concat([shown.rename(index=marks), facts.reindex(columns=shown.columns, fill_value="")])
    caption = f"{_about(matrix)}: scores by language of training (rows) and of evaluation. {READING}"
    return Table(f"{PREFIX}{matrix.name}", caption, numbers.rename_axis("source"), below.rename_axis("source"))


def _means(results: Results, encoder: str, arm: Arm) -> list[float]:
    """The mean over all languages of an arm, and its zero-shot mean."""
    cell = results.by_target(encoder).set_index(["intermediate", "target"]).loc[arm.intermediate, arm.target]
    unseen = results.zero_shot(arm.target, arm.intermediate)
    return [float(cell["value"]), zero_shot.level(results, encoder, arm.intermediate, arm.target, unseen)]


def _about(matrix: Matrix) -> str:
    """The intermediate and the target, for a caption that is also LaTeX."""
    names = (name.replace("{source}", "source") for name in (matrix.intermediate, matrix.target))
    return "Intermediate {}, target {}".format(*names)
