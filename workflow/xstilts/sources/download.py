"""Fetching over the network: faults that may pass are waited out, and half a file is never taken for a whole one."""

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
"""Seconds before the second attempt; each wait is twice the last one."""

_TIMEOUT = 60.0
_TRANSIENT = {408, 425, 429, 500, 502, 503, 504}
_BROKEN = (httpx2.TimeoutException, httpx2.NetworkError, httpx2.RemoteProtocolError)
_NOT_AN_ARCHIVE = (tarfile.TarError, zipfile.BadZipFile, EOFError, OSError)

T = TypeVar("T")


def patiently(what: str, attempt: Callable[[], T]) -> T:
    """The result of an attempt, which is repeated after growing waits while its fault is one that may pass."""

    def tell(state: RetryCallState) -> None:
        fault, seconds = cause(state.outcome.exception()), state.next_action.sleep
        print(f"{what}: {fault}; trying again in {seconds:.0f} s", flush=True)

    retrying = Retrying(
        retry=retry_if_exception(_may_pass),
        stop=stop_after_attempt(ATTEMPTS),
        wait=wait_exponential(multiplier=WAIT, max=60),
        before_sleep=tell,
        reraise=True,
    )
    return retrying(attempt)


def cause(error: BaseException) -> str:
    """What went wrong, in words: the answer of a server, or the fault on the way."""
    if response := getattr(error, "response", None):
        return f"the server answered {response.status_code} {response.reason_phrase}".strip()
    text = str(error).split("\n")[0]
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def gave_up(error: BaseException) -> str:
    """What went wrong in the end, and how often it was tried."""
    return cause(error) + (f", in {ATTEMPTS} attempts" if _may_pass(error) else "")


def _may_pass(error: BaseException) -> bool:
    """Whether a fault is one of the moment: a server that is busy or down, a connection that broke or was cut."""
    status = getattr(getattr(error, "response", None), "status_code", None)
    cut = type(error) in (OSError, ConnectionError, TimeoutError) and error.errno is None
    return isinstance(error, _BROKEN) or status in _TRANSIENT or cut


def unpacked(name: str, archive: Archive, downloads: Path) -> Path:
    """The folder of an archive's files; it is fetched, checked and unpacked by the first job that asks for it.

    Raises:
        UserError: it cannot be fetched, or is not the one that it should be.
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
    print(f"{name}: fetching {archive.url}", flush=True)
    file.touch()
    try:
        patiently(name, lambda: _receive(archive.url, file))
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise _refused(name, archive, gave_up(error)) from None
    found = sha256(file)
    if found != archive.sha256:
        problem = f"its sha256 is {found}, not {archive.sha256}: it was damaged on its way, or another one is there now"
        raise _refused(name, archive, problem, f"; if it is meant, set sources.{name}.sha256")


def _receive(url: str, file: Path) -> None:
    """Write what is missing of a file; a server that cannot go on where it stopped sends all of it again."""
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
        raise _refused(name, archive, f"it holds no folder {archive.root!r}")


def _refused(name: str, archive: Archive, problem: str, advice: str = "") -> UserError:
    return UserError(
        f"{name} from {archive.url}: {problem}. Name a mirror in sources.{name}.url, or unpack it yourself and name "
        f"its folder in sources.{name}.folder{advice}."
    )
