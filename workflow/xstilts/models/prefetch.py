"""Batches on their way to a device, and outputs on their way back, while the device computes."""

from collections import deque
from collections.abc import Callable, Generator, Iterable
from queue import SimpleQueue
from threading import Event, Semaphore, Thread
from typing import Any, NamedTuple, Protocol, TypeVar

import numpy as np
import torch

T = TypeVar("T")

AHEAD = 2
"""Batches that wait for the device, and outputs that are on their way back."""


class Transfer(Protocol):
    """One direction between the host and a device, without waiting."""

    def begin(self, value: Any) -> Any:
        """Start to copy the arrays or tensors in nested tuples, lists and dictionaries."""

    def finish(self, begun: Any) -> Any:
        """The copies, which the device, or the host, may use from now on."""


def prefetched(batches: Iterable[T], device: torch.device) -> Generator[T, None, None]:
    """Batches with tensors on a device in place of numpy arrays.

    On a GPU, a thread collates and sends the next batches while the current one is processed. Its errors are raised
    here, and it ends with this generator: close the generator if it is not used up.

    Args:
        batches: nested tuples, lists and dictionaries of numpy arrays and other values; the thread iterates it.
    """
    if device.type == "cuda":
        return sent_ahead(batches, ToGpu(device))
    return (_mapped(batch, np.ndarray, lambda array: torch.from_numpy(array).to(device)) for batch in batches)


def read_back(outputs: Iterable[T], device: torch.device) -> Generator[T, None, None]:
    """Outputs with numpy arrays in place of the tensors on a device.

    From a GPU, outputs are copied while later ones are computed, and are returned two batches late.
    """
    if device.type == "cuda":
        return received_behind(outputs, FromGpu(device))
    return (_mapped(output, torch.Tensor, lambda tensor: tensor.cpu().numpy()) for output in outputs)


def sent_ahead(batches: Iterable[T], transfer: Transfer) -> Generator[T, None, None]:
    """Batches that a thread has begun to transfer, at most `AHEAD` of them before they are asked for."""
    ready: SimpleQueue = SimpleQueue()
    free, stopped = Semaphore(AHEAD), Event()
    thread = Thread(target=_send, args=(batches, transfer, ready, free, stopped), name="prefetch", daemon=True)
    thread.start()
    try:
        while (item := ready.get()) is not _END:
            if isinstance(item, _Failure):
                raise item.error
            free.release()
            yield transfer.finish(item)
    finally:
        stopped.set()
        free.release()
        thread.join()


class _Failure(NamedTuple):
    error: BaseException


_END = object()


def _send(batches: Iterable, transfer: Transfer, ready: SimpleQueue, free: Semaphore, stopped: Event) -> None:
    try:
        source = iter(batches)
        while free.acquire() and not stopped.is_set():
            if (batch := next(source, _END)) is _END:
                break
            ready.put(transfer.begin(batch))
        ready.put(_END)
    except BaseException as error:
        ready.put(_Failure(error))


def received_behind(outputs: Iterable[T], transfer: Transfer) -> Generator[T, None, None]:
    """Outputs whose transfer was begun before the `AHEAD` next ones were computed."""
    begun: deque = deque()
    for output in outputs:
        begun.append(transfer.begin(output))
        if len(begun) > AHEAD:
            yield transfer.finish(begun.popleft())
    while begun:
        yield transfer.finish(begun.popleft())


class ToGpu:
    """Copies from pinned memory on a stream of its own, which the stream that computes waits for."""

    def __init__(self, device: torch.device):
        self._device, self._stream = device, torch.cuda.Stream(device)

    def begin(self, value: Any) -> tuple[Any, torch.cuda.Event]:
        """Start to copy arrays. PyTorch keeps pinned memory until the copies from it are done."""
        with torch.cuda.stream(self._stream):
            tensors = _mapped(value, np.ndarray, self._sent)
            return tensors, self._stream.record_event()

    def _sent(self, array: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(array).pin_memory().to(self._device, non_blocking=True)

    def finish(self, begun: tuple[Any, torch.cuda.Event]) -> Any:
        """The tensors, which the current stream may use."""
        (tensors, copied), current = begun, torch.cuda.current_stream(self._device)
        current.wait_event(copied)
        # Otherwise their memory could be used again before the current stream has read it.
        _mapped(tensors, torch.Tensor, lambda tensor: tensor.record_stream(current))
        return tensors


class FromGpu:
    """Copies to pinned memory on the stream that computes; only reading them waits."""

    def __init__(self, device: torch.device):
        self._device = device

    def begin(self, value: Any) -> tuple[Any, torch.cuda.Event]:
        """Start to copy tensors."""
        hosts = _mapped(value, torch.Tensor, self._received)
        return hosts, torch.cuda.current_stream(self._device).record_event()

    def _received(self, tensor: torch.Tensor) -> torch.Tensor:
        return torch.empty(tensor.shape, dtype=tensor.dtype, pin_memory=True).copy_(tensor, non_blocking=True)

    def finish(self, begun: tuple[Any, torch.cuda.Event]) -> Any:
        """The arrays, in ordinary memory, so that the pinned memory can be used again."""
        hosts, copied = begun
        copied.synchronize()
        return _mapped(hosts, torch.Tensor, lambda host: host.numpy().copy())


def _mapped(value: Any, kind: type, change: Callable[[Any], Any]) -> Any:
    """Nested tuples, lists and dictionaries with all values of a kind changed."""
    if isinstance(value, kind):
        return change(value)
    if isinstance(value, dict):
        return {key: _mapped(item, kind, change) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return type(value)(_mapped(item, kind, change) for item in value)
    return value
