"""Batches on their way to a device, and outputs on their way back."""

import threading
from contextlib import nullcontext

import numpy as np
import pytest
import torch

from xstilts.models import prefetch
from xstilts.models.prefetch import AHEAD, prefetched, read_back, received_behind, sent_ahead

CPU = torch.device("cpu")


class Pretended:
    """A device that notes what is done, and in which thread; what is begun is not done before it is finished."""

    def __init__(self):
        self.events = []

    def begin(self, value):
        self.events.append(("begin", value, threading.current_thread().name))
        return [value]

    def finish(self, begun):
        (value,) = begun
        self.events.append(("finish", value, threading.current_thread().name))
        return value


class Source:
    """Numbers; knows how many were asked for, and can be waited for."""

    def __init__(self, count: int, error: Exception | None = None):
        self.count, self.error = count, error
        self.given = 0
        self.changed = threading.Condition()

    def __iter__(self):
        for number in range(self.count):
            with self.changed:
                self.given += 1
                self.changed.notify_all()
            yield number
        if self.error:
            raise self.error

    def reaches(self, given: int, seconds: float) -> bool:
        with self.changed:
            return self.changed.wait_for(lambda: self.given >= given, seconds)


def workers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "prefetch"]


def test_on_a_cpu_arrays_become_tensors_and_all_else_stays_as_it_is():
    ids, labels = np.array([[1, 2]]), np.array([3])
    batches = [{"ids": ids, "task": "nli", "more": (labels, [labels, 5], None)}, "plain"]
    first, second = prefetched(iter(batches), CPU)
    assert first["ids"].equal(torch.tensor([[1, 2]]))
    assert first["task"] == "nli"
    assert type(first["more"]) is tuple
    assert first["more"][0].equal(torch.tensor([3]))
    assert first["more"][1] == [torch.tensor([3]), 5]
    assert first["more"][2] is None
    assert second == "plain"


def test_on_a_cpu_there_is_no_thread_and_nothing_is_made_before_it_is_asked_for():
    source = Source(3)
    batches = prefetched(source, CPU)
    assert next(batches) == 0
    assert source.given == 1
    assert not workers()


def test_on_a_cpu_outputs_are_arrays_at_once():
    computed = []
    outputs = (computed.append(n) or (torch.tensor([n]), n) for n in range(3))
    back = read_back(outputs, CPU)
    array, number = next(back)
    assert (array.tolist(), number, computed) == ([0], 0, [0])
    assert isinstance(array, np.ndarray)
    assert [number for _, number in back] == [1, 2]


def test_batches_are_made_and_sent_by_a_thread_in_their_order():
    device = Pretended()
    assert list(sent_ahead(Source(5), device)) == [0, 1, 2, 3, 4]
    assert [(what, thread) for what, _, thread in device.events if what == "begin"] == [("begin", "prefetch")] * 5
    here = threading.current_thread().name
    assert [event for event in device.events if event[0] == "finish"] == [("finish", n, here) for n in range(5)]
    assert not workers()


def test_the_thread_is_two_batches_ahead_and_no_more():
    source = Source(10)
    batches = sent_ahead(source, Pretended())
    for taken in range(1, 5):
        next(batches)
        assert source.reaches(taken + AHEAD, 10)
        assert not source.reaches(taken + AHEAD + 1, 0.05)
    batches.close()
    assert AHEAD == 2


def test_an_error_of_the_thread_is_raised_after_the_batches_before_it():
    error = ValueError("row 7")
    batches = sent_ahead(Source(2, error), Pretended())
    assert [next(batches), next(batches)] == [0, 1]
    with pytest.raises(ValueError, match="row 7") as raised:
        next(batches)
    assert raised.value is error
    assert not workers()


def test_an_error_while_sending_is_raised_too():
    class Full(Pretended):
        def begin(self, value):
            if value == 1:
                raise torch.OutOfMemoryError("no memory for batch 1")
            return super().begin(value)

    batches = sent_ahead(Source(4), Full())
    assert next(batches) == 0
    with pytest.raises(torch.OutOfMemoryError, match="batch 1"):
        next(batches)
    assert not workers()


@pytest.mark.parametrize("taken", [1, 3, 5])
def test_the_thread_ends_with_the_loop(taken):
    source = Source(5)
    batches = sent_ahead(source, Pretended())
    for _ in range(taken):
        next(batches)
    batches.close()
    assert not workers()
    assert source.given <= taken + AHEAD


def test_the_thread_ends_when_the_loop_fails():
    def loop():
        for number in sent_ahead(Source(5), Pretended()):
            if number == 1:
                raise KeyError(number)

    with pytest.raises(KeyError):
        loop()
    assert not workers()


def test_outputs_are_read_when_two_more_are_computed():
    device = Pretended()
    back = received_behind(range(4), device)
    assert next(back) == 0
    assert [(what, value) for what, value, _ in device.events] == [
        ("begin", 0),
        ("begin", 1),
        ("begin", 2),
        ("finish", 0),
    ]
    assert list(back) == [1, 2, 3]
    assert list(received_behind([], device)) == []


def test_a_gpu_gets_batches_by_the_thread_and_outputs_come_back_behind(monkeypatch):
    monkeypatch.setattr(prefetch, "ToGpu", lambda device: Pretended())
    monkeypatch.setattr(prefetch, "FromGpu", lambda device: Pretended())
    source, gpu = Source(9), torch.device("cuda", 0)
    batches = prefetched(source, gpu)
    assert next(batches) == 0
    assert source.reaches(1 + AHEAD, 10)
    batches.close()
    back = Source(9)
    assert next(read_back(back, gpu)) == 0
    assert back.given == 1 + AHEAD


class Stream:
    """A stream of a pretended GPU, which notes what is put on it."""

    def __init__(self, name: str, log: list):
        self.name, self.log = name, log

    def record_event(self):
        self.log.append((self.name, "records"))
        return self

    def wait_event(self, event):
        self.log.append((self.name, "waits for", event.name))

    def synchronize(self):
        self.log.append(("host", "waits for", self.name))


@pytest.fixture
def log(monkeypatch) -> list:
    """What is done on a pretended GPU, whose memory is that of the host."""
    log = []
    current = Stream("current", log)
    monkeypatch.setattr(torch.cuda, "Stream", lambda device: Stream("copies", log))
    monkeypatch.setattr(torch.cuda, "stream", lambda stream: nullcontext())
    monkeypatch.setattr(torch.cuda, "current_stream", lambda device: current)
    monkeypatch.setattr(torch.Tensor, "pin_memory", lambda tensor: log.append("pinned") or tensor.clone())
    monkeypatch.setattr(torch.Tensor, "record_stream", lambda tensor, stream: log.append((stream.name, "uses")))
    empty = torch.empty
    monkeypatch.setattr(
        torch, "empty", lambda *shape, pin_memory, **options: log.append("pinned") or empty(*shape, **options)
    )
    return log


def test_a_gpu_computes_with_a_batch_after_it_has_been_copied(log):
    transfer, batch = prefetch.ToGpu(CPU), {"ids": np.array([[1, 2]]), "labels": np.array([3]), "task": "nli"}
    begun = transfer.begin(batch)
    assert log == ["pinned", "pinned", ("copies", "records")]
    log.clear()
    found = transfer.finish(begun)
    assert log == [("current", "waits for", "copies"), ("current", "uses"), ("current", "uses")]
    assert {name: getattr(value, "tolist", lambda value=value: value)() for name, value in found.items()} == {
        "ids": [[1, 2]],
        "labels": [3],
        "task": "nli",
    }


def test_an_output_is_read_after_it_has_been_copied(log):
    transfer, output = prefetch.FromGpu(CPU), torch.tensor([1.5, 2.5])
    begun = transfer.begin([output])
    assert log == ["pinned", ("current", "records")]
    log.clear()
    (found,) = transfer.finish(begun)
    assert log == [("host", "waits for", "current")]
    assert found.tolist() == [1.5, 2.5]
    assert found.dtype == np.float32
    # The pinned memory is used again.
    begun[0][0].fill_(0)
    assert found.tolist() == [1.5, 2.5]


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
def test_what_a_gpu_returns_is_what_it_was_given():
    gpu = torch.device("cuda", torch.cuda.current_device())
    batches = [{"ids": np.arange(n, n + 1000)} for n in range(50)]
    there = ((batch["ids"] * 2,) for batch in prefetched(batches, gpu))
    assert [array.tolist() for (array,) in read_back(there, gpu)] == [(batch["ids"] * 2).tolist() for batch in batches]
