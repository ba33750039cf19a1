"""Compute the confidence intervals of a target over seeds and examples, and significance tests against the baseline."""

from argparse import Namespace

from xstilts.reporting import significance
from xstilts.runtime import job
from xstilts.store.drafts import publishing


def run(arguments: Namespace) -> None:
    """Write `statistics.parquet` of a target."""
    this = job.of(arguments)
    target, scores = this.entry.about.task, significance.Scores(this.store, this.entry.spec["cells"])
    table = significance.statistics(
        scores, this.grid.target(target), this.grid.arms, this.grid.languages(target), this.config.report
    )
    with publishing(this.store, this.entry) as draft:
        table.to_parquet(draft.folder / "statistics.parquet", index=False)
        draft.notes["rows"] = len(table)
