"""Encoders, and models with a head, whose weights are set by hand, so that what they say follows from a list of words.

A token's hidden state is a sum of named directions: `{"never": {"contradiction": 1}}` lets the word `never` point to
the label. Every head reads its directions back, so the logits of a token are the numbers in that list. Where one output
stands for a text (`bag`), the last layer gives each token the mean of all, so that the words of the text vote.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
import transformers
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from torch import nn
from transformers import PreTrainedModel, PreTrainedTokenizerFast, XLMRobertaConfig

Said = Mapping[str, float] | None
"""How far a word points into which directions; its squares add up to 1 at most, what is missing points nowhere.

None for a word whose vector is 0: it takes a place and says nothing.
"""

LABELS = ("contradiction", "entailment", "neutral")
TAGS = tuple("ADJ ADP ADV AUX CCONJ DET INTJ NOUN NUM PART PRON PROPN PUNCT SCONJ SYM VERB X".split())
CONCEPTS = tuple(
    "white cats drink milk black dogs eat meat big birds see ships small fish love water old people read books "
    "new cars climb mountains here today again".split()
)
UNKNOWN = ("unknown 1", "unknown 2", "unknown 3")
LATE = ("late 1", "late 2", "late 3")

_NOWHERE = "nowhere"
_DIRECTIONS = (*LABELS, *TAGS, "start", "end", "good", *CONCEPTS, *UNKNOWN, *LATE, _NOWHERE)
_WIDTH = 2 * len(_DIRECTIONS)
_LAYERS = 3
_SPECIAL = ("<s>", "<pad>", "</s>", "<unk>", "<mask>")
_PADDING = {"neutral": 0.5, "good": -0.5, "white": 0.5}
"""Padding would spoil every vote that counted it."""


def tokenizer(texts: Iterable[str], pieces: Mapping[str, Sequence[str]]) -> PreTrainedTokenizerFast:
    """A tokenizer of whole words and single Chinese characters; `pieces` are the words that it knows in parts only."""
    made = Tokenizer(models.WordPiece(unk_token="<unk>"))
    made.normalizer = normalizers.BertNormalizer(lowercase=False, strip_accents=False)
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    words = {
        word
        for text in texts
        for word, _ in made.pre_tokenizer.pre_tokenize_str(made.normalizer.normalize_str(text))
        if word not in pieces
    }
    words |= {piece for parts in pieces.values() for piece in parts}
    vocabulary = {token: number for number, token in enumerate([*_SPECIAL, *sorted(words)])}
    made.model = models.WordPiece(vocabulary, unk_token="<unk>")
    special = [(token, vocabulary[token]) for token in ("<s>", "</s>")]
    made.post_processor = processors.TemplateProcessing("<s> $A </s>", "<s> $A </s> </s> $B </s>", special)
    names = dict(zip(("cls_token", "pad_token", "sep_token", "unk_token", "mask_token"), _SPECIAL, strict=True))
    inputs = ["input_ids", "attention_mask"]
    return PreTrainedTokenizerFast(tokenizer_object=made, model_input_names=inputs, **names)


@torch.no_grad()
def encoder(folder: Path, tokens: PreTrainedTokenizerFast, says: Mapping[str, Said], moves: Mapping[str, str]) -> None:
    """A bare encoder with its tokenizer.

    Args:
        moves: directions that the second layer turns into others: with `{"water": "ships"}`, water means ships.
    """
    model = _bare("AutoModel", tokens, {})
    _set_encoder(model, tokens, says, {}, moves, bag=False)
    model.save_pretrained(folder)
    tokens.save_pretrained(folder)


@torch.no_grad()
def model(
    folder: Path,
    tokens: PreTrainedTokenizerFast,
    kind: str,
    says: Mapping[str, Said],
    *,
    otherwise: Said | None = None,
    moves: Mapping[str, str] | None = None,
) -> None:
    """A trained model of a kind; `otherwise` is what the words say that are not in the list."""
    auto, config, bag, set_head = _HEADS[kind]
    made = _bare(auto, tokens, config)
    _set_encoder(made.base_model, tokens, says, otherwise or {}, moves or {}, bag=bag)
    set_head(made)
    made.save_pretrained(folder)


def _bare(auto: str, tokens: PreTrainedTokenizerFast, config: dict[str, Any]) -> PreTrainedModel:
    """A model in which nothing is said: all weights are 0."""
    made = getattr(transformers, auto).from_config(
        XLMRobertaConfig(
            vocab_size=len(tokens),
            pad_token_id=tokens.pad_token_id,
            hidden_size=_WIDTH,
            num_hidden_layers=_LAYERS,
            num_attention_heads=1,
            intermediate_size=2 * _WIDTH,
            max_position_embeddings=260,
            type_vocab_size=1,
            hidden_act="relu",
            layer_norm_eps=1e-12,
            **config,
        )
    )
    for name, weights in made.named_parameters():
        weights.fill_(float(name.endswith("LayerNorm.weight")))
    return made


def _set_encoder(
    encoder: PreTrainedModel,
    tokens: PreTrainedTokenizerFast,
    says: Mapping[str, Said],
    otherwise: Said,
    moves: Mapping[str, str],
    *,
    bag: bool,
) -> None:
    words = encoder.embeddings.word_embeddings.weight
    silent = set(_SPECIAL) - {"<pad>", "<unk>"}
    for token, number in tokens.get_vocab().items():
        said = _PADDING if token == "<pad>" else says.get(token, otherwise)
        if token not in silent and said is not None:
            words[number] = _vector(said)
    one = torch.eye(_WIDTH)
    for layer in encoder.encoder.layer:
        layer.attention.self.value.weight.copy_(one)
        layer.intermediate.dense.weight.copy_(torch.cat([one, -one]))
    # Without queries and keys, attention is the mean over all tokens.
    encoder.encoder.layer[-1].attention.output.dense.weight.copy_(one * bag)
    change = sum((_pair(new, old) - _pair(old, old) for old, new in moves.items()), torch.zeros(_WIDTH, _WIDTH))
    # x = relu(x) - relu(-x), so the layer adds `change @ x` to x.
    encoder.encoder.layer[1].output.dense.weight.copy_(torch.cat([change, -change], 1))


def _vector(said: Mapping[str, float]) -> torch.Tensor:
    """Of mean 0 and a length that all words share, so that layer normalisation changes none of the directions."""
    half = torch.zeros(len(_DIRECTIONS))
    for name, strength in said.items():
        half[_DIRECTIONS.index(name)] = strength
    half[_DIRECTIONS.index(_NOWHERE)] += math.sqrt(max(0.0, 1 - float(half @ half)))
    return torch.cat([half, -half])


def _pair(to: str, source: str) -> torch.Tensor:
    """The map of one direction to another, in both halves of a vector."""
    half = torch.zeros(len(_DIRECTIONS), len(_DIRECTIONS))
    half[_DIRECTIONS.index(to), _DIRECTIONS.index(source)] = 1
    return torch.block_diag(half, half)


def _read(layer: nn.Linear, *names: str) -> None:
    """Let the outputs of a layer be what the hidden state says of some directions."""
    for row, name in enumerate(names):
        # Layer normalisation stretches a vector of length sqrt(2) to the square root of its width.
        layer.weight[row, _DIRECTIONS.index(name)] = math.sqrt(2 / _WIDTH)


def _set_classification(model: PreTrainedModel) -> None:
    _read(model.classifier.dense, *LABELS)
    model.classifier.out_proj.weight[:, : len(LABELS)] = torch.eye(len(LABELS))


def _set_choice(model: PreTrainedModel) -> None:
    _read(model.roberta.pooler.dense, "good")
    model.classifier.weight[0, 0] = 1


_HEADS: dict[str, tuple[str, dict[str, Any], bool, Callable[[PreTrainedModel], None]]] = {
    "classification": ("AutoModelForSequenceClassification", {"num_labels": 3}, True, _set_classification),
    "multiple_choice": ("AutoModelForMultipleChoice", {"num_labels": 1}, True, _set_choice),
    "tagging": (
        "AutoModelForTokenClassification",
        {"num_labels": len(TAGS)},
        False,
        lambda model: _read(model.classifier, *TAGS),
    ),
    "span": (
        "AutoModelForQuestionAnswering",
        {"num_labels": 2},
        False,
        lambda model: _read(model.qa_outputs, "start", "end"),
    ),
}
