"""Tables of the arms that differ only in the language of their training: training languages by evaluated languages."""

import pandas as pd

from xstilts.languages import language
from xstilts.reporting import zero_shot
from xstilts.reporting.experiment_results import Results
from xstilts.reporting.formats import Table
from xstilts.reporting.tables import MEAN, text
from xstilts.reporting.typology import group, ordered_with_scripts
from xstilts.transfer import Arm, Matrix

TRANSLATED = "†"
"""Marks a source whose training data are machine translations."""

PREFIX = "sources."
"""The start of the names of these tables."""

READING = (
    f"{TRANSLATED}: training data are machine translations; compare these with each other, and original text apart. "
    f"{zero_shot.SEEN}: labelled training data of the task, or of a task of its kind, in this language; not in the "
    "zero-shot mean, which is over other languages in each row."
)


def ordered(matrix: Matrix) -> list[Arm]:
    """The arms in the order of reports: translated sources, then original text, each by family, branch and script."""
    places = ordered_with_scripts({arm.source for arm in matrix.arms})
    return sorted(matrix.arms, key=lambda arm: (not arm.translated, places.index(arm.source)))


def cells(results: Results, encoder: str, matrix: Matrix) -> pd.DataFrame:
    """A row for each source and evaluated language, both in the order of reports.

    Returns:
        The columns `source`, `language`, `value` (the score over seeds), `delta` (its change over the baseline),
        `seen` and `translated`.
    """
    known = results.by_language(encoder).set_index(["intermediate", "target", "language"])[["value", "delta"]]
    order = ordered_with_scripts(matrix.languages)
    rows = [
        (arm.source, lang, *known.loc[arm.intermediate, arm.target, lang], lang in arm.seen, arm.translated)
        for arm in ordered(matrix)
        for lang in order
    ]
    return pd.DataFrame(rows, columns=["source", "language", "value", "delta", "seen", "translated"])


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


def named(arm: Arm) -> str:
    """The source of an arm, with a mark if its training data are translations."""
    return arm.source + TRANSLATED * arm.translated


def _means(results: Results, encoder: str, arm: Arm) -> list[float]:
    """The mean over all languages of an arm, and its zero-shot mean."""
    cell = results.by_target(encoder).set_index(["intermediate", "target"]).loc[arm.intermediate, arm.target]
    unseen = results.zero_shot(arm.target, arm.intermediate)
    return [float(cell["value"]), zero_shot.level(results, encoder, arm.intermediate, arm.target, unseen)]


def _about(matrix: Matrix) -> str:
    """The intermediate and the target, for a caption that is also LaTeX."""
    names = (name.replace("{source}", "source") for name in (matrix.intermediate, matrix.target))
    return "Intermediate {}, target {}".format(*names)
