"""Measure the speed of this device, for the estimates of `plan`."""

from argparse import ArgumentParser, Namespace

from rich.table import Table

from xstilts.commands.shell import add_config, open_experiment, show
from xstilts.config import Encoder
from xstilts.errors import UserError
from xstilts.inspection import calibrations
from xstilts.inspection.calibrations import Calibration
from xstilts.publication.selection import only
from xstilts.sources.checkpoints import Checkpoint


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of the command."""
    add_config(parser)
    parser.add_argument("--encoder", help="required if the experiment has several")


def run(arguments: Namespace) -> None:
    """Measure, write the calibration and print it."""
    # Imported late, since the parser imports this module before the GPU is chosen.
    from xstilts.inspection.stopwatch import calibration
    from xstilts.models.architectures import config_of
    from xstilts.prediction.forward import device

    config = open_experiment(arguments).config
    name = only("encoder", config.grid.encoders, arguments.encoder)
    measured = calibration(config_of(_checkpoint(name, config.encoders[name])), config.training.precision, device())
    show(_table(measured, name))
    print(f"written to {calibrations.write(measured, name)}; `xstilts plan` uses it")


def _checkpoint(name: str, encoder: Encoder) -> Checkpoint:
    """The encoder, of which only config.json is read.

    Raises:
        UserError: the experiment pretrains it.
    """
    place = encoder.path or encoder.repository
    if place is None:
        raise UserError(
            f"encoder {name!r} is pretrained by the experiment, and too small to be worth measuring; choose one with "
            "'path' or 'repository'."
        )
    return Checkpoint(str(place), encoder.revision)


def _table(measured: Calibration, encoder: str) -> Table:
    table = Table(title=f"{encoder} on {measured.device} in {measured.precision}")
    table.add_column("")
    for column in ("tokens", "ms", "tokens/s"):
        table.add_column(column, justify="right")
    for kind, points in (("training step", measured.steps), ("forward pass", measured.forwards)):
        for one in points:
            row = f"{one.tokens:,}", f"{1000 * one.seconds:,.1f}", f"{one.tokens / one.seconds:,.0f}"
            table.add_row(kind, *row)
    table.add_row("float32 products", "", "", f"{measured.products / 1e12:.2f} TFLOP/s")
    return table
