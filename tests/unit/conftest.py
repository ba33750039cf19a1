"""Tokenizers: two tiny ones trained for the tests, and a real one."""

import pytest
from sentences import SENTENCES
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
from transformers import AutoTokenizer, PreTrainedTokenizerFast

SPECIAL = ("<s>", "</s>", "<pad>", "<unk>", "<mask>")


def train(pair: str, model_input_names: list[str]) -> PreTrainedTokenizerFast:
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    trainer = trainers.UnigramTrainer(
        vocab_size=150, special_tokens=list(SPECIAL), unk_token="<unk>", show_progress=False
    )
    tokenizer.train_from_iterator(SENTENCES, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair=pair, special_tokens=[("<s>", 0), ("</s>", 1)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        cls_token="<s>",
        sep_token="</s>",
        pad_token="<pad>",
        unk_token="<unk>",
        mask_token="<mask>",
        model_input_names=model_input_names,
    )


@pytest.fixture(scope="session")
def tiny_tokenizer():
    """Pairs as `<s> A </s> </s> B </s>`; its models take no token types."""
    return train("<s> $A </s> </s> $B </s>", ["input_ids", "attention_mask"])


@pytest.fixture(scope="session")
def typed_tokenizer():
    """Pairs as `<s> A </s> B </s>` with type 1 from `B` on; its models take token types."""
    return train("<s> $A </s> $B:1 </s>:1", ["input_ids", "token_type_ids", "attention_mask"])


@pytest.fixture(scope="session")
def sample_tokenizer(samples):
    """A multilingual tokenizer in `models/me5-small-96k` beside the sample data."""
    folder = samples.parent / "models" / "me5-small-96k"
    if not folder.is_dir():
        pytest.skip(f"no tokenizer in {folder}")
    return AutoTokenizer.from_pretrained(folder)
