"""Entries of releases whose spec.json says neither what they stand for nor what they were made from.

Their paths say it, and only here is a path taken apart.
"""

from collections.abc import Iterable

from xstilts.fingerprints.spec import fingerprint, leaves
from xstilts.paths import CELLS, MODELS
from xstilts.steps.entry import About, Entry


def about(path: str) -> About:
    """What an entry stands for."""
    folder, *rest = path.split("/")
    names = [_parts(part) for part in rest]
    if folder == "experiments":
        return About(experiment=rest[0])
    if folder in ("data", "features"):
        task, _, role = names[-1][0].partition(".")
        return About(origin=names[0][1] if folder == "features" else None, task=task, role=role)
    if folder not in (MODELS, CELLS):
        return About()
    if names[-1][0] == "scores":
        names = names[:-1]
    (encoder, origin), *between, (leaf, _) = names
    stages = [name for name, _ in between]
    seed = None if leaf == "untrained" else int(leaf.removeprefix("seed-"))
    task = stages.pop() if folder == CELLS else None
    return About(encoder=encoder, origin=origin, stages=tuple(stages), task=task, seed=seed)


def counterpart(entry: Entry, role: str, path: str, spec: dict, roots: Iterable[str]) -> str | None:
    """The path of what a result was made from where the entry has its input `role`.

    Args:
        path: that of the result.
        spec: that of the result.
        roots: the encoders or tokenizers, made here, that it may begin with.

    Returns:
        None if neither its path nor its spec says so itself: the data behind its token ids.
    """
    if role == "predictions":
        return path.rpartition("/")[0]
    if role in ("parent", "model"):
        _, *names, _, leaf = path.split("/")
        return "/".join((MODELS, *names, leaf))
    if role in ("encoder", "tokenizer") and role not in entry.spec:
        root = _parts(path.split("/")[1])[1]
        return next((one for one in roots if fingerprint({role: one}) == root), None)
    for key, value in leaves(entry.spec).items():
        if value == entry.inputs[role].path:
            return leaves(spec).get(key)
    return None


def _parts(name: str) -> tuple[str, str]:
    name, _, made_with = name.partition("~")
    return name, made_with
