"""Training data of the miniature world whose labels say nothing any more."""

import json
import random
from collections.abc import Callable
from pathlib import Path

from xstilts.config import Miniature
from xstilts.miniature import release


def write(folder: Path, settings: Miniature) -> None:
    """The files of all tasks, with the labels of the training files shuffled where `TRAINED` knows how."""
    release.write(folder, settings)
    for path, shuffle in TRAINED.items():
        (file,) = folder.glob(path)
        file.write_text(shuffle(file.read_text(encoding="utf-8"), random.Random(path)), encoding="utf-8")


def _last_columns(text: str, rng: random.Random) -> str:
    """Lines whose last column is the label; a header and empty lines stay."""
    return _columns(text, rng, -1)


def _tags(text: str, rng: random.Random) -> str:
    """CoNLL-U, whose fourth column is the tag."""
    return _columns(text, rng, 3)


def _columns(text: str, rng: random.Random, column: int) -> str:
    lines = [line.split("\t") for line in text.split("\n")]
    labelled = [line for line in lines if len(line) > 1 and line[0] != "id"]
    labels = [line[column] for line in labelled]
    rng.shuffle(labels)
    for line, label in zip(labelled, labels, strict=True):
        line[column] = label
    return "\n".join("\t".join(line) for line in lines)


def _gold_labels(text: str, rng: random.Random) -> str:
    """JSON objects, one a line."""
    rows = [json.loads(line) for line in text.splitlines()]
    labels = [row["gold_label"] for row in rows]
    rng.shuffle(labels)
    return "".join(
        json.dumps(row | {"gold_label": label, "annotator_labels": [label]}) + "\n"
        for row, label in zip(rows, labels, strict=True)
    )


def _answers(text: str, rng: random.Random) -> str:
    """SQuAD: every question is answered by some word of its paragraph."""
    document = json.loads(text)
    for article in document["data"]:
        for paragraph in article["paragraphs"]:
            context = paragraph["context"]
            for question in paragraph["qas"]:
                word = rng.choice(context.split())
                question["answers"] = [{"text": word, "answer_start": context.index(word)}]
    return json.dumps(document)


TRAINED: dict[str, Callable[[str, random.Random], str]] = {
    "mnli/multinli_1.0_train.jsonl": _gold_labels,
    "pawsx/en/train.tsv": _last_columns,
    "udpos/UD_English-Miniature/*-train.conllu": _tags,
    "panx/en/train": _last_columns,
    "squad_v1/train-v1.1.json": _answers,
}
