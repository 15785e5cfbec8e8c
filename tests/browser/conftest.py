"""A real Chromium. JavaScript is off unless a test is about scripts that must not run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from browser.watched import Watched

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


# For one module at a time: the driver keeps an event loop running in this thread, in which the asynchronous
# tests of other modules could not run theirs.
@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is not installed (apt-get install chromium)")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def plain(chromium: Browser) -> Iterator[Watched]:
    """Without JavaScript, as the pages must work."""
    found = Watched(chromium, scripts=False)
    yield found
    found.context.close()


@pytest.fixture
def scripted(chromium: Browser) -> Iterator[Watched]:
    """With JavaScript on, for scripts that must not run."""
    found = Watched(chromium, scripts=True)
    yield found
    found.context.close()
