import os
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from browsing import BROWSERS, DESK, Visit
from hypothesis import settings

from xstilts.runtime import termination

if "PYTEST_XDIST_WORKER" in os.environ:
    # There is a worker for each core; more threads than cores would slow each other down.
    os.environ.setdefault("OMP_NUM_THREADS", "1")

settings.register_profile("quick", max_examples=50, deadline=None, derandomize=True)
settings.register_profile("long", max_examples=2000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


@pytest.fixture(autouse=True)
def _handlers_of_signals():
    """Restore the handlers of signals: that of a job ignores further signals once one has arrived."""
    before = {number: signal.getsignal(number) for number in termination.SIGNALS}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture(scope="session")
def samples() -> Path:
    """Samples of the real data sets, one folder each, which are not part of the repository."""
    folder = Path(os.environ.get("XSTILTS_SAMPLES", Path(__file__).parents[2] / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("no sample data: set XSTILTS_SAMPLES to their folder")
    return folder


@pytest.fixture(scope="module")
def browser() -> Iterator:
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if not found:
        pytest.skip(f"no browser on the PATH: {', '.join(BROWSERS)}")
    with playwright.sync_playwright() as running:
        opened = running.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def visit(browser) -> Iterator[Callable[..., Visit]]:
    """Opens a file."""
    contexts = []

    def opened(file: Path, *, scheme: str = "light", size: dict = DESK) -> Visit:
        contexts.append(browser.new_context(viewport=size, color_scheme=scheme, offline=True))
        page = contexts[-1].new_page()
        made = Visit(page)
        page.on("request", lambda request: made.requests.append(request.url))
        page.on("pageerror", lambda error: made.errors.append(str(error)))
        page.on("console", lambda said: made.errors.append(said.text) if said.type == "error" else None)
        page.goto(file.as_uri())
        return made

    yield opened
    for context in contexts:
        context.close()
