"""The shapes of encoders, from which memory, time and disk space are estimated without loading weights."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from xstilts.config import Encoder
from xstilts.errors import UserError
from xstilts.sources import encoder_config
from xstilts.sources.checkpoints import read_settings


@dataclass(frozen=True)
class Shape:
    """The shape of an encoder without a head.

    Args:
        layers: the number of hidden layers.
        width: the size of the hidden states.
        feed_forward: the size of the hidden layer of the feed-forward networks.
        parameters: the number of all parameters, that of a pooler included.
        embedding_parameters: the number of parameters that are looked up instead of multiplied.
        activations: the memory of the activations, relative to an architecture with fused attention and a plain
            feed-forward network.
    """

    layers: int
    width: int
    feed_forward: int
    parameters: int
    embedding_parameters: int
    activations: float = 1.0

    @property
    def multiplied_parameters(self) -> int:
        """The number of parameters of the linear layers, by which each token is multiplied."""
        return self.parameters - self.embedding_parameters


def of_config(config: Mapping[str, Any]) -> Shape:
    """The shape that the content of a `config.json` describes.

    Raises:
        UserError: the architecture is unknown, or a setting is missing.
    """
    model_type = str(config.get("model_type"))
    if model_type not in _ARCHITECTURES:
        raise UserError(
            f"'model_type' of the encoder: found {model_type!r}; the shape is known for "
            f"{', '.join(sorted(_ARCHITECTURES))}."
        )
    try:
        return _ARCHITECTURES[model_type](config)
    except (KeyError, TypeError) as error:
        raise UserError(
            f"config.json of a {model_type!r} encoder: found no usable sizes ({error}); expected the settings that "
            "transformers writes. Restore the original file of the encoder."
        ) from None


def of_encoder(encoder: Encoder) -> Shape | None:
    """The shape of an encoder, from its `config.json` on this machine, or else from the table of known repositories.

    Returns:
        None if it is not known yet, or not for this architecture.

    Raises:
        UserError: `config.json` is not a JSON object, or lacks a setting.
    """
    file = encoder_config.config_file(encoder)
    if file is None or not file.is_file():
        return KNOWN.get(encoder.repository or "")
    config = read_settings(file)
    return of_config(config) if config.get("model_type") in _ARCHITECTURES else None


def _bert(config: Mapping[str, Any]) -> Shape:
    width = config["hidden_size"]
    return _absolute(config, embedded=width, outside=_linear(width, width))


def _rembert(config: Mapping[str, Any]) -> Shape:
    width, embedded = config["hidden_size"], config["input_embedding_size"]
    outside = _linear(embedded, width) + _linear(width, width)
    return _absolute(config, embedded, outside, _EAGER_ATTENTION)


def _deberta_v2(config: Mapping[str, Any]) -> Shape:
    width, positions = config["hidden_size"], config["max_position_embeddings"]
    rows = config["vocab_size"] + config.get("type_vocab_size", 0)
    rows += positions * config.get("position_biased_input", True)
    layer, embeddings = _layer(width, config["intermediate_size"]), (rows + 2) * width
    if config.get("relative_attention", False):
        furthest = config.get("max_relative_positions", -1)
        buckets = config.get("position_buckets", -1)
        distances = buckets if buckets > 0 else furthest if furthest > 0 else positions
        embeddings += 2 * (distances + ("layer_norm" in config.get("norm_rel_ebd", "none"))) * width
        if not config.get("share_att_key", False):
            layer += len({"c2p", "p2c"}.intersection(config.get("pos_att_type") or ())) * _linear(width, width)
    kernel = config.get("conv_kernel_size", 0)
    convolution = (kernel * width * width + 3 * width) if kernel else 0
    inside = config["num_hidden_layers"] * layer + convolution
    return _shape(config, embeddings + inside, embeddings, _DISENTANGLED_ATTENTION)


def _modernbert(config: Mapping[str, Any]) -> Shape:
    width, feed_forward, layers = config["hidden_size"], config["intermediate_size"], config["num_hidden_layers"]
    # No biases; the first layer has no norm before its attention.
    embeddings = config["vocab_size"] * width + width
    inside = layers * (4 * width * width + 3 * width * feed_forward + 2 * width)
    return _shape(config, embeddings + inside, embeddings, _GATED_FEED_FORWARD)


def _absolute(config: Mapping[str, Any], embedded: int, outside: int, activations: float = 1.0) -> Shape:
    """The shape of an architecture with absolute positions, token types, BERT's layers and a pooler.

    Args:
        embedded: the size of the embeddings.
        outside: the number of parameters of linear layers outside the hidden layers.
    """
    rows = config["vocab_size"] + config["max_position_embeddings"] + config.get("type_vocab_size", 2)
    # The norm of XLM-R XL is behind its layers instead of behind the embeddings.
    embeddings = (rows + 2) * embedded
    layers = config["num_hidden_layers"] * _layer(config["hidden_size"], config["intermediate_size"])
    return _shape(config, embeddings + layers + outside, embeddings, activations)


def _layer(width: int, feed_forward: int) -> int:
    """The parameters of one of BERT's layers: attention, feed-forward network and two norms."""
    return 4 * _linear(width, width) + _linear(width, feed_forward) + _linear(feed_forward, width) + 4 * width


def _linear(inputs: int, outputs: int) -> int:
    return inputs * outputs + outputs


def _shape(config: Mapping[str, Any], parameters: int, embeddings: int, activations: float) -> Shape:
    return Shape(
        config["num_hidden_layers"],
        config["hidden_size"],
        config["intermediate_size"],
        parameters,
        embeddings,
        activations,
    )


_EAGER_ATTENTION = 2.0
_DISENTANGLED_ATTENTION = 3.5
_GATED_FEED_FORWARD = 2.0
"""Safety factors for the activations of architectures that keep more than others for the backward pass: the scores of
all pairs of tokens (up to 1.9 times as much at 512 sub-words), those and the relative positions (2.6 without the masks
of dropout), and two projections of the feed-forward network (1.6)."""

_ARCHITECTURES: dict[str, Callable[[Mapping[str, Any]], Shape]] = {
    "bert": _bert,
    "camembert": _bert,
    "deberta-v2": _deberta_v2,
    "modernbert": _modernbert,
    "rembert": _rembert,
    "roberta": _bert,
    "xlm-roberta": _bert,
    "xlm-roberta-xl": _bert,
}


def _sizes(
    model_type: str, layers: int, width: int, feed_forward: int, vocabulary: int, positions: int, **others: Any
) -> Shape:
    """The shape of a repository, from the settings of its `config.json`."""
    return of_config(
        {
            "model_type": model_type,
            "num_hidden_layers": layers,
            "hidden_size": width,
            "intermediate_size": feed_forward,
            "vocab_size": vocabulary,
            "max_position_embeddings": positions,
            **others,
        }
    )


KNOWN = {
    "FacebookAI/xlm-roberta-base": _sizes("xlm-roberta", 12, 768, 3072, 250_002, 514, type_vocab_size=1),
    "FacebookAI/xlm-roberta-large": _sizes("xlm-roberta", 24, 1024, 4096, 250_002, 514, type_vocab_size=1),
    "facebook/xlm-roberta-xl": _sizes("xlm-roberta-xl", 36, 2560, 10_240, 250_880, 514, type_vocab_size=1),
    "google-bert/bert-base-multilingual-cased": _sizes("bert", 12, 768, 3072, 119_547, 512, type_vocab_size=2),
    "microsoft/Multilingual-MiniLM-L12-H384": _sizes("bert", 12, 384, 1536, 250_037, 512, type_vocab_size=2),
    "microsoft/mdeberta-v3-base": _sizes(
        "deberta-v2",
        *(12, 768, 3072, 251_000, 512),
        type_vocab_size=0,
        relative_attention=True,
        position_buckets=256,
        norm_rel_ebd="layer_norm",
        share_att_key=True,
        position_biased_input=False,
    ),
    "google/rembert": _sizes("rembert", 32, 1152, 4608, 250_300, 512, input_embedding_size=256, type_vocab_size=2),
    "jhu-clsp/mmBERT-small": _sizes("modernbert", 22, 384, 1152, 256_000, 8192),
    "jhu-clsp/mmBERT-base": _sizes("modernbert", 22, 768, 1152, 256_000, 8192),
}
"""The shapes of the encoders of config.yaml, by repository."""
