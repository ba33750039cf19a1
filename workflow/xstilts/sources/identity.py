"""Identities of files and code in specs."""

from collections.abc import Callable, Iterable
from pathlib import Path

from xstilts.config import Config, Encoder
from xstilts.fingerprints import sameness, spec
from xstilts.fingerprints.sameness import Sameness
from xstilts.fingerprints.sourcecode import SourceCode
from xstilts.sources import encoder_config, files
from xstilts.sources.checkpoints import CONFIG, is_checkpoint, model_files, tokenizer_files, tokenizer_settings
from xstilts.task import Task


class FileIdentity:
    """Identifies files by their content and code by its syntax trees.

    Args:
        memory: the folder in which hashes are cached between runs.
        sameness: records of code and library versions that are equivalent to older ones.
    """

    def __init__(self, memory: Path, sameness: Sameness):
        self.hashes = spec.FileHashes(memory / "sha256.json")
        self.sameness = sameness
        self.source = SourceCode(memory / "code.json", sameness)

    def save(self) -> None:
        """Write the cached hashes."""
        self.hashes.save()
        self.source.save()

    def code(self, role: str) -> str:
        """The fingerprint of the code of a role."""
        return self.source.fingerprint(role)

    def modules(self, role: str) -> dict[str, str]:
        """The modules of a role, each with its fingerprint."""
        return self.source.modules(role)

    def library(self, name: str) -> str:
        """The minor version of a library, or the oldest equivalent one."""
        return self.sameness.oldest(sameness.LIBRARY + name, spec.minor_version(name))

    def split(self, task: Task, split: str, lang: str, config: Config) -> dict:
        """The layout and the content of the files of a split, or the patterns that were not found."""
        return files.identity(task, split, lang, config, self.hashes)

    def encoder(self, name: str, encoder: Encoder) -> dict:
        """The repository and its commit, or the content of the local folder."""
        return self._of_folder(encoder, lambda folder: self._contents(model_files(folder)))

    def tokenizer(self, name: str, encoder: Encoder) -> dict:
        """Like `encoder`, but only for the files of the tokenizer, which encoders of several sizes may share."""
        return self._of_folder(
            encoder, lambda folder: self._contents(tokenizer_files(folder)) | {CONFIG: tokenizer_settings(folder)}
        )

    def longest(self, encoder: Encoder) -> int | None:
        """The maximum sequence length of an encoder in sub-words, from its config.json; None if unknown."""
        return encoder_config.longest(encoder)

    def dropout(self, encoder: Encoder) -> float | None:
        """The largest dropout in the layers of an encoder, from its config.json; None if unknown."""
        return encoder_config.dropout(encoder)

    def _of_folder(self, encoder: Encoder, content: Callable[[Path], dict]) -> dict:
        if encoder.path is None:
            return {"repository": encoder.repository, "revision": encoder.revision}
        if not is_checkpoint(encoder.path):
            return {"missing": str(encoder.path)}
        return content(encoder.path)

    def _contents(self, listed: Iterable[Path]) -> dict:
        return {file.name: self.hashes.of(file) for file in listed}
