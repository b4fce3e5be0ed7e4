"""The browser that the tests of the page use: one that the system has."""

import shutil

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MISSING = "no chromium found. On Debian and Ubuntu: apt-get install chromium"


def find_browser() -> str | None:
    """Its program, or None."""
    return next((found for name in _NAMES if (found := shutil.which(name))), None)
