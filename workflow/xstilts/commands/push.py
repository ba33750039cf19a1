"""Upload an exported folder to the Hugging Face hub."""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from huggingface_hub import constants

from xstilts.commands.shell import add_consent, many, size
from xstilts.publication import upload


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("folder", type=Path, help="a folder written by `export`")
    parser.add_argument("repository", help="owner/name; created if it does not exist")
    parser.add_argument("--private", action="store_true", help="create it as a private repository")
    add_consent(parser)


def run(arguments: Namespace) -> None:
    """Show which files would be uploaded, and upload them with `--yes`."""
    files = upload.check(arguments.folder, arguments.repository)
    for file in files:
        print(f"    {size(file.stat().st_size):>10}  {file.relative_to(arguments.folder)}")
    if not arguments.yes:
        where = f"{arguments.repository} on {constants.ENDPOINT}"
        print(f"Nothing was uploaded. Add --yes to upload {many(len(files), 'file')} to {where}.")
        return
    print(upload.push(arguments.folder, arguments.repository, arguments.private))
