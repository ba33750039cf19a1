"""Compute the confidence intervals of a target over seeds and examples, and significance tests against the baseline.

For arms that differ only in their source, and for those that answer questions of robustness, compute the differences
between them with their intervals.
"""

from argparse import Namespace

from xstilts.reporting import contrasts, pairs, significance
from xstilts.runtime import job
from xstilts.store.drafts import publishing


def run(arguments: Namespace) -> None:
    """Write `statistics.parquet` of a target, `pairs.parquet` of a matrix, or `contrasts.parquet`."""
    this = job.of(arguments)
    of, scores = this.entry.about.task, significance.Scores(this.store, this.entry.spec["cells"])
    arms, settings = this.grid.arms, this.config.report
    if "arms" in this.entry.spec:
        matrix = next(one for one in this.grid.trained.matrices if one.title == of)
        task = this.grid.target(matrix.arms[0].target).task
        name, table = "pairs", pairs.differences(scores, matrix, task, arms, settings)
    elif "contrasts" in this.entry.spec:
        compared = next(one for one in this.grid.robustness.contrasts if one.name == of)
        name, table = "contrasts", contrasts.differences(scores, compared, arms, settings)
    else:
        target, languages = this.grid.target(of), this.grid.languages(of)
        name, table = "statistics", significance.statistics(scores, target, arms, languages, settings)
    with publishing(this.store, this.entry) as draft:
        table.to_parquet(draft.folder / f"{name}.parquet", index=False)
        draft.notes["rows"] = len(table)
