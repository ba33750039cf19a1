"""A process that has imported torch and transformers, and forks for every job of a run on this machine.

To import them takes about four seconds of processor time, longer than a small job computes. The process of a job passes
its arguments and standard streams to the server, which forks, and waits for the fork: it forwards signals, and ends
with the same status. If it is killed, the fork ends too. A job runs in its own process if the server is not ready, or
if its environment differs from that of the server, since libraries read it when they are imported.
"""

import atexit
import gc
import hashlib
import json
import os
import secrets
import selectors
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import NamedTuple, NoReturn

from xstilts.runtime import cpu, termination

COMMAND = "fork_server"
ADDRESS = "XSTILTS_FORK_SERVER"
"""The environment variable with the name of the server's socket."""


def _can_watch() -> bool:
    """Whether the system has file descriptors of processes: Linux before 5.3 and some containers do not."""
    try:
        os.close(os.pidfd_open(os.getpid()))
    except OSError:
        return False
    return True


IS_SUPPORTED = sys.platform == "linux" and _can_watch()
"""Whether the system has sockets without a file, their credentials, and file descriptors of processes."""

_OWN = ("_", "OLDPWD", "PWD", "SHLVL", "TEMP", "TEMPDIR", "TMP", "TMPDIR")
"""The variables that no library reads when it is imported."""

_SECONDS = 1.0
"""The time that the server has to end by itself."""

_BYTES = 2**16
_STREAMS = 3


def start(steps: Iterable[str]) -> None:
    """Start a server for jobs of this process, with which it ends.

    Args:
        steps: the steps whose modules it imports, and whose jobs it runs.
    """
    address = f"xstilts-{secrets.token_hex(8)}"
    os.environ[ADDRESS] = address
    environment = {**os.environ, **dict.fromkeys(cpu.THREADS, "1")}
    command = [sys.executable, "-m", "xstilts", COMMAND, address, *steps]
    # If this process is killed, the kernel closes the pipe.
    server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, env=environment)
    atexit.register(_stop, server)


def _stop(server: subprocess.Popen) -> None:
    """End the server, so that its processor time counts as that of a child of this process."""
    assert server.stdin
    server.stdin.close()
    try:
        server.wait(_SECONDS)
    except subprocess.TimeoutExpired:
        # It still imports, or a fork outlives the run.
        server.kill()
        server.wait()


def delegated(arguments: list[str]) -> int | None:
    """Run a job in a fork of the server; its exit code, or None if there is no server, or it did not take the job."""
    address = os.environ.get(ADDRESS)
    if address is None:
        return None
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as connection:
        with termination.postponed():
            pid = _asked(connection, address, arguments)
            if pid is None:
                return None
            for number in termination.SIGNALS:
                if signal.getsignal(number) != signal.SIG_IGN:
                    signal.signal(number, lambda number, _: _forward(pid, number))
        status = connection.recv(_BYTES)
    if not status:
        print(f"The fork server of process {pid} ended before it.", file=sys.stderr)
        return 1
    code = int(status)
    if code < 0:
        _end_by(signal.Signals(-code))
    return code


def _asked(connection: socket.socket, address: str, arguments: list[str]) -> int | None:
    """The process that runs a job; None if there is no server, or it does not take the job."""
    ignored = [number for number in termination.SIGNALS if signal.getsignal(number) == signal.SIG_IGN]
    own = {name: os.environ[name] for name in _OWN if name in os.environ}
    request = {"key": _key(), "arguments": arguments, "folder": str(Path.cwd()), "own": own, "ignored": ignored}
    try:
        connection.connect(f"\0{address}")
        socket.send_fds(connection, [json.dumps(request).encode()], range(_STREAMS))
        return int(connection.recv(_BYTES))
    # A server that does not take the job closes the connection.
    except (OSError, ValueError):
        return None


def _key() -> str:
    """What a job must have in common with the server: the interpreter and the environment."""
    environment = {name: value for name, value in os.environ.items() if name not in _OWN}
    return hashlib.sha256(json.dumps([sys.executable, sorted(environment.items())]).encode()).hexdigest()


def _forward(pid: int, number: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def _end_by(number: signal.Signals) -> NoReturn:
    """End this process as the fork has ended."""
    with suppress(OSError):
        signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
    raise AssertionError(f"{number.name} does not end a process")


class Fork(NamedTuple):
    """A process that the server has forked for a job.

    Args:
        arguments: the arguments of the job.
        connection: the connection to the process of the job.
        server: the process that has forked it.
    """

    arguments: list[str]
    connection: socket.socket
    server: int

    def end(self, code: int) -> NoReturn:
        """End the fork. To take down the interpreter would copy the memory that the fork shares with the server."""
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        if os.getppid() != self.server:
            # The server was killed, which would have sent the code.
            _send(self.connection, code)
        os._exit(code)


def serve(address: str, *steps: str) -> Fork:
    """Import the modules of steps, and fork for each of their jobs until standard input ends.

    Returns:
        The fork of a job, in this fork. The server itself never returns.
    """
    for number in termination.SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    # Libraries change the environment when they are imported.
    key = _key()
    gc.disable()
    for step in steps:
        import_module(f"xstilts.jobs.{step}")
    gc.freeze()
    gc.enable()
    return _Server(address, key, steps).run()


class _Server:
    """The sockets and processes of the server."""

    def __init__(self, address: str, key: str, steps: Sequence[str]):
        self.key, self.steps = key, steps
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.listener.bind(f"\0{address}")
        self.listener.listen()
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.listener, selectors.EVENT_READ)
        self.selector.register(sys.stdin, selectors.EVENT_READ)
        self.jobs: dict[int, tuple[int, socket.socket]] = {}
        """The process and the connection of each running job, by the file descriptor of the process."""
        self.is_open = True

    def run(self) -> Fork:
        """Fork for every job. Returns in the fork."""
        while self.is_open or self.jobs:
            for key, _ in self.selector.select():
                if key.fileobj is self.listener:
                    if fork := self.accept():
                        return fork
                elif key.fileobj is sys.stdin:
                    self.close()
                else:
                    self.report(key.fd)
        sys.exit()

    def close(self) -> None:
        """Take no further jobs."""
        self.selector.unregister(sys.stdin)
        self.selector.unregister(self.listener)
        self.listener.close()
        self.is_open = False

    def accept(self) -> Fork | None:
        """Fork for a job. Returns the fork in itself, None in the server."""
        server, (connection, _) = os.getpid(), self.listener.accept()
        message, streams = b"", list[int]()
        # Another user could connect and send nothing, for which the server would wait.
        if _is_of_this_user(connection):
            message, streams, _, _ = socket.recv_fds(connection, _BYTES, _STREAMS)
        if message and self.takes(request := json.loads(message)) and (pid := _forked()) is not None:
            if pid == 0:
                self.leave()
                _begin(request, streams)
                threading.Thread(target=_end_with, args=(connection,), daemon=True).start()
                return Fork(request["arguments"], connection, server)
            self.watch(pid, connection)
        else:
            connection.close()
        for descriptor in streams:
            os.close(descriptor)
        return None

    def takes(self, request: Mapping) -> bool:
        """Whether the modules of a job are imported, as the job itself would import them."""
        return request["key"] == self.key and request["arguments"][:1] in ([step] for step in self.steps)

    def watch(self, pid: int, connection: socket.socket) -> None:
        """Tell a job which process runs it, and wait for the end of that process."""
        descriptor = os.pidfd_open(pid)
        self.selector.register(descriptor, selectors.EVENT_READ)
        self.jobs[descriptor] = pid, connection
        _send(connection, pid)

    def report(self, descriptor: int) -> None:
        """Send the exit code of a process, negative if a signal has ended it."""
        self.selector.unregister(descriptor)
        os.close(descriptor)
        pid, connection = self.jobs.pop(descriptor)
        _, status = os.waitpid(pid, 0)
        _send(connection, os.waitstatus_to_exitcode(status))
        connection.close()

    def leave(self) -> None:
        """Close, in a fork, what belongs to the server."""
        self.selector.close()
        self.listener.close()
        for descriptor, (_, connection) in self.jobs.items():
            os.close(descriptor)
            connection.close()


def _forked() -> int | None:
    """`os.fork`; None if the system has no process or no memory for it."""
    try:
        return os.fork()
    except OSError as error:
        print(f"The fork server cannot fork ({error.strerror}); the job runs in its own process.", file=sys.stderr)
        return None


def _is_of_this_user(connection: socket.socket) -> bool:
    """Whether the process at the other end belongs to this user: any user can connect to a socket without a file."""
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    _, user, _ = struct.unpack("3i", credentials)
    return user == os.getuid()


def _send(connection: socket.socket, number: int) -> None:
    with suppress(OSError):
        connection.send(str(number).encode())


def _begin(request: Mapping, streams: list[int]) -> None:
    """Take over what a process has from the shell that starts it."""
    for standard, descriptor in enumerate(streams):
        os.dup2(descriptor, standard)
        os.close(descriptor)
    # The objects of the server have remembered which kind of file was there.
    sys.stdin = os.fdopen(0, closefd=False)
    sys.stdout, sys.stderr = (os.fdopen(number, "w", buffering=1, closefd=False) for number in (1, 2))
    os.chdir(request["folder"])
    for name in _OWN:
        os.environ.pop(name, None)
    os.environ |= request["own"]
    # The server has remembered its own folder.
    tempfile.tempdir = None
    for number in termination.SIGNALS:
        signal.signal(number, signal.SIG_IGN if number in request["ignored"] else signal.SIG_DFL)


def _end_with(connection: socket.socket) -> None:
    """End this process with the one that waits for it."""
    connection.recv(1)
    os.kill(os.getpid(), signal.SIGKILL)
