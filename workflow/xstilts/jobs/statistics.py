"""Compute the confidence intervals of a target over seeds and examples, and significance tests against the baseline.

For arms that differ only in their source, compute the differences between them with their intervals.
"""

from argparse import Namespace

from xstilts.reporting import pairs, significance
from xstilts.runtime import job
from xstilts.store.drafts import publishing


def run(arguments: Namespace) -> None:
    """Write `statistics.parquet` of a target, or `pairs.parquet` of a matrix."""
    this = job.of(arguments)
    target, scores = this.entry.about.task, significance.Scores(this.store, this.entry.spec["cells"])
    if "arms" in this.entry.spec:
        matrix = next(one for one in this.grid.trained.matrices if one.title == target)
        task = this.grid.target(matrix.arms[0].target).task
        table = pairs.differences(scores, matrix, task, this.grid.arms, this.config.report)
        with publishing(this.store, this.entry) as draft:
            table.to_parquet(draft.folder / "pairs.parquet", index=False)
        return
    table = significance.statistics(
        scores, this.grid.target(target), this.grid.arms, this.grid.languages(target), this.config.report
    )
    with publishing(this.store, this.entry) as draft:
        table.to_parquet(draft.folder / "statistics.parquet", index=False)
        draft.notes["rows"] = len(table)
