"""The store on disk: which entries are finished, how one appears, and what files and code stand for in a spec.

An entry is finished when its manifest is there and every file that it lists has its size. The manifest is written last,
by renaming, and never changed.
"""

import json
import os
import shutil
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from xstilts.config import Config, ConfigError, Encoder
from xstilts.errors import UserError, shorten
from xstilts.fingerprints import sameness, spec
from xstilts.fingerprints.sameness import Record, Sameness
from xstilts.fingerprints.sourcecode import SourceCode
from xstilts.grid import Entry, Grid
from xstilts.sources import encoder_config, files
from xstilts.sources.checkpoints import (
    CONFIG,
    has_weights,
    is_checkpoint,
    model_files,
    tokenizer_files,
    tokenizer_settings,
)
from xstilts.task import Task

SPEC, MANIFEST, WEIGHTS = "spec.json", "manifest.json", "model.safetensors"
REMOVED = "removed"
MODULES = "modules"
"""What a manifest says of the code of its entry: by role, each module with its fingerprint."""
DRAFT, TRAINING = "files", "training"
"""Why a job has a scratch place: for the files of its entry until they are complete, for the state of a training."""


class FileIdentity:
    """Files by their content, code by its syntax trees.

    Args:
        memory: the folder that remembers both from one look to the next.
        sameness: which code, and which versions of libraries, did the same as older ones.
    """

    def __init__(self, memory: Path, sameness: Sameness):
        self.hashes = spec.FileHashes(memory / "sha256.json")
        self.sameness = sameness
        self.source = SourceCode(memory / "code.json", sameness)

    def save(self) -> None:
        """Remember what was seen."""
        self.hashes.save()
        self.source.save()

    def code(self, role: str) -> str:
        """The fingerprint of the code of something that a grid names."""
        return self.source.fingerprint(role)

    def modules(self, role: str) -> dict[str, str]:
        """The modules of that code, each with its own fingerprint."""
        return self.source.modules(role)

    def library(self, name: str) -> str:
        """The minor version of a library, or the oldest one that did the same."""
        return self.sameness.oldest(sameness.LIBRARY + name, spec.minor_version(name))

    def split(self, task: Task, split: str, lang: str, config: Config) -> dict:
        """The layout and the content of the files of a split; what was looked for, where there is none."""
        return files.identity(task, split, lang, config, self.hashes)

    def encoder(self, name: str, encoder: Encoder) -> dict:
        """The repository and its commit, or the content of the folder."""
        return self._of_folder(encoder, lambda folder: self._contents(model_files(folder)))

    def tokenizer(self, name: str, encoder: Encoder) -> dict:
        """As for the encoder, but what decides its tokenizer alone, which encoders of several sizes may share."""
        return self._of_folder(
            encoder, lambda folder: self._contents(tokenizer_files(folder)) | {CONFIG: tokenizer_settings(folder)}
        )

    def longest(self, encoder: Encoder) -> int | None:
        """The sub-words of the longest sequence for which an encoder has positions, by its config.json."""
        return encoder_config.longest(encoder)

    def _of_folder(self, encoder: Encoder, content: Callable[[Path], dict]) -> dict:
        if encoder.path is None:
            return {"repository": encoder.repository, "revision": encoder.revision}
        if not is_checkpoint(encoder.path):
            return {"missing": str(encoder.path)}
        return content(encoder.path)

    def _contents(self, listed: Iterable[Path]) -> dict:
        return {file.name: self.hashes.of(file) for file in listed}


def require_encoders(config: Config) -> None:
    """Refuse to start a run whose encoders are not there; a plan may be made without them.

    Raises:
        ConfigError: the first folder that is none, or has no weights.
    """
    for name in config.grid.encoders:
        key, path = f"encoders.{name}.path", config.encoders[name].path
        if path and not is_checkpoint(path):
            raise ConfigError(key, str(path), "no Hugging Face folder there (config.json, weights, tokenizer.json)")
        if path and not has_weights(path):
            problem = "there are no weights in this folder (such as model.safetensors or pytorch_model.bin)"
            raise ConfigError(key, str(path), f"{problem}; put the encoder's own there")


def open_grid(config: Config, added: Iterable[Record] = ()) -> Grid:
    """The grid of a configuration over the files and the code that are here now.

    Args:
        added: records of sameness that neither the project nor the store has yet.
    """
    records = Sameness([sameness.SHIPPED, config.store / sameness.FILE], added)
    identity = FileIdentity(config.store / ".cache", records)
    grid = Grid(config, identity)
    _ = grid.entries
    identity.save()
    return grid


def finished(store: Path, entry: Entry) -> bool:
    """Whether an entry is complete: nothing that was written with its manifest is missing, cut off or swollen."""
    sizes = _manifest(store, entry).get("sizes", {})
    return bool(sizes) and all(_size(store / entry.path / name) == size for name, size in sizes.items())


def whole(store: Path, entry: Entry) -> bool:
    """Whether something new can be made from an entry: it is finished, and none of its files was removed since."""
    return finished(store, entry) and not (entry.step == "train_stage" and REMOVED in _manifest(store, entry))


def remove_weights(store: Path, entry: Entry) -> int:
    """Delete the weights of a finished model; what was made from it stays finished, and so does the model.

    Its manifest lists them no more, but keeps their sha256 under `removed`.

    Returns:
        The bytes that were freed.
    """
    manifest = _manifest(store, entry)
    weights = [name for name in manifest["files"] if name.endswith(Path(WEIGHTS).suffix)]
    if not weights:
        return 0
    for name in weights:
        (store / entry.path / name).unlink(missing_ok=True)
    removed = {name: manifest["files"].pop(name) for name in weights}
    freed = sum(manifest["sizes"].pop(name) for name in weights)
    write_json(store / entry.manifest, {**manifest, REMOVED: removed})
    return freed


def read_json(file: Path) -> dict:
    """A JSON object that lies in the store; empty where there is none, or half of one after the power failed.

    Raises:
        UserError: the file may not be read.
    """
    try:
        content = json.loads(file.read_bytes())
    except PermissionError:
        raise UserError(f"{file} may not be read by you; ask its owner for the right to.") from None
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def noted(store: Path, path: str, name: str, *keys: str) -> dict:
    """What the manifest of a finished entry says under a name.

    Args:
        path: that of the entry.
        keys: what it has to say at least.

    Raises:
        UserError: it says nothing of the kind.
    """
    manifest = store / path / MANIFEST
    note = read_json(manifest).get(name)
    if isinstance(note, dict) and all(key in note for key in keys):
        return note
    what = f" with {' and '.join(map(repr, keys))}" if keys else ""
    raise UserError(
        f"{manifest}: found {shorten(note)}; expected a note on {name!r}{what}. Delete it and start snakemake again, "
        "and it is made anew."
    )


def _manifest(store: Path, entry: Entry) -> dict:
    """The manifest of an entry; nothing where there is none, or one that no job has written."""
    manifest = read_json(store / entry.manifest)
    sizes, files = manifest.get("sizes"), manifest.get("files")
    fits = isinstance(sizes, dict) and isinstance(files, dict) and SPEC in sizes and sizes.keys() == files.keys()
    return manifest if fits else {}


def _size(file: Path) -> int | None:
    """The bytes of a file; None where there is none, whatever else may be there."""
    try:
        status = file.stat()
    except PermissionError:
        raise UserError(f"{file} may not be looked at by you; ask its owner for the right to.") from None
    except (OSError, ValueError):
        return None
    return status.st_size if stat.S_ISREG(status.st_mode) else None


def damaged(store: Path, entry: Entry) -> bool:
    """Whether an entry was finished and is not any more."""
    return os.path.lexists(store / entry.manifest) and not finished(store, entry)


def set_aside(store: Path, entry: Entry) -> None:
    """Rename the manifest of a damaged entry, by which Snakemake would go."""
    aside = store / f"{entry.manifest}.damaged"
    _clear(aside)
    (store / entry.manifest).rename(aside)


def _clear(place: Path) -> None:
    """Remove what stands in a place, whatever it is."""
    if place.is_dir() and not place.is_symlink():
        shutil.rmtree(place)
    else:
        place.unlink(missing_ok=True)


def require_intact(store: Path, entry: Entry) -> None:
    """Refuse to make an entry from others whose files are not as their jobs wrote them.

    Raises:
        UserError: the first such file.
    """
    for source in entry.inputs.values():
        if finished(store, source) and not whole(store, source):
            raise UserError(
                f"the weights of {store / source.path} were removed since the run was planned (keep_models: false). "
                "Start snakemake again, and they are trained anew."
            )
        for file in altered(store, source):
            raise UserError(
                f"{file} is not as it was written: its sha256 is not the one in {MANIFEST} beside it. "
                f"Delete {store / source.manifest} and start snakemake again, and it is made anew."
            )


def altered(store: Path, entry: Entry) -> Iterator[Path]:
    """The files of an entry whose sha256 is not the one in its manifest, one after the other."""
    for name, sha256 in _manifest(store, entry).get("files", {}).items():
        file = store / entry.path / name
        if not file.is_file() or spec.sha256(file) != sha256:
            yield file


def warnings(store: Path, grid: Grid) -> list[str]:
    """What is strange about the data of an experiment: a line for each task, split and finding, with its languages."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for entry in grid.entries.values():
        if entry.step == "read_task" and finished(store, entry):
            for name in entry.spec["files"]:
                if warning := noted(store, entry.path, name).get("warning"):
                    split, lang = name.split(".")
                    found.setdefault((entry.about["task"], split, warning), []).append(lang)
    return [f"{task} {split}: {text} ({', '.join(langs)})" for (task, split, text), langs in found.items()]


def added_records(store: Path, grid: Grid) -> list[Record]:
    """The records that users have added to a store, of those that lead to a name in a grid."""
    oldest = grid.identity.sameness.oldest
    named = {pair for entry in grid.entries.values() for pair in sameness.named(entry.spec).items()}
    return [one for one in sameness.read(store / sameness.FILE)[1] if (one.of, oldest(one.of, one.new)) in named]


def require_counts(config: Config, grid: Grid) -> None:
    """Refuse to go on with data that were read with a warning before the configuration became strict.

    Raises:
        ConfigError: the first warning.
    """
    for warning in warnings(config.store, grid) if config.strict else []:
        raise ConfigError("strict", True, f"refuses data that were read already: {warning}")


def pending(store: Path, grid: Grid) -> dict[str, Entry]:
    """What is still to be made, by path: everything that the tables need and that no finished entry stands for.

    A model without its weights is made again where something is to be made from it.
    """
    waiting, found = list(grid.reports), {}
    while waiting:
        entry = waiting.pop()
        if entry.path not in found and not whole(store, entry):
            found[entry.path] = entry
            waiting.extend(entry.inputs.values())
    return found


@dataclass(frozen=True)
class Draft:
    """An entry while it is made: the folder of its files, and what its manifest says beside their hashes."""

    folder: Path
    notes: dict = field(default_factory=dict)


@contextmanager
def publishing(store: Path, entry: Entry) -> Iterator[Draft]:
    """A draft that becomes the entry when the block ends well; the manifest comes last."""
    draft = Draft(scratch(store, entry, f"{DRAFT}.{os.getpid()}"))
    shutil.rmtree(draft.folder, ignore_errors=True)
    draft.folder.mkdir(parents=True)
    try:
        yield draft
        write_json(draft.folder / SPEC, entry.spec)
        written = {str(file.relative_to(draft.folder)): file for file in _files(draft.folder)}
        # Some libraries let nobody but the owner read what they write, whatever the umask says.
        for file in written.values():
            file.chmod((draft.folder / SPEC).stat().st_mode)
        hashes = {name: spec.sha256(file) for name, file in written.items()}
        sizes = {name: _size(file) for name, file in written.items()}
        for name in hashes:
            final = store / entry.path / name
            final.parent.mkdir(parents=True, exist_ok=True)
            if final.is_dir():
                _clear(final)
            (draft.folder / name).replace(final)
        write_json(store / entry.manifest, {**draft.notes, "files": hashes, "sizes": sizes, MODULES: entry.modules})
    finally:
        shutil.rmtree(draft.folder, ignore_errors=True)


def show(store: Path, grid: Grid) -> None:
    """Let the folder of the experiment lead to the reports of this configuration, of all that were made in it."""
    for entry in grid.entries.values():
        if "experiment" in entry.about and finished(store, entry):
            folder = store / entry.path
            for file in folder.iterdir():
                if file.name not in (SPEC, MANIFEST) and not file.name.startswith("."):
                    _link(folder.parent / file.name, Path(folder.name, file.name))


def hide(store: Path, grid: Grid) -> None:
    """Let the folder of the experiment show no report until one of this configuration is there to be shown."""
    for place in (store / grid.tables.path).parent.glob("*"):
        if place.is_symlink():
            place.unlink()


def _link(place: Path, target: Path) -> None:
    """A symbolic link in the place of an earlier one, or of what a copy of the store has made of it."""
    if place.is_dir() and not place.is_symlink():
        shutil.rmtree(place)
    link = place.with_name(f".{place.name}.{os.getpid()}")
    link.symlink_to(target)
    link.replace(place)


def scratch(store: Path, entry: Entry, purpose: str) -> Path:
    """The place where a job keeps what is not part of its entry.

    It lies in the folder of the entry, and so on the same disk, wherever links lead from the store: from there a file
    can be renamed.
    """
    return store / entry.path / f".{purpose}"


def left_behind(store: Path, entry: Entry, purpose: str) -> list[Path]:
    """What jobs keep, or have left, in the scratch places of an entry for a purpose, locks included."""
    return sorted(scratch(store, entry, purpose).parent.glob(f".{purpose}*"))


def _files(folder: Path) -> list[Path]:
    return sorted(file for file in folder.rglob("*") if file.is_file())


def write_json(path: Path, value: object) -> None:
    """A JSON file that appears whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    scratch.write_text(json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")
    scratch.replace(path)


def planned(grid: Grid, path: str) -> Entry:
    """The entry that a job was started for.

    Raises:
        UserError: the code, the configuration or the data have changed since the run was planned, so that the job would
            put a result under a name that no longer stands for it.
    """
    try:
        return grid.entries[path]
    except KeyError:
        raise UserError(
            f"{path} is not part of this experiment any more: the code, the configuration or the data have changed "
            "since the run was planned. Nothing is lost; start snakemake again."
        ) from None
