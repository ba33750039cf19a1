"""Retrieval with weights in bfloat16 finds what it finds in float32: Tatoeba in all languages of the samples."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest
import torch

from xstilts.kinds import load
from xstilts.models import encoders, tokenization
from xstilts.prediction.embed import embed, without_unread_layers
from xstilts.prediction.mine import Selection, nearest
from xstilts.prediction.sentences import distinct
from xstilts.sources.checkpoints import Checkpoint

pytestmark = pytest.mark.slow

PAIRS = 200
"""Sentence pairs of a language."""


@pytest.fixture(scope="module")
def found(samples: Path) -> dict[torch.dtype, list[np.ndarray]]:
    """The number of the nearest foreign sentence to each English one, in each language, by precision of the weights."""
    folder = samples.parent / "models" / "me5-small-96k"
    if not folder.is_dir():
        pytest.skip("no encoder in models/me5-small-96k beside the samples")
    sides = [file for english in sorted((samples / "tatoeba").glob("*.eng")) for file in (foreign_of(english), english)]
    texts = [file.read_text(encoding="utf-8").rstrip("\n").split("\n")[:PAIRS] for file in sides]
    tokenizer = tokenization.load_tokenizer(Checkpoint(str(folder)))
    examples = pa.table({"text": [text for lines in texts for text in lines]})
    features = load("retrieval").encode(examples, tokenizer, None, SimpleNamespace(max_length=512))
    numbers = distinct(features["input_ids"])
    rows = np.split(numbers, np.cumsum([len(lines) for lines in texts])[:-1])
    neighbours = {}
    for dtype in (torch.float32, torch.bfloat16):
        encoder = without_unread_layers(encoders.load_encoder(Checkpoint(str(folder)), dtype), None)
        options = {"pad_token_id": tokenizer.pad_token_id, "layer": None, "pooling": "mean"}
        vectors = embed(encoder, features, **options, chosen=np.unique(numbers, return_index=True)[1])
        languages = zip(rows[::2], rows[1::2], strict=True)
        neighbours[dtype] = [nearest(Selection(vectors, own), Selection(vectors, other)) for other, own in languages]
    return neighbours


def foreign_of(english: Path) -> Path:
    """The other file of a language: `tatoeba.deu-eng.deu` for `tatoeba.deu-eng.eng`."""
    return english.with_suffix("." + english.name.split(".")[1].partition("-")[0])


def test_the_mean_accuracy_over_languages_stays_within_a_tenth_of_a_point(found):
    float32, bfloat16 = (
        np.mean([100 * np.mean(rows == np.arange(len(rows))) for rows in languages]) for languages in found.values()
    )
    assert float32 > 50
    assert abs(bfloat16 - float32) <= 0.1


def test_at_most_two_in_a_hundred_neighbours_are_others(found):
    changed = [one != other for one, other in zip(*found.values(), strict=True)]
    assert 0 < np.concatenate(changed).mean() <= 0.02
