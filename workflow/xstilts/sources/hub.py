"""Files in dataset repositories of the Hugging Face hub, fetched into its own cache (`HF_HOME`)."""

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

disable_progress_bars()


def snapshot(repository: Repository, patterns: list[str]) -> Path:
    """The folder of a repository's files at its revision, with all those of the patterns.

    What is in the cache is not fetched again, so a warm cache serves without a network (`HF_HUB_OFFLINE=1`).

    Raises:
        UserError: they cannot be fetched, or some are missing.
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
        return f"it is gated: ask for access at {place} and log in with `hf auth login`"
    if isinstance(error, RepositoryNotFoundError):
        return "there is no such repository, or it is private: if you have access, log in with `hf auth login`"
    if isinstance(error, RevisionNotFoundError):
        return "it has no such revision any more"
    if isinstance(error, OfflineModeIsEnabled):
        return "not all of it is in the cache, and HF_HUB_OFFLINE is set: run once without"
    if getattr(error, "response", None) is not None and error.response.status_code in _REFUSALS:
        return f"{download.cause(error)}: log in with `hf auth login`, or renew your token"
    return download.gave_up(error)


def _require_whole(repository: Repository, folder: Path, pattern: str) -> None:
    """Every shard has to be there: the cache may be a part of a repository, with nothing that says so."""
    names = sorted(path.name for path in folder.glob(pattern))
    if not names:
        raise _refused(repository, f"{folder} holds no file {pattern}")
    if "*" not in pattern:
        return
    shards = [match and (int(match[1]), int(match[2])) for match in map(_SHARD.search, names)]
    if None in shards or len({total for _, total in shards}) != 1:
        raise _refused(repository, f"{folder} holds {', '.join(names)}, which are not the shards of one table")
    if sorted(number for number, _ in shards) != list(range(shards[0][1])):
        raise _refused(repository, f"{folder} holds {len(shards)} of {shards[0][1]} files {pattern}")


def _refused(repository: Repository, problem: str) -> UserError:
    return UserError(
        f"{repository.name} of the hub at revision {repository.revision}: {problem}. A mirror of the hub can be named "
        "in HF_ENDPOINT; with `source: release` the task is read from your own files (docs/tasks.md)."
    )
