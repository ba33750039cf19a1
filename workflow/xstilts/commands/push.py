"""Upload an exported folder to the Hugging Face hub."""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from huggingface_hub import constants

from xstilts.commands.shell import add_consent, many, size
from xstilts.publication import upload


def add_arguments(parser: ArgumentParser) -> None:
    """The command's own arguments."""
    parser.add_argument("folder", type=Path, help="what `export` has written")
    parser.add_argument("repository", help="owner/name; it is created if it is not there")
    parser.add_argument("--private", action="store_true", help="create it as a private repository")
    add_consent(parser)


def run(arguments: Namespace) -> None:
    """Show what would be uploaded, and upload it if told so."""
    files = upload.check(arguments.folder, arguments.repository)
    for file in files:
        print(f"    {size(file.stat().st_size):>10}  {file.relative_to(arguments.folder)}")
    if not arguments.yes:
        where = f"{arguments.repository} on {constants.ENDPOINT}"
        print(f"Nothing is uploaded yet: give --yes to upload {many(len(files), 'file')} to {where}.")
        return
    print(upload.push(arguments.folder, arguments.repository, arguments.private))
