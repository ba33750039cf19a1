"""Write a finished intermediate as a Hugging Face folder."""

import shlex
from argparse import ArgumentParser, Namespace
from pathlib import Path

from xstilts.commands.shell import add_choice, add_config, open_experiment
from xstilts.publication import export
from xstilts.publication.selection import intermediate_of, only


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of the command."""
    add_config(parser)
    parser.add_argument("intermediate", help="such as mnli or squad_v1/mnli")
    add_choice(parser)
    parser.add_argument("--to", type=Path, required=True, help="the folder to write; must not exist")


def run(arguments: Namespace) -> None:
    """Write the folder, and print how to use and upload it."""
    experiment = open_experiment(arguments)
    config = experiment.config
    encoder = only("encoder", config.grid.encoders, arguments.encoder)
    seed = only("seed", config.grid.seeds, arguments.seed)
    grid = experiment.grid
    model = export.find(config, grid, encoder, intermediate_of(config, arguments.intermediate), seed)
    vectors = export.write(config, grid, model, arguments.to)
    layer = f"the {vectors.pooling} of layer {vectors.layer} of {vectors.depth}"
    print(f"{arguments.to}: {encoder} after {arguments.intermediate}, seed {seed}, for AutoModel")
    if vectors.expressible:
        print(f"SentenceTransformer({str(arguments.to)!r}) gives the sentence vectors used for retrieval, {layer}")
    else:
        print(f"not usable with sentence-transformers, which cannot extract {layer} from this architecture")
    print(f"upload it with: xstilts push {shlex.quote(str(arguments.to))} <owner>/<name>")
