"""Write the data sets of the miniature: every task, in the file formats of its release."""

from argparse import Namespace

from xstilts.miniature import release
from xstilts.runtime import job
from xstilts.store.drafts import publishing


def run(arguments: Namespace) -> None:
    """Write one folder per task."""
    this = job.of(arguments)
    with publishing(this.store, this.entry) as draft:
        release.write(draft.folder, this.config.miniature)
