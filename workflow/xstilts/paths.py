"""Where entries lie below the store. Paths are built here and nowhere else.

Every function leaves `{}` for the fingerprint of the entry. What an entry stands for is in its spec.json, never in its
path.
"""

import re

SPEC, MANIFEST = "spec.json", "manifest.json"
"""The files of an entry that say what it depends on and, by its presence, that it is finished."""

TRAINING_RECORD = "training.json"
"""The file of a trained model that holds its dev scores."""

MODELS, CELLS = "models", "cells"
"""The folders of the store in which a path has one more name for each stage."""

FLAT = {"miniature": "*~*", "data": "*~*", "features": "*~*/*~*", "experiments": "*/*~*"}
"""The other folders, in which all paths have the same number of names, and what these look like."""

NAME = re.compile(r"[^~]+~[0-9a-f]{12}")
"""A name with the fingerprint of what it stands for."""

LEAF = re.compile(r"seed-\d+|untrained")
"""The last name of a model's or a prediction's path."""

_FINGERPRINT = re.compile(r"~[0-9a-f]{12}")
_ENTRY = re.compile(rf"(?:{'|'.join([*FLAT, MODELS, CELLS])})/.*~[0-9a-f]{{12}}.*")


def named(name: str, fingerprint: str) -> str:
    """A name with the fingerprint of what it stands for."""
    return f"{name}~{fingerprint}"


def miniature(name: str) -> str:
    """A part of the miniature: its files, a tokenizer or an encoder."""
    return f"miniature/{name}~{{}}"


def data(task: str, role: str) -> str:
    """The examples of a task, read to `train` with or to `evaluate` in."""
    return f"data/{task}.{role}~{{}}"


def features(tokenizer: str, task: str, role: str) -> str:
    """The token ids of such examples; `tokenizer` is the fingerprint of what made them."""
    return f"features/tokenizer~{tokenizer}/{task}.{role}~{{}}"


def model(parents: str, stage: str, seed: int) -> str:
    """A model.

    Args:
        parents: its encoder and the stages before its last one, each with its fingerprint, joined by `/`.
    """
    return f"{MODELS}/{parents}/{stage}~{{}}/seed-{seed}"


def predictions(model: str, target: str, seed: int | None) -> str:
    """The predictions of a model.

    Args:
        model: its encoder and stages, each with its fingerprint, joined by `/`.
        seed: that of the model; None for an encoder as it is.
    """
    return f"{CELLS}/{model}/{target}~{{}}/{'untrained' if seed is None else f'seed-{seed}'}"


def scores(predictions: str) -> str:
    """The scores of predictions, below them."""
    return f"{predictions}/scores~{{}}"


def report(experiment: str, step: str) -> str:
    """A report of an experiment."""
    return f"experiments/{experiment}/{step}~{{}}"


def place(path: str) -> str:
    """The path of an entry without fingerprints, the same whatever it was made with."""
    return _FINGERPRINT.sub("", path)


def is_entry(value: object) -> bool:
    """Whether a value of a spec is the path of an entry."""
    return isinstance(value, str) and _ENTRY.fullmatch(value) is not None
