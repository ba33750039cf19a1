"""Work that several processes on this machine do together, one for each device."""

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
# Processes wait for each other while one of them writes a large state. Whether one has died is seen to below.
_TIMEOUT = timedelta(days=1)


def spawn_processes(count: int, work: Callable, *arguments: object) -> None:
    """Call a function in so many processes, which `torch.distributed` connects; in this process if it is one.

    The signals that ask a job to end are passed on to all of them. None of them outlives this one.

    Args:
        work: a function of a module; only the first process prints what it prints.
        arguments: what can be pickled.

    Raises:
        UserError: one of the processes failed. The message is the first cause; the others were killed.
    """
    if count == 1:
        work(*arguments)
        return
    store = distributed.TCPStore(_HOST, 0, is_master=True, wait_for_workers=False)
    context = get_context("spawn")
    members: dict[Connection, BaseProcess] = {}
    # It starts with the first of them and would answer signals while it does.
    resource_tracker.ensure_running()
    try:
        with termination.postponed():
            for rank in range(count):
                receiver, sender = context.Pipe(duplex=False)
                member = context.Process(target=_take_part, args=(rank, count, store.port, sender, work, arguments))
                member.start()
                members[receiver] = member
                # Held by its process alone, it ends with it.
                sender.close()
        with termination.answered(lambda name: _pass_on(signal.Signals[name], members)):
            _wait(members)
    finally:
        for member in members.values():
            member.kill()
            member.join()


def _pass_on(number: signal.Signals, members: dict[Connection, BaseProcess]) -> None:
    for member in members.values():
        if member.is_alive():
            os.kill(member.pid, number)


def _wait(members: dict[Connection, BaseProcess]) -> None:
    """Wait until all processes are done, or one has failed."""
    waiting = set(members)
    while waiting:
        ready = connection.wait(waiting)
        waiting.difference_update(ready)
        # When one has failed the connections of the others break: the first cause is that of all.
        if failures := sorted(filter(None, (_failure(receiver, members[receiver]) for receiver in ready))):
            raise UserError(failures[0][1])


def _failure(receiver: Connection, member: BaseProcess) -> tuple[float, str] | None:
    """When and why a process has failed; None if it is done."""
    try:
        return receiver.recv()
    except EOFError:
        member.join()
        how = f"killed by {signal.Signals(-member.exitcode).name}" if member.exitcode < 0 else "gone"
        return 0.0, f"process {member.pid}, one of those that compute together, was {how}; the others were ended."


def _take_part(
    rank: int, count: int, port: int, sender: Connection, work: Callable, arguments: tuple[object, ...]
) -> None:
    """The whole life of one of the processes: it sends None when it is done, or else when and why it has failed."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    if rank:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
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
    """Become one of the processes that compute together, on the device of this number."""
    threads = max(1, torch.get_num_threads() // count)
    torch.set_num_threads(threads)
    place = {"RANK": rank, "WORLD_SIZE": count, "LOCAL_RANK": rank, "LOCAL_WORLD_SIZE": count}
    os.environ |= {name: str(value) for name, value in {**place, "OMP_NUM_THREADS": threads}.items()}
    # Objects go by way of the processor, so that no step waits for its GPU.
    backend = "cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo"
    store = distributed.TCPStore(_HOST, port, is_master=False)
    distributed.init_process_group(backend, store=store, rank=rank, world_size=count, timeout=_TIMEOUT)


def _end_with_parent() -> None:
    parent_process().join()
    os._exit(1)
