"""The browser that the tests of the page use: one that the system has."""

from __future__ import annotations

import asyncio
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

# The first is chromium without windows: a page of a test takes it 0.4 s of a core, and the one with windows 0.8 s.
_NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MISSING = "no chromium found. On Debian and Ubuntu: apt-get install chromium-headless-shell"


def find_browser() -> str | None:
    """Its program, or None."""
    return next((found for name in _NAMES if (found := shutil.which(name))), None)


_MOST_MS = 600_000  # only a hang lasts so long; Playwright's own 30 s are over on a computer that does much else


_LOOKED_MS = 400
"""Playwright looks for an element after 0, 20, 70, 170 and 270 ms, and then every half second; who says that it is to
give up after so long has it look every 50 ms. On a busy computer most waits of a page were of that half second."""


def patient(browser):  # type: ignore[no-untyped-def]
    """The browser, whose pages wait for as long as a busy computer needs, and no longer."""

    def waits(make, page):  # type: ignore[no-untyped-def]
        def made(**options: object):  # type: ignore[no-untyped-def]
            opened = make(**options)
            opened.set_default_timeout(_MOST_MS)
            if page:
                _look_often(opened)
            else:
                opened.new_page = waits(opened.new_page, page=True)
            return opened

        return made

    browser.new_context, browser.new_page = waits(browser.new_context, page=False), waits(browser.new_page, page=True)
    return browser


def _look_often(page: Any) -> None:
    from playwright.sync_api import TimeoutError as NotYetError

    once, click, fill = page.wait_for_selector, page.click, page.fill

    def wait_for_selector(selector: str, **how: Any) -> Any:
        for _ in range(_MOST_MS // _LOOKED_MS):
            with suppress(NotYetError):
                return once(selector, timeout=_LOOKED_MS, **how)
        return once(selector, **how)

    def first(act: Any) -> Any:
        def when_it_is_there(selector: str, *given: Any, **how: Any) -> Any:
            wait_for_selector(selector)
            return act(selector, *given, **how)

        return when_it_is_there

    page.wait_for_selector, page.click, page.fill = wait_for_selector, first(click), first(fill)


class Chromium:
    """Enter to start; it is used while it is ``driven``.

    Playwright keeps an event loop running in the thread that uses it. Other tests, which may run one of their own, are
    not to meet that: meanwhile it is taken out of the thread's sight.
    """

    def __init__(self, program: str) -> None:
        self._program = program

    def __enter__(self) -> Chromium:
        from playwright.sync_api import sync_playwright

        self._playwright = sync_playwright().start()
        self._browser = self._playwright.chromium.launch(executable_path=self._program, args=["--no-sandbox"])
        patient(self._browser)
        self._put_away()
        return self

    def __exit__(self, *_: object) -> None:
        self._take_out()
        self._browser.close()
        self._playwright.stop()

    @contextmanager
    def driven(self) -> Iterator[Any]:
        """The browser, with no window open before and none afterwards."""
        self._take_out()
        try:
            yield self._browser
            for context in self._browser.contexts:
                context.close()
        finally:
            self._put_away()

    def _put_away(self) -> None:
        self._loop, self._hooks = asyncio.get_running_loop(), sys.get_asyncgen_hooks()
        asyncio._set_running_loop(None)
        sys.set_asyncgen_hooks(None, None)

    def _take_out(self) -> None:
        asyncio._set_running_loop(self._loop)
        sys.set_asyncgen_hooks(*self._hooks)
