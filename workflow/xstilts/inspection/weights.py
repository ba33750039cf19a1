"""The size of the weights of a model, and of the state of its training, before it is trained."""

from pathlib import Path

from huggingface_hub import try_to_load_from_cache

from xstilts.config import Config, Encoder
from xstilts.sources import shapes
from xstilts.store.contents import Contents

_SUFFIXES = (".safetensors", ".bin")
_ON_HUB = ("model.safetensors", "pytorch_model.bin")


def size(config: Config, results: Contents, encoder: str) -> int | None:
    """The size of the weights of an encoder's models: of a finished model, or else of a local copy of the encoder, or
    else of its shape in float32.

    Returns:
        The size in bytes; None if there is none of these.
    """
    models = [one for one in results.below("models") if one.about.encoder == encoder]
    known = [bytes_ for one in models if (bytes_ := _of_files(list(one.folder.iterdir())))]
    return known[-1] if known else _of_encoder(config.encoders[encoder]) or _of_shape(config.encoders[encoder])


def state(config: Config, encoder: str) -> int | None:
    """The size in bytes of what a training with an encoder keeps while it runs: the weights of its best checkpoint, and
    two states, of which one is being written, with weights and two moments of each; None if it is unknown.
    """
    shape = shapes.of_encoder(config.encoders[encoder])
    return (4 + 2 * 12) * shape.parameters if shape else None


def _of_shape(encoder: Encoder) -> int | None:
    shape = shapes.of_encoder(encoder)
    return 4 * shape.parameters if shape else None


def _of_encoder(encoder: Encoder) -> int | None:
    if encoder.path is not None:
        return _of_files(list(encoder.path.iterdir())) if encoder.path.is_dir() else None
    if encoder.repository is None:
        return None
    for name in _ON_HUB:
        file = try_to_load_from_cache(encoder.repository, name, revision=encoder.revision)
        if isinstance(file, str):
            return Path(file).stat().st_size
    return None


def _of_files(files: list[Path]) -> int | None:
    """The size of the weights among the files of a checkpoint, in the preferred format."""
    for suffix in _SUFFIXES:
        if found := sum(file.stat().st_size for file in files if file.suffix == suffix):
            return found
    return None
