"""Pretrain a small encoder on the sentences of the embedded benchmark."""

from argparse import Namespace

from xstilts.commands import job
from xstilts.miniature.pretraining import pretrain
from xstilts.store import publishing


def run(arguments: Namespace) -> None:
    """Write a Hugging Face folder."""
    this = job.of(arguments)
    with publishing(this.store, this.entry) as draft:
        pretrain(this.config.encoders[this.entry.about["encoder"]].pretraining, draft.folder)
