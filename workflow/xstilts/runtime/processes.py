"""Distributed computation on this machine, with one process per device."""

import io
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from datetime import timedelta
from multiprocessing import connection, get_context, parent_process, resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

import torch
from torch import distributed

from xstilts.errors import UserError
from xstilts.runtime import streams, termination

_HOST = "127.0.0.1"
# Processes wait while one of them saves a large state. Dead processes are detected below, without this timeout.
_TIMEOUT = timedelta(days=1)


def spawn_processes(count: int, work: Callable, *arguments: object) -> None:
    """Call a function in `count` processes connected by `torch.distributed`, or in this process if `count` is 1.

    Termination signals are forwarded to all processes. No process outlives this one.

    Args:
        work: a function that can be pickled. Only the first process writes to standard output.
        arguments: its arguments, which can be pickled.

    Raises:
        UserError: a process failed. The message is that of the first failure; the other processes were killed.
    """
    if count == 1:
        work(*arguments)
        return
    store = distributed.TCPStore(_HOST, 0, is_master=True, wait_for_workers=False)
    context = get_context("spawn")
    members: dict[Connection, BaseProcess] = {}
    # It would otherwise start with the first process and reset the handling of signals.
    resource_tracker.ensure_running()
    try:
        with termination.postponed():
            for rank in range(count):
                receiver, sender = context.Pipe(duplex=False)
                given = (rank, count, store.port, sender, work, arguments)
                member: BaseProcess = context.Process(target=_run_rank, args=given)
                member.start()
                members[receiver] = member
                # Open in the new process only, the connection breaks when that process ends.
                sender.close()
        with termination.answered(lambda name: _forward(signal.Signals[name], members)):
            _wait(members)
    finally:
        for member in members.values():
            member.kill()
            member.join()


def _forward(number: signal.Signals, members: dict[Connection, BaseProcess]) -> None:
    for member in members.values():
        if member.pid is not None and member.is_alive():
            os.kill(member.pid, number)


def _wait(members: dict[Connection, BaseProcess]) -> None:
    """Wait until all processes have finished, or one has failed."""
    waiting = set(members)
    while waiting:
        ready = waiting.intersection(connection.wait(waiting))
        waiting -= ready
        # A failure breaks the connections of the other processes, so the earliest failure is the cause.
        if failures := sorted(filter(None, (_failure(receiver, members[receiver]) for receiver in ready))):
            raise UserError(failures[0][1])


def _failure(receiver: Connection, member: BaseProcess) -> tuple[float, str] | None:
    """The time and the message of the failure of a process; None if it succeeded."""
    try:
        return receiver.recv()
    except EOFError:
        member.join()
        code = member.exitcode or 0
        how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"exited with code {code}"
        return 0.0, f"process {member.pid} of the distributed computation {how}; the other processes were stopped."


def _run_rank(
    rank: int, count: int, port: int, sender: Connection, work: Callable, arguments: tuple[object, ...]
) -> None:
    """Run one of the processes. It sends None on success, otherwise the time and the message of its failure."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    if rank:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)
    streams.make_safe("utf-8")
    failure = None
    try:
        termination.heed()
        termination.resume()
        _connect(rank, count, port)
        work(*arguments)
        distributed.destroy_process_group()
    except (UserError, termination.Terminated) as error:
        failure = str(error)
    except BaseException as error:
        traceback.print_exc()
        failure = f"{type(error).__name__}: {error}"
    termination.ignore()
    sender.send(failure and (time.monotonic(), failure))


def _connect(rank: int, count: int, port: int) -> None:
    """Join the process group, on the device with the number of this process."""
    threads = max(1, torch.get_num_threads() // count)
    torch.set_num_threads(threads)
    place = {"RANK": rank, "WORLD_SIZE": count, "LOCAL_RANK": rank, "LOCAL_WORLD_SIZE": count}
    os.environ |= {name: str(value) for name, value in {**place, "OMP_NUM_THREADS": threads}.items()}
    # Objects are exchanged over gloo, so that no step has to synchronise with its GPU.
    backend = "cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo"
    store = distributed.TCPStore(_HOST, port, is_master=False)
    distributed.init_process_group(backend, store=store, rank=rank, world_size=count, timeout=_TIMEOUT)


def _end_with_parent() -> None:
    if parent := parent_process():
        parent.join()
        os._exit(1)
