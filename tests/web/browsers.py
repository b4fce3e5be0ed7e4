"""The browser that the tests of the page use: one that the system has."""

import shutil

# The first is chromium without windows: a page of a test takes it 0.4 s of a core, and the one with windows 0.8 s.
_NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MISSING = "no chromium found. On Debian and Ubuntu: apt-get install chromium-headless-shell"


def find_browser() -> str | None:
    """Its program, or None."""
    return next((found for name in _NAMES if (found := shutil.which(name))), None)


_MOST_MS = 600_000  # only a hang lasts so long; Playwright's own 30 s are over on a computer that does much else


def patient(browser):  # type: ignore[no-untyped-def]
    """The browser, whose pages wait for as long as a busy computer needs."""

    def waits(make):  # type: ignore[no-untyped-def]
        def made(**options: object):  # type: ignore[no-untyped-def]
            opened = make(**options)
            opened.set_default_timeout(_MOST_MS)
            return opened

        return made

    browser.new_context, browser.new_page = waits(browser.new_context), waits(browser.new_page)
    return browser
