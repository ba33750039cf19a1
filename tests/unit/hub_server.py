"""A small local server with the endpoints of the Hugging Face hub for downloads and uploads, and plain files.

Network faults can be injected: the next request whose line contains a given text gets another answer.
"""

import base64
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

from xstilts.task import Repository

_API = re.compile(r"/api/(?:datasets|models)/([^/]+/[^/]+)/tree/([^/?]+)")
_UPLOAD = re.compile(r"/(?:api/models/)?([^/]+/[^/]+?)(?:/(preupload|commit)/main|\.git/info/lfs/objects/(batch))")
_FILE = re.compile(r"/(?:datasets/)?([^/]+/[^/]+)/resolve/([^/]+)/(.+)")


@dataclass
class Server:
    """The state of the server: its contents and the requests so far.

    Args:
        url: the address of the server.
        datasets: files by name, for each repository of a data set or of a model.
        files: files by path, outside of the hub.
        faults: pairs of a text and an answer; a request that contains the text takes the first that fits, once.
        requests: the lines of all requests so far, such as `GET /datasets/...`.
        ranges: the requested byte ranges.
        uploads: files by name, for each model repository created on the server.
        private: the repositories that were created as private.
        token: the token with write access.
    """

    url: str = ""
    datasets: dict[Repository, dict[str, bytes]] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    faults: list[tuple[str, Callable]] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    ranges: list[str] = field(default_factory=list)
    resumes: bool = True
    uploads: dict[str, dict[str, bytes]] = field(default_factory=dict)
    private: set[str] = field(default_factory=set)
    token: str = "hf_writer"
    large: dict[str, bytes] = field(default_factory=dict)


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

    def do_POST(self):
        self._receive(self._upload)

    def do_PUT(self):
        self._receive(self._store)

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

    def _receive(self, act: Callable[[bytes], object]) -> None:
        """Answer a request that brings something; what may be written needs the token."""
        content = self.rfile.read(int(self.headers["Content-Length"]))
        self.server_state.requests.append(f"{self.command} {self.path}")
        if self.command == "POST" and self.headers.get("Authorization") != f"Bearer {self.server_state.token}":
            return self.answer(
                403, b'{"error": "This token may not write here."}', {"Content-Type": "application/json"}
            )
        answer = json.dumps(act(content)).encode()
        return self.answer(200, answer, {"Content-Type": "application/json"})

    def _upload(self, content: bytes) -> object:
        if self.path == "/api/repos/create":
            return self._create(json.loads(content))
        if self.path == "/api/validate-yaml":
            return {"errors": [], "warnings": []}
        name, api, batch = _UPLOAD.match(self.path).groups()
        return getattr(self, f"_{api or batch}")(name, content)

    def _create(self, wanted: dict) -> dict:
        name = f"{wanted['organization']}/{wanted['name']}"
        self.server_state.uploads.setdefault(name, {})
        if wanted.get("visibility") == "private" or wanted.get("private"):
            self.server_state.private.add(name)
        return {"url": f"{self.server_state.url}/{name}"}

    def _preupload(self, name: str, content: bytes) -> dict:
        """Weights go the way of large files."""
        paths = [file["path"] for file in json.loads(content)["files"]]
        modes = {path: "lfs" if path.endswith(".safetensors") else "regular" for path in paths}
        return {"files": [{"path": path, "uploadMode": mode, "shouldIgnore": False} for path, mode in modes.items()]}

    def _batch(self, name: str, content: bytes) -> dict:
        objects = json.loads(content)["objects"]
        places = {one["oid"]: {"upload": {"href": f"{self.server_state.url}/large/{one['oid']}"}} for one in objects}
        return {"transfer": "basic", "objects": [one | {"actions": places[one["oid"]]} for one in objects]}

    def _store(self, content: bytes) -> dict:
        self.server_state.large[self.path.rpartition("/")[2]] = content
        return {}

    def _commit(self, name: str, content: bytes) -> dict:
        files = self.server_state.uploads[name]
        for entry in map(json.loads, content.splitlines()):
            value = entry["value"]
            if entry["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif entry["key"] == "lfsFile":
                files[value["path"]] = self.server_state.large[value["oid"]]
        commit = "c" * 40
        return {"commitUrl": f"{self.server_state.url}/{name}/commit/{commit}", "commitOid": commit}

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
