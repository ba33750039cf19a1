"""Measured speeds of devices, which `xstilts calibrate` writes to the cache folder of the user."""

import os
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from xstilts.errors import UserError
from xstilts.inspection.rates import Calibrated, Point
from xstilts.sources.shapes import Shape
from xstilts.store.jsonfiles import write_json

_CACHE = "XDG_CACHE_HOME"


@dataclass(frozen=True)
class Calibration:
    """The speed of a device for encoders of one shape.

    Args:
        device: the name of the device.
        shape: the shape of the encoder.
        precision: `fp32` or `bf16`, in which it was measured.
        mixed: whether the precision is that of `mixed` on the device.
        steps: training steps, by ascending number of tokens.
        forwards: forward passes, by ascending number of tokens.
        products: multiplications and additions of matrix products in float32 per second.
        versions: the versions of Python libraries.
    """

    device: str
    shape: Shape
    precision: str
    mixed: bool
    steps: tuple[Point, ...]
    forwards: tuple[Point, ...]
    products: float
    versions: dict[str, str]

    def fits(self, shape: Shape, word: str) -> bool:
        """Whether it was measured for a shape and a configured precision."""
        return shape == self.shape and (word == self.precision or (word == "mixed" and self.mixed))

    def rates(self) -> Calibrated:
        """The rates that were measured."""
        return Calibrated(self.shape, self.steps, self.forwards, self.products)


_READ = TypeAdapter(Calibration)


def folder() -> Path:
    """The folder of calibrations, which may not exist."""
    return Path(os.environ.get(_CACHE) or Path.home() / ".cache") / "xstilts" / "calibrations"


def found() -> list[Calibration]:
    """All calibrations of the user.

    Raises:
        UserError: a file is not what `xstilts calibrate` writes.
    """
    return list(_read(folder()))


def _read(place: Path) -> Iterator[Calibration]:
    for file in sorted(place.glob("*.json")):
        try:
            yield _READ.validate_json(file.read_bytes())
        except (OSError, ValidationError) as error:
            first = str(error).splitlines()[0]
            raise UserError(
                f"{file}: found no calibration ({first}); expected what `xstilts calibrate` writes. Delete it, and "
                "calibrate again if you need it."
            ) from None


def write(calibration: Calibration, encoder: str) -> Path:
    """Write a calibration, in place of an earlier one of the same device, encoder and precision.

    Args:
        encoder: the name of the encoder, which becomes part of the file name.
    """
    device = re.sub(r"[^a-z0-9]+", "-", calibration.device.lower()).strip("-")
    file = folder() / f"{device}.{encoder}.{calibration.precision}.json"
    write_json(file, asdict(calibration))
    return file
