"""Stores with results of older code, for tests of `adopt`."""

import json
from argparse import ArgumentParser
from collections import Counter

from fabricated import World, cell

from xstilts.commands import adopt as command
from xstilts.experiments import open_grid
from xstilts.fingerprints import sameness
from xstilts.fingerprints.sameness import FILE
from xstilts.grid import Grid
from xstilts.steps.entry import Entry
from xstilts.store.adoption import Adoption, adoption
from xstilts.store.entries import pending
from xstilts.store.jsonfiles import write_json
from xstilts.store.obstacles import Scope

EVERYWHERE = ("job.read_task", "job.encode_task", "job.train_stage", "job.predict", "job.score")
WHY = "a variable has another name"
ALL = Scope()


def finish(world: World, grid: Grid) -> Grid:
    """Finish all entries of an experiment."""
    world.finish(grid.entries.values())
    return grid


def found(world: World, scope: Scope = ALL, **changes) -> Adoption:
    """The results that can be adopted by the present code."""
    config = world.config(**changes)
    return adoption(config, open_grid(config), scope, WHY)


def adopted(world: World, scope: Scope = ALL, **changes) -> Adoption:
    """Adopt these results."""
    adopting = found(world, scope, **changes)
    sameness.add(world.store / FILE, adopting.records)
    return adopting


def run(world: World, *options: str) -> None:
    """Run the command in this process, with the configuration of the world."""
    parser = ArgumentParser()
    command.add_arguments(parser)
    command.run(parser.parse_args([str(world.file()), "--because", WHY, "--directory", ".", *options]))


def roles(adopting: Adoption) -> set[str]:
    return {record.of for record in adopting.records}


def steps(adopting: Adoption) -> Counter[str]:
    """The number of entries found for each step."""
    return Counter(now.step for now, _ in adopting.outcome.found)


def left(grid: Grid) -> set[str]:
    """The steps of what is still to be made."""
    return {entry.step for entry in pending(grid.config.store, grid).values()}


def today(world: World, role: str) -> str:
    return world.real().identity.code(role)


def model(grid: Grid, intermediate: str, target: str) -> Entry:
    return cell(grid, intermediate, target).predictions.inputs["model"]


def files(world: World) -> dict[str, bytes]:
    """Everything in the store but its cache."""
    every = [file for file in world.store.rglob("*") if file.is_file() and ".cache" not in file.parts]
    return {str(file.relative_to(world.store)): file.read_bytes() for file in every}


def respell(world: World, entry: Entry, change) -> None:
    """Let the spec of a result be another, as another version of this library writes it."""
    folder = world.store / entry.path
    spec, manifest = (json.loads((folder / name).read_text()) for name in ("spec.json", "manifest.json"))
    write_json(folder / "spec.json", change(spec))
    manifest["sizes"]["spec.json"] = (folder / "spec.json").stat().st_size
    write_json(folder / "manifest.json", manifest)
