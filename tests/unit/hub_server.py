"""A small server on this machine: the endpoints of the Hugging Face hub that a download uses, and plain files.

What goes wrong on a network can be ordered: the next requests whose line contains a text get another answer.
"""

import hashlib
import json
import re
import threading
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pyarrow as pa
import pyarrow.parquet as pq
from datasets import Features

from xstilts.tasks.base import Repository

_API = re.compile(r"/api/(?:datasets|models)/([^/]+/[^/]+)/tree/([^/?]+)")
_FILE = re.compile(r"/(?:datasets/)?([^/]+/[^/]+)/resolve/([^/]+)/(.+)")


@dataclass
class Server:
    """What is served and what was asked for.

    Args:
        url: its address.
        datasets: files by name, for each repository of a data set or of a model.
        files: files by path, outside of the hub.
        faults: pairs of a text and an answer; a request that contains the text takes the first that fits, once.
        requests: the lines of all requests so far, such as `GET /datasets/...`.
        ranges: the byte ranges that were asked for.
    """

    url: str = ""
    datasets: dict[Repository, dict[str, bytes]] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    faults: list[tuple[str, Callable]] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    ranges: list[str] = field(default_factory=list)
    resumes: bool = True


@contextmanager
def serving():
    """A server that answers until the block ends."""
    state = Server()

    class Handler(_Handler):
        server_state = state

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def status(code: int, **headers: str) -> Callable:
    """An answer without content; `_` in the names of headers stands for `-`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda handler, content: handler.answer(code, b"", named)


def cut(handler: "_Handler", content: bytes) -> None:
    """Half of the content, although all of it was announced; then the connection ends."""
    handler.answer(200, content[: len(content) // 2], {"Content-Length": str(len(content))})
    handler.close_connection = True


def short(handler: "_Handler", content: bytes) -> None:
    """Half of the content as if it were all."""
    handler.answer(200, content[: len(content) // 2], {})


def damaged(handler: "_Handler", content: bytes) -> None:
    """As many bytes, but others."""
    handler.answer(200, content[::-1], {})


class _Handler(BaseHTTPRequestHandler):
    server_state: Server
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self._serve()

    def do_HEAD(self):
        self._serve()

    def log_message(self, *arguments):
        pass

    def answer(self, code: int, content: bytes, headers: dict[str, str]) -> None:
        self.send_response(code)
        for name, value in {"Content-Length": str(len(content)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def _serve(self) -> None:
        state, line = self.server_state, f"{self.command} {self.path}"
        state.requests.append(line)
        code, content, headers = self._content()
        for number, (text, fault) in enumerate(state.faults):
            if text in line:
                del state.faults[number]
                return fault(self, content)
        wanted = self.headers.get("Range")
        if wanted and code == 200 and state.resumes:
            state.ranges.append(wanted)
            start = int(wanted.removeprefix("bytes=").rstrip("-"))
            place = {"Content-Range": f"bytes {start}-{len(content) - 1}/{len(content)}"}
            return self.answer(206, content[start:], headers | place)
        return self.answer(code, content, headers)

    def _content(self) -> tuple[int, bytes, dict[str, str]]:
        if match := _API.match(self.path):
            return self._tree(*match.groups())
        if match := _FILE.match(self.path):
            return self._file(*match.groups())
        content = self.server_state.files.get(self.path)
        return (404, b"", {}) if content is None else (200, content, {})

    def _tree(self, name: str, revision: str) -> tuple[int, bytes, dict[str, str]]:
        found, error = self._repository(name, revision)
        if error:
            return error
        listed = [
            {"type": "file", "path": path, "size": len(content), "oid": hashlib.sha1(content).hexdigest()}
            for path, content in found.items()
        ]
        return 200, json.dumps(listed).encode(), {"Content-Type": "application/json"}

    def _file(self, name: str, revision: str, path: str) -> tuple[int, bytes, dict[str, str]]:
        found, error = self._repository(name, revision)
        if error:
            return error
        if path not in found:
            return 404, b"", {"X-Error-Code": "EntryNotFound"}
        tag = hashlib.sha256(found[path]).hexdigest()
        return 200, found[path], {"ETag": f'"{tag}"', "X-Repo-Commit": revision, "Accept-Ranges": "bytes"}

    def _repository(self, name: str, revision: str):
        datasets = self.server_state.datasets
        for repository, files in datasets.items():
            if (repository.name, repository.revision) == (name, revision):
                return files, None
        known = name in {repository.name for repository in datasets}
        code, error = (404, "RevisionNotFound") if known else (401, "RepoNotFound")
        return None, (code, b"", {"X-Error-Code": error})


def table(rows: list[dict], **features) -> bytes:
    """Rows as a parquet file of the library `datasets`, whose metadata names the labels of each column."""
    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pylist(rows, Features(features).arrow_schema), sink)
    return sink.getvalue().to_pybytes()
