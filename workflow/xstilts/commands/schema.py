"""Print the JSON schema of the configuration, for editors."""

import json
from argparse import ArgumentParser, Namespace

from xstilts.config import Config


def add_arguments(parser: ArgumentParser) -> None:
    """Add no arguments."""


def run(arguments: Namespace) -> None:
    """Print the schema."""
    print(json.dumps(Config.model_json_schema(), indent=2, ensure_ascii=False))
