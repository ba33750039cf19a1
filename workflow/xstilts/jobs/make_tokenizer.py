"""Make the tokenizer of a small encoder from the sentences of the embedded benchmark."""

from argparse import Namespace

from xstilts.miniature import vocabulary
from xstilts.runtime import job
from xstilts.store.drafts import publishing


def run(arguments: Namespace) -> None:
    """Write the tokenizer files of a Hugging Face folder."""
    this = job.of(arguments)
    tokenizer = vocabulary.tokenizer_of(this.config.encoders[this.entry.about.encoder].pretraining)
    with publishing(this.store, this.entry) as draft:
        tokenizer.save_pretrained(draft.folder)
        draft.notes["pieces"] = len(tokenizer)
