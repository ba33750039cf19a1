"""Files in dataset repositories of the Hugging Face hub, downloaded into its cache (`HF_HOME`)."""

import re
from pathlib import Path

import httpx2
from huggingface_hub import snapshot_download
from huggingface_hub.errors import (
    GatedRepoError,
    LocalEntryNotFoundError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.utils import disable_progress_bars

from xstilts.errors import UserError
from xstilts.sources import download
from xstilts.task import Repository

_REFUSALS = (401, 403)
_SHARD = re.compile(r"-(\d{5})-of-(\d{5})")
_SHARD_OF_ANY = "-of-*"
"""In a pattern that names one shard of a table of any size."""

disable_progress_bars()


def snapshot(repository: Repository, patterns: list[str]) -> Path:
    """The folder with the files of a repository that match the patterns, at its revision.

    Cached files are not downloaded again, so a complete cache works offline (`HF_HUB_OFFLINE=1`).

    Raises:
        UserError: the files cannot be downloaded, or some are missing.
    """
    try:
        folder = Path(download.patiently(repository.name, lambda: _download(repository, patterns)))
    except (httpx2.HTTPError, OSError) as error:
        raise _refused(repository, _problem(repository, error)) from None
    for pattern in patterns:
        _require_whole(repository, folder, pattern)
    return folder


def _download(repository: Repository, patterns: list[str]) -> str:
    try:
        return snapshot_download(
            repository.name, repo_type="dataset", revision=repository.revision, allow_patterns=patterns
        )
    except LocalEntryNotFoundError as error:
        raise error.__cause__ or error from None


def _problem(repository: Repository, error: Exception) -> str:
    if isinstance(error, GatedRepoError):
        place = f"https://huggingface.co/datasets/{repository.name}"
        return f"the repository is gated: request access at {place} and log in with `hf auth login`"
    if isinstance(error, RepositoryNotFoundError):
        return "the repository does not exist or is private: if you have access, log in with `hf auth login`"
    if isinstance(error, RevisionNotFoundError):
        return "the revision does not exist any more"
    if isinstance(error, OfflineModeIsEnabled):
        return "some files are not in the cache, and HF_HUB_OFFLINE is set: unset it for one run"
    response = getattr(error, "response", None)
    if response is not None and response.status_code in _REFUSALS:
        return f"{download.cause(error)}: log in with `hf auth login`, or renew your token"
    return download.gave_up(error)


def _require_whole(repository: Repository, folder: Path, pattern: str) -> None:
    """Refuse an incomplete set of shards: the cache does not mark a partially downloaded repository."""
    names = sorted(path.name for path in folder.glob(pattern))
    if not names:
        raise _refused(repository, f"{folder} has no file {pattern}")
    if "*" not in pattern or _SHARD_OF_ANY in pattern:
        return
    matches = [_SHARD.search(name) for name in names]
    shards = [(int(match[1]), int(match[2])) for match in matches if match]
    if len(shards) < len(names) or len({total for _, total in shards}) != 1:
        raise _refused(repository, f"{folder} has {', '.join(names)}, which are not the shards of one table")
    if sorted(number for number, _ in shards) != list(range(shards[0][1])):
        raise _refused(repository, f"{folder} has {len(shards)} of {shards[0][1]} files {pattern}")


def _refused(repository: Repository, problem: str) -> UserError:
    return UserError(
        f"{repository.name} on the hub at revision {repository.revision}: {problem}. Set HF_ENDPOINT to use a mirror "
        "of the hub, or `source: release` to read the task from your own files (docs/tasks.md)."
    )
