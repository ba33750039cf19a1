"""Scores of heads and probes on dev data."""

from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any, cast

import pyarrow.compute as pc
import torch
from transformers import PreTrainedModel

from xstilts import metrics
from xstilts.models import tokenization
from xstilts.models.finite import NotFiniteError
from xstilts.models.fitting import require_fit
from xstilts.prediction.forward import decoded, device
from xstilts.probes.heads import with_head
from xstilts.probes.logistic import fit
from xstilts.probes.probe import Probe
from xstilts.probes.vectors import blocks
from xstilts.training.data import TaskData


@dataclass(frozen=True)
class Score:
    """A score on dev data.

    Args:
        score: the mean of the task's main score over the dev languages, in percent; None if a language is unlabelled.
        languages: the score of each language.
        examples: the number of dev examples of each language.
        training: of a probe, its number of training examples (`examples`), and how the iterations ended.
    """

    score: float | None
    languages: dict[str, float]
    examples: dict[str, int]
    training: dict[str, Any]


def head(encoder: PreTrainedModel, folder: Path, data: TaskData, precision: str) -> Score:
    """The score of the head of a trained model on an encoder, which may be another model's.

    Args:
        folder: the trained model.
        precision: `fp32`, or `bf16`, which computes under autocast as trainings do.
    """
    if data.unlabelled_dev():
        return _unknown(data)
    return _score(with_head(encoder, folder, data.kind, data.task).to(device()), data, precision, {})


def probe(encoder: PreTrainedModel, data: TaskData, precision: str) -> Score:
    """The score of a linear classifier that is trained on the vectors of a frozen encoder.

    Args:
        encoder: moved to the device that computes.
        data: its training rows are those of the classifier.

    Raises:
        NotFiniteError: a vector of the encoder is not finite.
    """
    if data.unlabelled_dev():
        return _unknown(data)
    pad_token_id = tokenization.pad_token_id(data.tokenizer)
    require_fit(encoder, data.train, pad_token_id, str(encoder.name_or_path))
    found = blocks(encoder.to(device()), data.kind, data.train, pad_token_id=pad_token_id, precision=precision)
    try:
        fitted = fit([block.to(device()) for block in found], _outputs(data))
    except NotFiniteError as error:
        raise NotFiniteError(f"{data.task.name}: {error}") from None
    training = {"examples": _used(data), "iterations": fitted.iterations, "converged": fitted.converged}
    return _score(cast(PreTrainedModel, Probe(encoder, data.kind, fitted)), data, precision, training)


def _used(data: TaskData) -> int:
    """The number of training examples, whose numbers begin anew in each language."""
    sizes = data.sizes or (data.train.num_rows,)
    parts = zip(accumulate((0, *sizes)), sizes, strict=False)
    return sum(len(pc.unique(data.train["example"].slice(start, rows))) for start, rows in parts)


def _outputs(data: TaskData) -> int:
    """The number of outputs of a linear classifier: the labels, the score of a choice, or the start and the end."""
    return data.kind.head(data.task)["num_labels"]


def _score(model: PreTrainedModel, data: TaskData, precision: str, training: dict[str, Any]) -> Score:
    pad_token_id, metric = tokenization.pad_token_id(data.tokenizer), metrics.load(data.task.metric)
    with torch.inference_mode():
        predictions = decoded(
            model, data.kind, data.task, data.dev, data.settings, pad_token_id=pad_token_id, precision=precision
        )
    units = {lang: metric.per_example(data.dev[lang][0], found, lang) for lang, found in predictions.items()}
    languages = {lang: float(metric.main_score(metrics.score(metric, one))) for lang, one in units.items()}
    # The mean as trainings compute it.
    score = sum(languages.values()) / len(languages)
    return Score(score, languages, _examples(data), training)


def _unknown(data: TaskData) -> Score:
    return Score(None, {}, _examples(data), {})


def _examples(data: TaskData) -> dict[str, int]:
    return {lang: examples.num_rows for lang, (examples, _) in data.dev.items()}
