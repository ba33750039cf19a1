"""Estimates of the time of the pending trainings and predictions on a device."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import inf

from xstilts import tasks
from xstilts.config import Config
from xstilts.inspection import calibrations, cards, rates
from xstilts.inspection.calibrations import Calibration
from xstilts.inspection.cards import Card
from xstilts.inspection.rates import Cost, Rates
from xstilts.inspection.speed import Measurement, Speed
from xstilts.inspection.workload import Work, requires_float32
from xstilts.runtime import memory
from xstilts.runtime.devices import Gpu
from xstilts.sources import shapes
from xstilts.sources.shapes import Shape
from xstilts.steps.entry import Entry

SHOWN = ("h200", "h100", "a100", "l40s", "rtx4090")
"""The GPUs for which times are estimated if none was chosen and nothing was measured."""

_MEASURED, _CALIBRATED, _HERE, _ELSEWHERE = 1.2, 1.5, 1.5, 2.0
_SHARING = 1.5
"""How far estimates may be off, as factors: from measured jobs, from measured batches, from the rates of the GPU to
which they were fitted and of another, and in addition if jobs share a GPU for which that was not measured, or if
measured jobs could share one."""

Jobs = Sequence[tuple[Entry, Work | None]]


@dataclass(frozen=True)
class Time:
    """The estimated time on one device.

    Args:
        device: the name of the device, or of a GPU in `xstilts.inspection.cards`.
        jobs: the number of jobs that share a GPU.
        shared: the seconds of a GPU with this number of jobs.
        seconds: the seconds of a GPU with one job at a time.
        known: the number of jobs that are estimated.
        unknown: the number of jobs that cannot be estimated.
        measured: the measured jobs behind the estimate.
        calibrated: the number of jobs that are estimated from measured batches.
        published: the number of jobs that are estimated from published figures of the GPU.
        off: the factor by which the time with one job at a time may be off.
        off_shared: the factor by which the time with several jobs may be off.
        own: whether the device is a GPU of this machine.
    """

    device: str
    jobs: int
    shared: float
    seconds: float
    known: int
    unknown: int
    measured: list[Measurement]
    calibrated: int
    published: int
    off: float
    off_shared: float
    own: bool


class Device:
    """A device whose speed is known in some way.

    Args:
        name: its name.
        measured: measured jobs, on any device.
        calibrated: measured batches, on any device.
        card: the published figures of the device, if it is known.
        jobs: the number of jobs that share a GPU, if its memory holds them; None for as many as were measured, or fit.
        own: whether it is a GPU of this machine.
    """

    def __init__(
        self,
        name: str,
        measured: Iterable[Measurement] = (),
        calibrated: Iterable[Calibration] = (),
        card: Card | None = None,
        jobs: int | None = None,
        own: bool = False,
    ):
        self.own = own
        # Only GPUs are shared.
        self.name, self.card, self._jobs = name, card, None if name == "cpu" else jobs
        self.speed = Speed(measured, name)
        self.calibrated = [one for one in calibrated if one.device == name]

    def time(self, config: Config, work: Jobs) -> Time:
        """The time of some trainings and predictions."""
        jobs = int(min(self._jobs, self._most(config, work))) if self._jobs else self._places(config, work)
        together, alone = (self._known(config, work, number) for number in (jobs, 1))
        sources = [source for source, _, _ in alone]
        counts = Counter(source for source, _, starts in alone if starts)
        measured = self.speed.measured
        off = max((self._off(source) for source in sources), default=1.0)
        # Where the number of jobs on a GPU is unknown, each may have had it to itself.
        off *= _SHARING if any(one.places > 1 and one.jobs is None for one in measured) else 1
        measured_shared = jobs == 1 or {round(one.sharing) for one in measured} == {jobs}
        return Time(
            self.name,
            jobs,
            sum(cost.shared(jobs) for _, cost, _ in together),
            sum(cost.alone for _, cost, _ in alone),
            counts.total(),
            sum(one is None or one.starts for _, one in work) - counts.total(),
            self.speed.measured,
            counts["calibrated"],
            counts["published"],
            off,
            off if measured_shared else off * _SHARING,
            self.own,
        )

    def _known(self, config: Config, work: Jobs, jobs: int) -> list[tuple[str, Cost, bool]]:
        """The times of the trainings and predictions that can be estimated, each with what it is estimated from, and
        whether a job starts with it.
        """
        costs = ((one, self._cost(config, entry, one, jobs)) for entry, one in work if one)
        return [(*cost, one.starts) for one, cost in costs if cost]

    def _cost(self, config: Config, entry: Entry, work: Work, jobs: int) -> tuple[str, Cost] | None:
        """The time of a training or prediction and what it is estimated from; None if it cannot be estimated."""
        about = entry.about
        shape = shapes.of_encoder(config.encoders[about.encoder])
        found = self._rates(shape, _precision(entry), jobs) if shape else None
        modelled = _modelled(entry, work, shape, found[1]) if shape and found else None
        seconds = self.speed.seconds(entry.step, about.encoder, about.name, work.examples)
        if seconds is not None:
            busy = min(seconds, modelled.busy) if modelled else 0.0
            return "measured", Cost(seconds, busy)
        return (found[0], modelled) if found and modelled else None

    def _rates(self, shape: Shape, word: str, jobs: int) -> tuple[str, Rates] | None:
        for one in self.calibrated:
            if one.fits(shape, word):
                return "calibrated", one.rates()
        if self.card is None:
            return None
        precision = self._resolved(word)
        if memory.training_bytes(shape, 0, precision) > self.card.memory:
            return None
        return "published", rates.Published(self.card, shape, precision, jobs)

    def _resolved(self, word: str) -> str:
        return "fp32" if word == "fp32" or not (self.card and self.card.bf16) else "bf16"

    def _places(self, config: Config, work: Jobs) -> int:
        """The number of jobs that share a GPU: as measured, or else as many as fit with the largest encoder."""
        if self.speed.measured:
            return max(one.places for one in self.speed.measured)
        if self.card is None:
            return 1
        # As in `xstilts.runtime.sharing`, which does not know in which precision a job will compute.
        fitting = [
            memory.places(self.card.memory, shape, precision, rates.CORES)
            for shape, _ in _shapes(config, work)
            for precision in memory.PRECISIONS
        ]
        return min(fitting, default=1)

    def _most(self, config: Config, work: Jobs) -> float:
        """The number of jobs that the memory of a known GPU holds, at least 1."""
        if self.card is None:
            return inf
        needed = [memory.least_bytes(shape, training) for shape, training in _shapes(config, work)]
        return max(1, self.card.memory // max(needed)) if needed else inf

    def _off(self, source: str) -> float:
        if source == "published":
            return _HERE if self.card and self.card.name == cards.MEASURED else _ELSEWHERE
        return _MEASURED if source == "measured" else _CALIBRATED


def devices(
    measured: list[Measurement], card: str | None = None, jobs: int | None = None, gpus: Iterable[Gpu] = ()
) -> list[Device]:
    """The devices for which times are estimated: those with measured jobs, else those with measured batches, else the
    known GPUs of this machine, else some well-known GPUs.

    Args:
        card: the name of a GPU to which they are restricted.
        jobs: the number of jobs that share a GPU; None for as many as were measured, or fit.
        gpus: the GPUs of this machine.

    Raises:
        UserError: there is no GPU with this name, or a measured batch cannot be read.
    """
    chosen = cards.named(card) if card else None
    calibrated = calibrations.found()
    for names in ({one.device for one in measured}, {one.device for one in calibrated}):
        here = [name for name in sorted(names) if chosen in (None, cards.of_device(name))]
        if here:
            return [Device(name, measured, calibrated, cards.of_device(name), jobs) for name in here]
    own = {gpu.model: replace(known, memory=gpu.memory) for gpu in gpus if (known := cards.of_device(gpu.model))}
    if own and not chosen:
        return [Device(model, card=known, jobs=jobs, own=True) for model, known in own.items()]
    shown = [chosen] if chosen else [cards.CARDS[name] for name in SHOWN]
    return [Device(one.name, card=one, jobs=jobs) for one in shown]


def _shapes(config: Config, work: Jobs) -> set[tuple[Shape, bool]]:
    """The known shapes of encoders that are trained, or else of those that predict, and whether they are trained."""
    trained = [entry for entry, _ in work if entry.step == "train_stage"]
    names = {entry.about.encoder for entry in trained or [entry for entry, _ in work]}
    found = (shapes.of_encoder(config.encoders[name]) for name in names)
    return {(shape, bool(trained)) for shape in found if shape}


def _precision(entry: Entry) -> str:
    """The precision of a training or prediction, as configured, or as its objective requires."""
    if requires_float32(entry):
        return "fp32"
    if entry.step == "probe":
        return [*entry.spec["heads"].values(), *entry.spec["probes"].values()][0]["precision"]
    return entry.spec["stage" if entry.step == "train_stage" else "options"].get("precision", "fp32")


def _modelled(entry: Entry, work: Work, shape: Shape, found: Rates) -> Cost:
    if entry.step == "train_stage":
        # Each pass takes about as long as a step of plain training.
        passes = work.steps * work.passes
        batch = work.examples / max(1, passes) * work.subwords
        evaluated = work.evaluated * work.subwords
        return rates.training(found, shape, passes, batch, work.subwords, evaluated, work.masked)
    tokens = work.rows * work.subwords
    if entry.step == "probe" or tasks.load(entry.about.task).kind != "retrieval":
        return rates.prediction(found, tokens, work.subwords, shape.layers, work.starts)
    layers = entry.spec["options"].get("layer") or round(shape.layers * 14 / 24)
    vectors = rates.prediction(found, tokens, work.subwords, layers, work.starts)
    return vectors + found.mining(work.pairs, shape.width)
