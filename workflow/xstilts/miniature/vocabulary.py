"""The tokenizer of the miniature: Unigram (Kudo 2018), with the words of its languages as pieces."""

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
"""The special tokens of XLM-R in the order of their ids, except for the mask, which comes last."""

MASK = "<mask>"
_PRINTABLE = frozenset(map(chr, range(33, 127)))


def texts(settings: Pretraining) -> list[list[Text]]:
    """Random sentences, each in every language."""
    rng = random.Random(f"vocabulary-{settings.seed}")
    sentences = [sampling.sentence(rng, "train") for _ in range(settings.sentences)]
    return [[say(sentence, lang) for lang in LANGUAGES] for sentence in sentences]


def tokenizer_of(settings: Pretraining) -> PreTrainedTokenizerFast:
    """The tokenizer with the words of `texts(settings)`."""
    words = (token.word.form for row in texts(settings) for text in row for token in text.tokens)
    return tokenizer(words, settings.max_length)


def tokenizer(words: Iterable[str], max_length: int) -> PreTrainedTokenizerFast:
    """A fast tokenizer with XLM-R's template, `<s> A </s></s> B </s>`.

    The probability of a piece is the relative frequency of the word, so that sentences in a language without spaces are
    split into words. Unknown words are split into characters.

    Args:
        words: the words of running text in order, punctuation included.
        max_length: the maximum sequence length, in sub-words.
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
    """Pieces and their log-probabilities; a single character is 1,000 times rarer than a word that occurs once."""
    counts: Counter[str] = Counter()
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
