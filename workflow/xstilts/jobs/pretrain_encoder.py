"""Pretrain a miniature encoder on the sentences of the miniature."""

from argparse import Namespace

from xstilts.miniature.pretraining import pretrain
from xstilts.models import tokenization
from xstilts.runtime import cpu, job
from xstilts.runtime.timing import COMPUTED
from xstilts.store.drafts import publishing


def run(arguments: Namespace) -> None:
    """Write the encoder as a Hugging Face folder."""
    this = job.of(arguments)
    settings = this.config.encoders[this.entry.about.encoder].pretraining
    assert settings is not None
    tokenizer = tokenization.load_tokenizer(this.tokenizer())
    with publishing(this.store, this.entry) as draft:
        pretrain(settings, tokenizer, draft.folder)
        draft.notes[COMPUTED] = cpu.computed()
