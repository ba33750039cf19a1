import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def samples() -> Path:
    """Samples of the real data sets, one folder each; they are no part of the repository."""
    folder = Path(os.environ.get("XSTILTS_SAMPLES", Path(__file__).parents[2] / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("the sample data are not here: set XSTILTS_SAMPLES")
    return folder
