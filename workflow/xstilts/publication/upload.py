"""Uploading an exported folder to a repository of the Hugging Face hub."""

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
    """The files that an upload consists of, sorted.

    Raises:
        UserError: the folder is no exported model, the repository has no such name, or there is no token.
    """
    missing = [name for name in _NEEDED if not (folder / name).is_file()]
    if missing:
        raise UserError(f"{folder} has no {', '.join(missing)}; give a folder that `xstilts export` has written.")
    try:
        validate_repo_id(repository)
    except HFValidationError as error:
        raise UserError(f"{repository!r} cannot be a repository: {error}") from None
    if repository.count("/") != 1:
        raise UserError(f"{repository!r} is no repository; expected owner/name.")
    if get_token() is None:
        raise UserError("there is no token for the hub: run `hf auth login`, or set HF_TOKEN to one that may write.")
    return sorted(file for file in folder.rglob("*") if file.is_file())


def push(folder: Path, repository: str, private: bool) -> str:
    """Create the repository if there is none, and upload the folder.

    Returns:
        Its address.

    Raises:
        UserError: the hub refuses or cannot be reached.
    """
    api = HfApi()
    try:
        address = api.create_repo(repository, private=private, exist_ok=True)
        api.upload_folder(repo_id=repository, folder_path=folder, commit_message="Upload a model of xstilts")
    except HfHubHTTPError as error:
        raise UserError(f"{constants.ENDPOINT} refuses {repository}: {_refusal(error)}") from None
    except (HTTPError, OSError) as error:
        raise UserError(f"{constants.ENDPOINT} cannot be reached: {error}") from None
    return str(address)


def _refusal(error: HfHubHTTPError) -> str:
    code = error.response.status_code
    advice = " Does the token belong to the owner, and may it write?" if code in (401, 403) else ""
    return f"{error.server_message or error.response.reason_phrase or code} (status {code}).{advice}"
