"""Upload of an exported folder to the Hugging Face hub."""

from pathlib import Path

from httpx2 import HTTPError
from huggingface_hub import HfApi, constants, get_token
from huggingface_hub.errors import HfHubHTTPError, HFValidationError
from huggingface_hub.utils import validate_repo_id

from xstilts.errors import UserError
from xstilts.store.entries import WEIGHTS

CARD = "README.md"
_NEEDED = ("config.json", WEIGHTS, CARD)


def check(folder: Path, repository: str) -> list[Path]:
    """Check the arguments of an upload.

    Returns:
        The files to upload, sorted.

    Raises:
        UserError: the folder is not an exported model, the name of the repository is invalid, or no token is found.
    """
    missing = [name for name in _NEEDED if not (folder / name).is_file()]
    if missing:
        raise UserError(f"{folder} has no {', '.join(missing)}; give a folder written by `xstilts export`.")
    try:
        validate_repo_id(repository)
    except HFValidationError as error:
        raise UserError(f"{repository!r} is not a valid repository name: {error}") from None
    if repository.count("/") != 1:
        raise UserError(f"{repository!r} is not a valid repository name; expected owner/name.")
    if get_token() is None:
        raise UserError(
            "found no token for the Hugging Face hub: run `hf auth login`, or set HF_TOKEN to one with write access."
        )
    return sorted(file for file in folder.rglob("*") if file.is_file())


def push(folder: Path, repository: str, private: bool) -> str:
    """Upload a folder, and create the repository if it does not exist.

    Returns:
        The URL of the repository.

    Raises:
        UserError: the hub rejects the upload or cannot be reached.
    """
    api = HfApi()
    try:
        address = api.create_repo(repository, private=private, exist_ok=True)
        api.upload_folder(repo_id=repository, folder_path=folder, commit_message="Upload a model of xstilts")
    except HfHubHTTPError as error:
        raise UserError(f"{constants.ENDPOINT} rejected the upload to {repository}: {_refusal(error)}") from None
    except (HTTPError, OSError) as error:
        raise UserError(f"{constants.ENDPOINT} cannot be reached: {error}") from None
    return str(address)


def _refusal(error: HfHubHTTPError) -> str:
    code = error.response.status_code
    advice = " Does the token belong to the owner, and has it write access?" if code in (401, 403) else ""
    return f"{error.server_message or error.response.reason_phrase or code} (status {code}).{advice}"
