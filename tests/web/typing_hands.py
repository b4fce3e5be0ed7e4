"""Visits in which everything happens while somebody types: what stands in the fields afterwards is what was typed."""

from __future__ import annotations

import random
from typing import Any

from books import NUMBER, SWEDISH, TRACKING
from played import Played
from playwright.sync_api import Error

from kiosk import wire

WAIT_MS = 60


class Disturbed:
    """A page, and everything that may happen at a counter while hands are on the keyboard."""

    def __init__(self, page: Any, browser: Any, played: Played, seed: int) -> None:
        self.page, self.browser, self.played = page, browser, played
        self.chance = random.Random(seed)
        self.windows: list[Any] = []

    def something(self) -> None:
        """One thing, or nothing."""
        self.chance.choice(
            [
                *[lambda: None] * 6,
                self.played.place,
                lambda: self.played.scan(20),
                self.played.slip,
                lambda: self.played.state(wire.EMPTY),
                lambda: self.played.state(wire.FAULT, part=1),
                lambda: (self.played.unplug(), self.played.plug_in()) if self.step() == "tracking" else None,
                *[lambda: self.played.read(SWEDISH)] * 3,
                self._window,
                self._reload,
            ]
        )()

    def step(self) -> str:
        """The question that is open."""
        return str(self.page.get_attribute("#panel > div", "data-step"))

    def _window(self) -> None:
        if self.windows:
            self.windows.pop().close()
        else:
            self.windows.append(self.page.context.new_page())
            self.windows[-1].goto(f"{self.played.url}/?language=en")
            self.page.bring_to_front()

    def _reload(self) -> None:
        self.page.wait_for_timeout(WAIT_MS)
        self.page.reload()
        self.page.wait_for_selector("#panel > div")
        self.page.wait_for_selector("#lost", state="hidden")
        self.page.wait_for_timeout(WAIT_MS)

    def until(self, selector: str) -> None:
        """Wait for what Enter leads to; AssertionError with what is shown instead."""
        try:
            self.page.wait_for_selector(selector)
        except Error as error:
            raise AssertionError(self.page.inner_html("#panel")) from error

    def type(self, text: str) -> None:
        """Key after key, with something between them now and then."""
        for character in text:
            self.page.keyboard.type(character)
            if self.chance.random() < 0.35:
                self.something()

    def visit(self) -> list[str]:
        """A foreign visit, typed by hand; what went wrong."""
        wrong = []
        self.page.wait_for_selector("#tracking")
        self.type(TRACKING)
        said = self.page.input_value("#tracking")
        if said != TRACKING:
            wrong.append(f"tracking: {said!r}")
            self.page.fill("#tracking", TRACKING)
        self.page.press("#tracking", "Enter")
        self.until("[data-step=scan], [data-step=second]")
        if self.step() == "scan":
            self.played.read(SWEDISH)
        self.page.wait_for_selector("#number")
        self.type(NUMBER)
        self.page.keyboard.press("Tab")
        self.type(NUMBER)
        said = (self.page.input_value("#number"), self.page.input_value("#again"))
        if said != (NUMBER, NUMBER):
            wrong.append(f"number: {[len(one) for one in said]} characters of {len(NUMBER)}")
            self.page.fill("#number", NUMBER)
            self.page.fill("#again", NUMBER)
        self.page.press("#again", "Enter")
        self.until("[data-step=face]")
        self.page.keyboard.press("F2")
        self.page.wait_for_selector("[data-step=tracking]")
        self.played.state(wire.EMPTY)
        return wrong
