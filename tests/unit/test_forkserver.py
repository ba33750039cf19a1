"""Jobs run in forks of a server as they would run in their own process: streams, signals, exit codes, deaths."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from xstilts.runtime import forkserver

pytestmark = [
    pytest.mark.thorough,
    pytest.mark.skipif(not forkserver.IS_SUPPORTED, reason="needs file descriptors of processes, as on Linux 5.3"),
]

SERVER = """
import sys
from xstilts.runtime import forkserver
fork = forkserver.serve(sys.argv[1], "score")
exec(fork.arguments[1])
fork.end(3)
"""

JOB = """
import sys
from xstilts.runtime import forkserver
code = forkserver.delegated(sys.argv[1:])
print("own process" if code is None else f"code {code}", flush=True)
"""

ENVIRONMENT = {**os.environ, forkserver.ADDRESS: f"test-{os.getpid()}"}


@pytest.fixture(scope="module")
def server() -> Iterator[subprocess.Popen]:
    """A server whose jobs execute their second argument."""
    process = begun()
    yield process
    process.stdin.close()
    assert process.wait(10) == 0


@contextmanager
def serving(address: str, code: str) -> Iterator[dict[str, str]]:
    """The environment of jobs of a server of their own."""
    process = begun(address, code)
    try:
        yield {**ENVIRONMENT, forkserver.ADDRESS: address}
    finally:
        process.kill()
        process.wait()


def begun(address: str = ENVIRONMENT[forkserver.ADDRESS], code: str = SERVER) -> subprocess.Popen:
    environment = {**ENVIRONMENT, forkserver.ADDRESS: address}
    command = [sys.executable, "-c", code, address]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, env=environment)
    until(lambda: f"@{address}\n" in Path("/proc/net/unix").read_text())
    return process


def until(condition) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def job(code: str, step: str = "score", **options) -> subprocess.Popen:
    command = [sys.executable, "-c", JOB, step, code]
    streams = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(command, text=True, **{**streams, "env": ENVIRONMENT, **options})


def process_of(running: subprocess.Popen) -> int:
    """The process that runs a job whose first line is its number."""
    return int(running.stdout.readline())


def is_running(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().split()[2] != "Z"
    except FileNotFoundError:
        return False


NUMBER = "import os, sys, time; print(os.getpid(), flush=True)"


def test_a_job_runs_in_a_fork_with_its_own_streams_folder_and_exit_code(server, tmp_path):
    code = f"{NUMBER}; print(os.getppid(), os.getcwd(), sys.stdin.read()); print('warning', file=sys.stderr)"
    output, errors = job(code, cwd=tmp_path).communicate("input")
    process, where, code = output.splitlines()
    assert (where, code, errors) == (f"{server.pid} {tmp_path} input", "code 3", "warning\n")
    assert not is_running(int(process))


def test_a_fork_has_the_variables_of_its_job_that_no_library_reads(server):
    environment = {**ENVIRONMENT, "TMPDIR": "/somewhere"}
    output, _ = job("import os; print(os.environ['TMPDIR'])", env=environment).communicate()
    assert output == "/somewhere\ncode 3\n"


def test_a_fork_makes_temporary_files_where_its_job_does(tmp_path):
    code = "import tempfile; print(tempfile.gettempdir())"
    with serving("test-temporary", "import tempfile; tempfile.gettempdir()\n" + SERVER) as environment:
        output = job(code, env={**environment, "TMPDIR": str(tmp_path)}).communicate()[0]
    assert output == f"{tmp_path}\ncode 3\n"


@pytest.mark.parametrize(
    "different",
    [
        {"step": "predict"},
        {"env": {**ENVIRONMENT, "OMP_NUM_THREADS": "7"}},
        {"env": {**ENVIRONMENT, forkserver.ADDRESS: "nobody"}},
    ],
    ids=["another step", "another environment", "no server"],
)
def test_a_job_runs_in_its_own_process_where_the_server_would_run_it_differently(server, different):
    assert job("print('fork')", **different).communicate()[0] == "own process\n"


def test_without_a_server_nothing_is_delegated(monkeypatch):
    monkeypatch.delenv(forkserver.ADDRESS, raising=False)
    assert forkserver.delegated(["score"]) is None


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGHUP"])
def test_signals_reach_the_fork(server, name):
    handled = f"import signal; signal.signal(signal.{name}, lambda *_: os._exit(5)); {NUMBER}; time.sleep(60)"
    running = job(f"import os; {handled}")
    process_of(running)
    running.send_signal(signal.Signals[name])
    assert running.communicate(timeout=10)[0] == "code 5\n"


def test_a_signal_that_the_job_ignores_is_ignored_by_the_fork(server):
    code = "import signal; print(*(signal.getsignal(n) == signal.SIG_IGN for n in (signal.SIGHUP, signal.SIGTERM)))"
    ignoring = {"preexec_fn": lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN)}
    assert job(code, **ignoring).communicate()[0] == "True False\ncode 3\n"


def test_a_fork_ends_when_its_job_is_killed(server):
    running = job(f"{NUMBER}; time.sleep(60)")
    process = process_of(running)
    running.kill()
    until(lambda: not is_running(process))


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV])
def test_a_job_ends_by_the_signal_that_has_ended_the_fork(server, number):
    running = job(f"import resource; resource.setrlimit(resource.RLIMIT_CORE, (0, 0)); {NUMBER}; time.sleep(60)")
    os.kill(process_of(running), number)
    assert running.wait(10) == -number


def test_many_jobs_run_at_once(server):
    running = [job(f"import time; time.sleep({0.3 - 0.03 * n}); print({n})") for n in range(8)]
    assert [one.communicate(timeout=20)[0] for one in running] == [f"{n}\ncode 3\n" for n in range(8)]


def test_the_server_ends_with_its_run_once_its_jobs_have_ended(server):
    other = begun("test-ending")
    environment = {**ENVIRONMENT, forkserver.ADDRESS: "test-ending"}
    running = job(f"{NUMBER}; sys.stdin.read()", env=environment)
    process_of(running)
    other.stdin.close()
    assert job("print('fork')", env=environment).communicate()[0] == "own process\n"
    assert other.poll() is None
    assert running.communicate("end")[0] == "code 3\n"
    assert other.wait(10) == 0


def test_a_job_ends_with_the_code_of_its_fork_if_the_server_is_killed(server):
    other = begun("test-killed")
    running = job(f"{NUMBER}; sys.stdin.read()", env={**ENVIRONMENT, forkserver.ADDRESS: "test-killed"})
    process_of(running)
    other.kill()
    other.wait()
    assert running.communicate("end", timeout=10) == ("code 3\n", "")


def test_a_job_fails_if_the_server_and_the_fork_are_killed(server):
    other = begun("test-both")
    running = job(f"{NUMBER}; sys.stdin.read()", env={**ENVIRONMENT, forkserver.ADDRESS: "test-both"})
    process = process_of(running)
    other.kill()
    other.wait()
    os.kill(process, signal.SIGKILL)
    output, errors = running.communicate("end", timeout=10)
    assert (output, errors) == ("code 1\n", f"The fork server of process {process} ended before it.\n")


def test_a_job_runs_in_its_own_process_if_the_server_cannot_fork():
    fail_once = """
def fail():
    os.fork = fork
    raise BlockingIOError(11, "Resource temporarily unavailable")
import os
fork, os.fork = os.fork, fail
"""
    with serving("test-full", fail_once + SERVER) as environment:
        assert job("print('fork')", env=environment).communicate()[0] == "own process\n"
        assert job("print('fork')", env=environment).communicate()[0] == "fork\ncode 3\n"


def test_a_server_does_not_wait_for_the_message_of_another_user():
    other_user = "import os; os.getuid = lambda: -2\n"
    with serving("test-others", other_user + SERVER) as environment:
        silent = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        silent.settimeout(10)
        silent.connect(f"\0{environment[forkserver.ADDRESS]}")
        assert silent.recv(1) == b""


def test_systems_without_file_descriptors_of_processes_are_not_supported(monkeypatch):
    def fail(_: int) -> int:
        raise OSError(38, "Function not implemented")

    assert forkserver._can_watch()
    monkeypatch.setattr(os, "pidfd_open", fail)
    assert not forkserver._can_watch()


def test_jobs_of_another_user_are_not_taken(server, monkeypatch):
    left, right = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    assert forkserver._is_of_this_user(left)
    monkeypatch.setattr(os, "getuid", lambda: 12345)
    assert not forkserver._is_of_this_user(right)


def test_a_server_ends_with_the_process_that_has_started_it_and_its_time_counts_as_that_of_a_child():
    program = """
import atexit, os
from xstilts.runtime import forkserver
before = os.times()
atexit.register(lambda: print(os.times().children_user - before.children_user > 0.05, flush=True))
forkserver.start(["score"])
print(os.environ[forkserver.ADDRESS], flush=True)
input()
"""
    streams = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    running = subprocess.Popen([sys.executable, "-c", program], text=True, env={**os.environ}, **streams)
    address = f"@{running.stdout.readline()}"
    until(lambda: address in Path("/proc/net/unix").read_text())
    output, _ = running.communicate("\n", timeout=20)
    assert output == "True\n"
    assert address not in Path("/proc/net/unix").read_text()
