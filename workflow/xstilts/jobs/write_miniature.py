"""Write the embedded benchmark: small data sets of every task, in the files of their releases."""

from argparse import Namespace

from xstilts.miniature import release
from xstilts.runtime import job
from xstilts.store.drafts import publishing


def run(arguments: Namespace) -> None:
    """Write one folder for each task."""
    this = job.of(arguments)
    with publishing(this.store, this.entry) as draft:
        release.write(draft.folder, this.config.miniature)
