"""Build the tokenizer of a miniature encoder from the sentences of the miniature."""

from argparse import Namespace

from xstilts.miniature import vocabulary
from xstilts.runtime import job
from xstilts.store.drafts import publishing


def run(arguments: Namespace) -> None:
    """Write the tokenizer in the format of a Hugging Face folder."""
    this = job.of(arguments)
    settings = this.config.encoders[this.entry.about.encoder].pretraining
    assert settings is not None
    tokenizer = vocabulary.tokenizer_of(settings)
    with publishing(this.store, this.entry) as draft:
        tokenizer.save_pretrained(draft.folder)
        draft.notes["pieces"] = len(tokenizer)
