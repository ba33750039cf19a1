"""A tiny tokenizer of each type used by the shipped encoders, and of other common types."""

import json
from collections.abc import Callable, Iterable
from functools import cache

import transformers
from sentences import SENTENCES
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerBase, PreTrainedTokenizerFast

_BERT = {name: f"[{name[:-6].upper()}]" for name in ("pad_token", "unk_token", "cls_token", "sep_token", "mask_token")}
_XLMR = {"cls_token": "<s>", "pad_token": "<pad>", "sep_token": "</s>", "unk_token": "<unk>", "mask_token": "<mask>"}
_TEXTS = (*SENTENCES, *(sentence.replace(" ", "") for sentence in SENTENCES))
"""Also without blanks, so that some sub-words occur in the middle of a word and at the start of a sentence."""

TWO_WORDS = "late wind"
"""One sub-word of the tokenizer that has them across words."""


def _trained(model: models.Model, trainer: trainers.Trainer, pre_tokenizer, normalizer=None) -> Tokenizer:
    tokenizer = Tokenizer(model)
    tokenizer.pre_tokenizer = pre_tokenizer
    if normalizer:
        tokenizer.normalizer = normalizer
    tokenizer.train_from_iterator(_TEXTS, trainer)
    return tokenizer


def _unigram(pre_tokenizer, special: Iterable[str] = _XLMR.values()) -> Tokenizer:
    unknown = next(token for token in special if "unk" in token.lower())
    trainer = trainers.UnigramTrainer(
        vocab_size=150, special_tokens=list(special), unk_token=unknown, show_progress=False
    )
    return _trained(models.Unigram(), trainer, pre_tokenizer)


def _bpe(pre_tokenizer, normalizer=None, alphabet: Iterable[str] = ()) -> Tokenizer:
    trainer = trainers.BpeTrainer(
        vocab_size=400, special_tokens=list(_XLMR.values()), initial_alphabet=list(alphabet), show_progress=False
    )
    return _trained(models.BPE(), trainer, pre_tokenizer, normalizer)


def _byte_level() -> Tokenizer:
    return _bpe(pre_tokenizers.ByteLevel(add_prefix_space=False), alphabet=pre_tokenizers.ByteLevel.alphabet())


def _gemma() -> Tokenizer:
    """A blank becomes ▁, nothing is put in front, and merges see the whole text, none of them across a blank."""
    trained = _bpe(pre_tokenizers.Split("▁", "merged_with_next"), normalizers.Replace(" ", "▁"), alphabet="▁鳥")
    content = json.loads(trained.to_str())
    content["pre_tokenizer"] = None
    return Tokenizer.from_str(json.dumps(content))


def _across(*with_blanks: str) -> Tokenizer:
    """Sub-words with blanks inside or behind them, beside those of a prefix."""
    content = json.loads(_unigram(pre_tokenizers.Metaspace(prepend_scheme="first", split=False)).to_str())
    pieces = {piece: score for piece, score in content["model"]["vocab"] if "▁" not in piece[1:]}
    pieces |= dict.fromkeys(with_blanks, -1.0)
    content["model"]["vocab"] = list(pieces.items())
    return Tokenizer.from_str(json.dumps(content))


def _model(tokenizer: Tokenizer) -> dict:
    return json.loads(tokenizer.to_str())["model"]


def _backend(tokenizer: Tokenizer) -> PreTrainedTokenizerBase:
    """The class that takes a tokenizer.json as it is, with the template of XLM-R."""
    special = [(token, tokenizer.token_to_id(token)) for token in ("<s>", "</s>")]
    tokenizer.post_processor = processors.TemplateProcessing("<s> $A </s>", "<s> $A </s> </s> $B </s>", special)
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, **_XLMR)


def _of_pieces(name: str, special: Iterable[str]) -> PreTrainedTokenizerBase:
    vocabulary = _model(_unigram(pre_tokenizers.Metaspace(), special))["vocab"]
    return getattr(transformers, name)(vocab=[(piece, score) for piece, score in vocabulary])


def _of_merges(name: str, tokenizer: Tokenizer) -> PreTrainedTokenizerBase:
    model = _model(tokenizer)
    return getattr(transformers, name)(vocab=model["vocab"], merges=[tuple(merge) for merge in model["merges"]])


def _word_piece() -> PreTrainedTokenizerBase:
    trainer = trainers.WordPieceTrainer(vocab_size=250, special_tokens=list(_BERT.values()), show_progress=False)
    normalizer = normalizers.BertNormalizer(lowercase=False)
    trained = _trained(models.WordPiece(unk_token="[UNK]"), trainer, pre_tokenizers.BertPreTokenizer(), normalizer)
    return transformers.BertTokenizer(vocab=_model(trained)["vocab"], do_lower_case=False)


_SPLIT = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()])

ALONE: dict[str, Callable[[], PreTrainedTokenizerBase]] = {
    "XLMRobertaTokenizer": lambda: _of_pieces("XLMRobertaTokenizer", _XLMR.values()),
    "DebertaV2Tokenizer": lambda: _of_pieces("DebertaV2Tokenizer", _BERT.values()),
    "RemBertTokenizer": lambda: _of_pieces("RemBertTokenizer", ["<pad>", "[CLS]", "<unk>", "[SEP]", "[MASK]"]),
    "BertTokenizer": _word_piece,
    "Unigram with WhitespaceSplit": lambda: _backend(_unigram(_SPLIT)),
    "Unigram with a prefix": lambda: _backend(_unigram(pre_tokenizers.Metaspace())),
}
"""A word has the same sub-words wherever it stands."""

BLANKS: dict[str, Callable[[], PreTrainedTokenizerBase]] = {
    "byte-level BPE": lambda: _backend(_byte_level()),
    "RobertaTokenizer": lambda: _of_merges("RobertaTokenizer", _byte_level()),
    "Gemma": lambda: _backend(_gemma()),
    "GemmaTokenizer": lambda: _of_merges("GemmaTokenizer", _gemma()),
}
"""The blank before a word is part of its sub-words."""

ACROSS: dict[str, Callable[[], PreTrainedTokenizerBase]] = {
    "Metaspace without split": lambda: _backend(_across("y▁wool", "e▁har", "r▁", f"▁{TWO_WORDS.replace(' ', '▁')}")),
    "blanks within sub-words": lambda: _backend(_across("y▁wool", "e▁har")),
    "blanks behind sub-words": lambda: _backend(_across("r▁", "e▁", "s▁")),
}
"""A sub-word may have parts of two words, or a word and the blank behind it."""

ALL = ALONE | BLANKS | ACROSS


@cache
def made(name: str) -> PreTrainedTokenizerBase:
    """The tokenizer of a type, trained once."""
    return ALL[name]()
