"""A browser for the tests of this room. Without one they say so, and fail where one is required, as in CI."""

import os
from collections.abc import Iterator

import pytest
from browser_kit import LACKING, REQUIRED, browser, chromium
from playwright.sync_api import Browser


@pytest.fixture(scope="session")
def window() -> Iterator[Browser]:
    """Chromium."""
    if not chromium():
        if os.environ.get(REQUIRED) == "required":
            pytest.fail(LACKING)
        pytest.skip(LACKING)
    # Playwright keeps an event loop going beside the tests of this process; Django would take each for a part of it.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with browser() as opened:
        yield opened
