"""The paths of entries, relative to the store. Paths are built in this module only.

Every function returns a path with `{}` in place of the fingerprint of the entry. The metadata of an entry are in
its spec.json, not in its path.
"""

import re

SPEC, MANIFEST = "spec.json", "manifest.json"
"""The file with the spec of an entry, and the file that marks it as finished."""

TRAINING_RECORD = "training.json"
"""The file of a trained model with its dev scores."""

MEASURED_SCORES = "forgetting.json"
"""The file with the scores of heads and probes on a model."""

MODELS, CELLS = "models", "cells"
"""The folders of the store in which paths have one more component per stage."""

BUNDLES = "bundles"
"""The folder of the store with the markers of jobs that make several predictions."""

FLAT = {"miniature": "*~*", "data": "*~*", "features": "*~*/*~*", "experiments": "*/*~*"}
"""The other folders, in which all paths have the same number of components, with glob patterns of these."""

NAME = re.compile(r"[^~]+~[0-9a-f]{12}")
"""A path component with a fingerprint."""

LEAF = re.compile(r"seed-\d+|untrained")
"""The last component of the path of a model or of predictions."""

LONGEST = 200
"""Maximum length of the path of an entry in bytes. Snakemake's SLURM plugin makes one folder name of it, and adds to
it; a folder name has at most 255 bytes."""

_FINGERPRINT = re.compile(r"~[0-9a-f]{12}")
_ENTRY = re.compile(rf"(?:{'|'.join([*FLAT, MODELS, CELLS])})/.*~[0-9a-f]{{12}}.*")


def named(name: str, fingerprint: str) -> str:
    """A path component with a fingerprint."""
    return f"{name}~{fingerprint}"


def miniature(name: str) -> str:
    """A part of the miniature: its data files, a tokenizer or an encoder."""
    return f"miniature/{name}~{{}}"


def data(task: str, role: str) -> str:
    """The examples of a task for a role, `train` or `evaluate`."""
    return f"data/{task}.{role}~{{}}"


def features(tokenizer: str, task: str, role: str) -> str:
    """The token ids of the examples of a task; `tokenizer` is the fingerprint of the tokenizer."""
    return f"features/tokenizer~{tokenizer}/{task}.{role}~{{}}"


def model(parents: str, stage: str, seed: int) -> str:
    """A model.

    Args:
        parents: its encoder and all stages but the last, each with its fingerprint, joined by `/`.
    """
    return f"{MODELS}/{parents}/{stage}~{{}}/seed-{seed}"


def predictions(model: str, target: str, seed: int | None) -> str:
    """The predictions of a model.

    Args:
        model: its encoder and stages, each with its fingerprint, joined by `/`.
        seed: the seed of the model; None for an encoder that is evaluated without training.
    """
    return f"{CELLS}/{model}/{target}~{{}}/{'untrained' if seed is None else f'seed-{seed}'}"


def probes(model: str, seed: int | None) -> str:
    """The scores of earlier heads and of probes on a model, with the arguments of `predictions`."""
    return predictions(model, "probes", seed)


def bundle(model: str) -> str:
    """All predictions of a model, given its path, or of an encoder, given its name and fingerprint."""
    return f"{BUNDLES}/{model.removeprefix(f'{MODELS}/')}~{{}}"


def scores(predictions: str) -> str:
    """The scores of predictions, in a subfolder of theirs."""
    return f"{predictions}/scores~{{}}"


def report(experiment: str, step: str) -> str:
    """A report of an experiment."""
    return f"experiments/{experiment}/{step}~{{}}"


def statistics(experiment: str, target: str) -> str:
    """The statistics of a target in an experiment."""
    return report(experiment, f"statistics.{target}")


def place(path: str) -> str:
    """A path without fingerprints, which is the same for all settings, data and code."""
    return _FINGERPRINT.sub("", path)


def without_fingerprints(path: str) -> str:
    """A path whose fingerprints are removed but marked by `~`, such as `data/xnli.train~`."""
    return _FINGERPRINT.sub("~", path)


def is_entry(value: object) -> bool:
    """Whether a value in a spec is the path of an entry."""
    return isinstance(value, str) and _ENTRY.fullmatch(value) is not None
