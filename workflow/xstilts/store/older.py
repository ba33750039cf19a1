"""Metadata of entries of older releases, whose spec.json contains neither metadata nor inputs.

They are parsed from paths, which is done in this module only.
"""

from collections.abc import Iterable

from xstilts.fingerprints.spec import fingerprint, leaves
from xstilts.paths import CELLS, MODELS
from xstilts.steps.entry import About, Entry


def about(path: str) -> About:
    """The metadata of an entry."""
    folder, *rest = path.split("/")
    names = [_parts(part) for part in rest]
    if folder == "experiments":
        return About(experiment=rest[0])
    if folder in ("data", "features"):
        task, _, role = names[-1][0].partition(".")
        return About(origin=names[0][1] if folder == "features" else "", task=task, role=role)
    if folder not in (MODELS, CELLS):
        return About()
    if names[-1][0] == "scores":
        names = names[:-1]
    (encoder, origin), *between, (leaf, _) = names
    stages = [name for name, _ in between]
    seed = None if leaf == "untrained" else int(leaf.removeprefix("seed-"))
    task = stages.pop() if folder == CELLS else ""
    return About(encoder=encoder, origin=origin, stages=tuple(stages), task=task, seed=seed)


def counterpart(entry: Entry, role: str, path: str, spec: dict, roots: Iterable[str]) -> str | None:
    """The path of the input `role` of a result.

    Args:
        entry: an entry with the same path but for fingerprints, whose inputs have the same roles.
        path: the path of the result.
        spec: the spec of the result.
        roots: paths of the pretrained encoders or tokenizers in the store that it may be based on.

    Returns:
        The path; None if neither the path nor the spec of the result contains it, as for the data behind its features.
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
            found = leaves(spec).get(key)
            return found if isinstance(found, str) else None
    return None


def _parts(name: str) -> tuple[str, str]:
    name, _, made_with = name.partition("~")
    return name, made_with
