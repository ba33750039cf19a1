"""A tokenizer for the miniature world: Unigram (Kudo 2018) whose pieces are the words of its languages."""

import random
from collections import Counter
from collections.abc import Iterable
from math import log

from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast

from xstilts.config import Pretraining
from xstilts.miniature import sampling
from xstilts.miniature.sentences import LANGUAGES, Text, say

SPECIAL = {"cls_token": "<s>", "pad_token": "<pad>", "sep_token": "</s>", "unk_token": "<unk>"}
"""Those of XLM-R, in the order of their ids, the mask aside, which comes last."""

MASK = "<mask>"
_PRINTABLE = frozenset(map(chr, range(33, 127)))


def texts(settings: Pretraining) -> list[list[Text]]:
    """Sentences, each in every language."""
    rng = random.Random(f"vocabulary-{settings.seed}")
    sentences = [sampling.sentence(rng, "train") for _ in range(settings.sentences)]
    return [[say(sentence, lang) for lang in LANGUAGES] for sentence in sentences]


def tokenizer_of(settings: Pretraining) -> PreTrainedTokenizerFast:
    """The tokenizer whose pieces are the words of these sentences."""
    words = (token.word.form for row in texts(settings) for text in row for token in text.tokens)
    return tokenizer(words, settings.max_length)


def tokenizer(words: Iterable[str], max_length: int) -> PreTrainedTokenizerFast:
    """A fast tokenizer with the template of XLM-R, `<s> A </s></s> B </s>`.

    The probability of a piece is the share of the word in the text, so that a sentence of a language without blanks
    falls apart into its words. What is none of them is spelled.

    Args:
        words: of running text, punctuation among them, repeated as often as they occur.
        max_length: the longest sequence, in sub-words.
    """
    unigram = Tokenizer(models.Unigram())
    unigram.normalizer = normalizers.NFC()
    unigram.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Punctuation()])
    unigram.model = models.Unigram(_pieces(unigram, words), unk_id=list(SPECIAL.values()).index("<unk>"))
    unigram.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s>:1 $B:1 </s>:1", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=unigram,
        **SPECIAL,
        bos_token=SPECIAL["cls_token"],
        eos_token=SPECIAL["sep_token"],
        mask_token=MASK,
        model_max_length=max_length,
        model_input_names=["input_ids", "token_type_ids", "attention_mask"],
    )


def _pieces(unigram: Tokenizer, words: Iterable[str]) -> list[tuple[str, float]]:
    """Pieces and their log-probabilities; single characters are a thousand times rarer than the rarest word."""
    counts = Counter()
    for word, count in Counter(words).items():
        for part, _ in unigram.pre_tokenizer.pre_tokenize_str(unigram.normalizer.normalize_str(word)):
            counts[part] += count
    characters = sorted(_PRINTABLE.union("".join(counts)) - counts.keys())
    total = counts.total()
    return [
        *((token, 0.0) for token in SPECIAL.values()),
        *((word, log(count / total)) for word, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))),
        *((character, log(1e-3 / total)) for character in characters),
    ]
