"""Pretrain a small encoder on the sentences of the embedded benchmark."""

from argparse import Namespace

from xstilts.miniature.pretraining import pretrain
from xstilts.models import tokenization
from xstilts.runtime import job
from xstilts.store.drafts import publishing


def run(arguments: Namespace) -> None:
    """Write a Hugging Face folder."""
    this = job.of(arguments)
    tokenizer = tokenization.load_tokenizer(this.tokenizer())
    with publishing(this.store, this.entry) as draft:
        pretrain(this.config.encoders[this.entry.about.encoder].pretraining, tokenizer, draft.folder)
