"""Predictions of retrieval targets, with the encoder alone: nearest neighbours, or pairs mined above a threshold."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from xstilts.errors import UserError
from xstilts.models import encoders, tokenization
from xstilts.models.fitting import require_fit
from xstilts.prediction.embed import embed
from xstilts.prediction.forward import Parts, Request, device
from xstilts.prediction.mine import Candidate, Side, above, best_threshold, candidates, nearest
from xstilts.sources.gold_pairs import gold_pairs
from xstilts.task import Task


def predict(request: Request) -> dict[str, list]:
    """The predictions for a split, by language; the sentences of all languages share batches.

    The request's `options` are the layer and the pooling, see `embed`.

    Returns:
        For a task with a threshold, pairs of foreign and English ids; otherwise, for each English sentence, the id of
        the nearest foreign sentence.

    Raises:
        UserError: the split that thresholds are tuned on lacks gold pairs in a language, or the encoder cannot be
            loaded or cannot process the features.
    """
    splits, split, threshold_split = request.splits, request.split, request.task.threshold_split
    if threshold_split is not None:
        _require_gold(request.task, threshold_split, splits[threshold_split])
    vectors = _vectors(request)
    predictions = {}
    for lang, (examples, _) in splits[split].items():
        if threshold_split is None:
            foreign, english = _sides(examples, vectors[split, lang])
            rows = nearest(english.vectors, foreign.vectors, str(device()))
            predictions[lang] = [foreign.ids[row] for row in rows]
        else:
            mined = {name: _mine(splits[name][lang][0], vectors[name, lang]) for name in splits}
            threshold = best_threshold(mined[threshold_split], gold_pairs(splits[threshold_split][lang][0]))
            predictions[lang] = above(mined[split], threshold)
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


def _vectors(request: Request) -> dict[tuple[str, str], np.ndarray]:
    features = {(split, lang): part[1] for split, parts in request.splits.items() for lang, part in parts.items()}
    encoder, sentences = encoders.load_encoder(request.checkpoint), pa.concat_tables(features.values())
    pad_token_id = tokenization.pad_token_id(request.tokenizer)
    require_fit(encoder, sentences, pad_token_id, request.checkpoint.name)
    everything = embed(
        encoder.to(device()),
        sentences,
        pad_token_id=pad_token_id,
        layer=request.options["layer"],
        pooling=request.options["pooling"],
    )
    bounds = np.cumsum([table.num_rows for table in features.values()])[:-1]
    return dict(zip(features, np.split(everything, bounds), strict=True))


def _sides(examples: pa.Table, vectors: np.ndarray) -> tuple[Side, Side]:
    """The foreign and the English sentences of a table."""
    sides = []
    for name in ("foreign", "english"):
        mask = pc.equal(examples["side"], name)
        own = examples.filter(mask)
        sides.append(Side(own["id"].to_pylist(), own["text"].to_pylist(), vectors[mask.to_numpy()]))
    return sides[0], sides[1]


def _mine(examples: pa.Table, vectors: np.ndarray) -> list[Candidate]:
    foreign, english = _sides(examples, vectors)
    return candidates(foreign, english, device=str(device()))
