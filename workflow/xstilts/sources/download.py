"""Downloads: transient errors are retried, and an incomplete file is never used."""

import shutil
import tarfile
import zipfile
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from typing import TypeVar

import httpx2
from filelock import FileLock
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt, wait_exponential

from xstilts.errors import UserError
from xstilts.fingerprints.spec import sha256
from xstilts.sources.archives import Archive

ATTEMPTS = 6
WAIT = 2.0
"""Seconds before the second attempt; the wait doubles with each attempt."""

_TIMEOUT = 60.0
_TRANSIENT = {408, 425, 429, 500, 502, 503, 504}
_BROKEN = (httpx2.TimeoutException, httpx2.NetworkError, httpx2.RemoteProtocolError)
_LOST = (OSError, ConnectionError, TimeoutError)
_NOT_AN_ARCHIVE = (tarfile.TarError, zipfile.BadZipFile, EOFError, OSError)

T = TypeVar("T")


def patiently(what: str, attempt: Callable[[], T]) -> T:
    """Call `attempt` and return its result; retry with exponential backoff after transient errors."""

    def report(state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        if error is not None and state.next_action is not None:
            print(f"{what}: {cause(error)}; retrying in {state.next_action.sleep:.0f} s", flush=True)

    retrying = Retrying(
        retry=retry_if_exception(_is_transient),
        stop=stop_after_attempt(ATTEMPTS),
        wait=wait_exponential(multiplier=WAIT, max=60),
        before_sleep=report,
        reraise=True,
    )
    return retrying(attempt)


def cause(error: BaseException) -> str:
    """A one-line description of an error: the status of the response, or the exception."""
    if response := getattr(error, "response", None):
        return f"the server answered {response.status_code} {response.reason_phrase}".strip()
    text = str(error).split("\n")[0]
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def gave_up(error: BaseException) -> str:
    """A description of the final error, with the number of attempts if it was retried."""
    return cause(error) + (f", in {ATTEMPTS} attempts" if _is_transient(error) else "")


def _is_transient(error: BaseException) -> bool:
    """Whether an error is temporary: an overloaded or unavailable server, or a lost connection."""
    status = getattr(getattr(error, "response", None), "status_code", None)
    lost = isinstance(error, OSError) and type(error) in _LOST and error.errno is None
    return isinstance(error, _BROKEN) or status in _TRANSIENT or lost


def unpacked(name: str, archive: Archive, downloads: Path) -> Path:
    """The folder with the files of an archive; the first job that needs it downloads, verifies and unpacks it.

    Raises:
        UserError: the archive cannot be downloaded or unpacked, or its sha256 differs from the expected one.
    """
    folder = downloads / f"{name}~{archive.sha256[:12]}"
    downloads.mkdir(parents=True, exist_ok=True)
    with FileLock(downloads / f"{folder.name}.lock"):
        if not folder.is_dir():
            scratch = downloads / f".{folder.name}"
            shutil.rmtree(scratch, ignore_errors=True)
            scratch.mkdir()
            try:
                _fetch(name, archive, scratch / "archive")
                _unpack(name, archive, scratch / "archive", scratch / "files")
                (scratch / "files" / archive.root).rename(folder)
            finally:
                shutil.rmtree(scratch, ignore_errors=True)
    return folder


def _fetch(name: str, archive: Archive, file: Path) -> None:
    print(f"{name}: downloading {archive.url}", flush=True)
    file.touch()
    try:
        patiently(name, lambda: _receive(archive.url, file))
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise _refused(name, archive, gave_up(error)) from None
    found = sha256(file)
    if found != archive.sha256:
        problem = (
            f"found the sha256 {found}, expected {archive.sha256}: the download is corrupt, or the file at this "
            "address has changed"
        )
        raise _refused(name, archive, problem, f"; if the new file is intended, set sources.{name}.sha256")


def _receive(url: str, file: Path) -> None:
    """Download the missing part of a file, or all of it if the server does not support ranges."""
    done = file.stat().st_size
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={done}-"} if done else {})
    with httpx2.stream("GET", url, headers=headers, follow_redirects=True, timeout=_TIMEOUT) as response:
        response.raise_for_status()
        resumed = response.status_code == HTTPStatus.PARTIAL_CONTENT
        with file.open("ab" if resumed else "wb") as target:
            for block in response.iter_raw():
                target.write(block)


def _unpack(name: str, archive: Archive, file: Path, folder: Path) -> None:
    try:
        if zipfile.is_zipfile(file):
            with zipfile.ZipFile(file) as opened:
                opened.extractall(folder)
        else:
            with tarfile.open(file) as opened:
                opened.extractall(folder, filter="data")
    except _NOT_AN_ARCHIVE as error:
        raise _refused(name, archive, f"it cannot be unpacked: {error}") from None
    if not (folder / archive.root).is_dir():
        raise _refused(name, archive, f"it has no folder {archive.root!r}")


def _refused(name: str, archive: Archive, problem: str, advice: str = "") -> UserError:
    return UserError(
        f"{name} from {archive.url}: {problem}. Set sources.{name}.url to a mirror, or unpack the archive yourself and "
        f"set sources.{name}.folder to its folder{advice}."
    )
