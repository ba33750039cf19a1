"""Files with which sentence-transformers computes the sentence vectors of retrieval from a checkpoint.

sentence-transformers loads only the layers up to the one whose output is pooled. This requires that the output of a
layer equals the output of an encoder truncated to it, which holds for XLM-R and similar models, but not if a final
norm follows the last layer.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import torch
from transformers import AutoModel

from xstilts.config import Encoder
from xstilts.models import encoders, tokenization
from xstilts.prediction.embed import layer_of
from xstilts.sources.checkpoints import Checkpoint

_TEXT = "One sentence, and a second one that is longer."
_MODULES = (("", "sentence_transformers.models.Transformer"), ("1_Pooling", "sentence_transformers.models.Pooling"))


@dataclass(frozen=True)
class Vectors:
    """The definition of sentence vectors.

    Args:
        layer: the layer whose output is pooled, counted from 1.
        depth: the number of layers of the encoder.
        pooling: `mean` or `cls`.
        width: the dimension of a vector.
        expressible: whether sentence-transformers can compute them.
    """

    layer: int
    depth: int
    pooling: str
    width: int
    expressible: bool


def write(folder: Path, encoder: Encoder) -> Vectors:
    """Write the files of sentence-transformers to the folder of a checkpoint, if it can compute its vectors."""
    checkpoint, retrieval = Checkpoint(str(folder)), encoder.retrieval
    whole = encoders.load_encoder(checkpoint)
    depth, width = whole.config.num_hidden_layers, whole.config.hidden_size
    layer = layer_of(depth, retrieval.layer)
    inputs = tokenization.load_tokenizer(checkpoint)(_TEXT, return_tensors="pt")
    vectors = Vectors(layer, depth, retrieval.pooling, width, _is_a_last_layer(whole, checkpoint, layer, inputs))
    if vectors.expressible:
        _write(folder, vectors, encoder.sentence_length)
    return vectors


@torch.inference_mode()
def _is_a_last_layer(whole: torch.nn.Module, checkpoint: Checkpoint, layer: int, inputs: dict) -> bool:
    """Whether an encoder truncated to a layer has the same output as that layer."""
    cut = AutoModel.from_pretrained(checkpoint.name, num_hidden_layers=layer, dtype="float32").eval()
    states = whole.eval()(**inputs, output_hidden_states=True).hidden_states[layer]
    return torch.allclose(cut(**inputs).last_hidden_state, states, atol=1e-5)


def _write(folder: Path, vectors: Vectors, max_length: int) -> None:
    modules = [{"idx": n, "name": str(n), "path": path, "type": kind} for n, (path, kind) in enumerate(_MODULES)]
    _json(folder / "modules.json", modules)
    _json(
        folder / "sentence_bert_config.json",
        {"max_seq_length": max_length, "do_lower_case": False, "config_args": {"num_hidden_layers": vectors.layer}},
    )
    _json(
        folder / "1_Pooling" / "config.json",
        {
            "word_embedding_dimension": vectors.width,
            "pooling_mode_cls_token": vectors.pooling == "cls",
            "pooling_mode_mean_tokens": vectors.pooling == "mean",
        },
    )


def _json(file: Path, content: object) -> None:
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
