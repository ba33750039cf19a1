"""Predictions of retrieval targets, with the encoder alone: nearest neighbours, or pairs mined above a threshold."""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from transformers import PreTrainedModel

from xstilts.errors import UserError
from xstilts.models import encoders, tokenization
from xstilts.models.fitting import require_fit
from xstilts.models.precision import resolved
from xstilts.prediction.embed import embed, without_unread_layers
from xstilts.prediction.forward import WEIGHTS, Load, Parts, Request, device
from xstilts.prediction.mine import Selection, Side, above, best_threshold, candidates, nearest
from xstilts.prediction.sentences import Part, Sentences
from xstilts.sources.gold_pairs import gold_pairs
from xstilts.task import Task


def load(request: Request) -> PreTrainedModel:
    """The encoder of a request on the device, without the layers that are not read.

    Raises:
        UserError: the encoder cannot be loaded, or has fewer layers.
    """
    precision = resolved(request.options["precision"], device())
    encoder = encoders.load_encoder(request.checkpoint, WEIGHTS[precision])
    return without_unread_layers(encoder, request.options["layer"]).to(device())


def predict(request: Request, load: Load = load) -> dict[str, list]:
    """The predictions for a split, by language.

    The request's `options` are the layer and the pooling, see `embed`, and the precision of the weights.

    Args:
        load: called for the encoder.

    Returns:
        For a task with a threshold, pairs of foreign and English ids; otherwise, for each English sentence, the id of
        the nearest foreign sentence.

    Raises:
        UserError: the split that thresholds are tuned on lacks gold pairs in a language, or the encoder cannot be
            loaded or cannot process the features.
    """
    threshold_split = request.task.threshold_split
    if threshold_split is not None:
        _require_gold(request.task, threshold_split, request.splits[threshold_split])
    sentences = _sentences(request, load)
    predictions: dict[str, list] = {}
    thresholds: dict[str, float] = {}
    for group in range(len(sentences.groups)):
        # The vectors of a group must not outlive this call, or those of two groups would be in memory.
        predictions |= _of_group(request, sentences.vectors(group), thresholds)
    return predictions


def _of_group(request: Request, vectors: Mapping[Part, Selection], thresholds: dict[str, float]) -> dict[str, list]:
    """The predictions for the parts of a group, by language; adds the thresholds that are tuned on them."""
    predictions: dict[str, list] = {}
    for (split, lang), selection in vectors.items():
        examples = request.splits[split][lang][0]
        foreign, english = _sides(examples, selection)
        if request.task.threshold_split is None:
            rows = nearest(english.vectors, foreign.vectors, str(device()))
            predictions[lang] = [foreign.ids[row] for row in rows]
            continue
        mined = candidates(foreign, english, device=str(device()))
        if split == request.task.threshold_split:
            thresholds[lang] = best_threshold(mined, gold_pairs(examples))
        if split == request.split:
            predictions[lang] = above(mined, thresholds[lang])
    return predictions


def _require_gold(task: Task, split: str, parts: Parts) -> None:
    """Refuse languages without gold pairs to tune a threshold on, before anything is computed."""
    unlabelled = [lang for lang, (examples, _) in parts.items() if examples["gold"].null_count == len(examples)]
    if unlabelled:
        raise UserError(
            f"{task.name} in {', '.join(unlabelled)}: the {split} split has no gold pairs, on which the threshold of "
            f"each language is tuned. Put the gold files of {split} beside its sentences (docs/tasks.md), or set "
            f"tasks.{task.name}.languages to the other languages."
        )


def _sentences(request: Request, load: Load) -> Sentences:
    """The sentences of all languages: in each, first the split that its threshold is tuned on."""
    names = dict.fromkeys([request.task.threshold_split or request.split, request.split])
    langs = request.splits[request.split]
    features = {(name, lang): request.splits[name][lang][1] for lang in langs for name in names}
    pad_token_id = tokenization.pad_token_id(request.tokenizer)
    encoder = load(request)
    for table in features.values():
        require_fit(encoder, table, pad_token_id, request.checkpoint.name)
    layer, pooling = request.options["layer"], request.options["pooling"]

    def write(table: pa.Table, rows: np.ndarray, out: np.ndarray) -> None:
        embed(encoder, table, pad_token_id=pad_token_id, layer=layer, pooling=pooling, chosen=rows, out=out)

    return Sentences(features, encoder.config.hidden_size, write)


def _sides(examples: pa.Table, vectors: Selection) -> tuple[Side, Side]:
    """The foreign and the English sentences of a table."""
    sides = []
    for name in ("foreign", "english"):
        mask = pc.equal(examples["side"], name)
        own = examples.filter(mask)
        chosen = Selection(vectors.vectors, vectors.rows[mask.to_numpy()])
        sides.append(Side(own["id"].to_pylist(), own["text"].to_pylist(), chosen))
    return sides[0], sides[1]
