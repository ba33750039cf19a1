"""Compute confidence intervals over seeds and examples, and significance tests against the baseline."""

from argparse import Namespace

from xstilts.reporting import significance
from xstilts.runtime import job
from xstilts.store.drafts import publishing


def run(arguments: Namespace) -> None:
    """Write `statistics.parquet` and `statistics.csv` of the experiment."""
    this = job.of(arguments)
    grid, scores = this.config.grid, significance.Scores(this.store, this.entry.spec["cells"])
    languages = {target: this.grid.languages(target) for target in grid.targets}
    table = significance.statistics(scores, grid, languages, this.config.report)
    with publishing(this.store, this.entry) as draft:
        significance.write(table, draft.folder)
        draft.notes["rows"] = len(table)
