"""Everything that the kiosk says to anybody, with its moment: page, terminal, log."""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import IO


@dataclass(frozen=True)
class Word:
    """``source``: page, stdout, stderr or log. ``at_s`` is the monotonic clock."""

    at_s: float
    source: str
    text: str


class Observer:
    """Thread-safe. What is said twice in a row on the page is no news; on the terminal and in the log it is."""

    def __init__(self, journal: Path | None = None) -> None:
        self.moments: list[float] = []
        """When something was said."""
        self.lines: dict[str, list[str]] = {"stdout": [], "stderr": [], "log": []}
        self.latest: deque[Word] = deque(maxlen=200)
        self._page: dict[str, str] = {}  # by the part of the page, the text's first word
        self._lock = threading.Lock()
        self._journal = journal.open("w", encoding="utf-8") if journal else None

    def page(self, text: str) -> None:
        """What the page shows now."""
        with self._lock:
            part = text.partition(" ")[0]
            if text != self._page.get(part):
                self._page[part] = text
                self._word("page", text)

    def line(self, source: str, text: str) -> None:
        """A line of the terminal or the log."""
        with self._lock:
            self.lines[source].append(text)
            self._word(source, text)

    def note(self, text: str) -> None:
        """What the bench does: into the journal, but nobody at the counter hears it."""
        with self._lock:
            self._write(Word(time.monotonic(), "bench", text))

    def _word(self, source: str, text: str) -> None:
        word = Word(time.monotonic(), source, text)
        self.moments.append(word.at_s)
        self._write(word)

    def _write(self, word: Word) -> None:
        self.latest.append(word)
        if self._journal is not None:
            self._journal.write(json.dumps([round(word.at_s, 3), word.source, word.text], ensure_ascii=False) + "\n")
            self._journal.flush()

    def last(self, count: int, before_s: float | None = None) -> list[Word]:
        """The latest words up to a moment."""
        with self._lock:
            said = [word for word in self.latest if before_s is None or word.at_s <= before_s]
        return said[-count:]

    def pump(self, source: str, stream: IO[str]) -> threading.Thread:
        """Follow a pipe to its end, in a thread that is returned."""

        def follow() -> None:
            for line in stream:
                self.line(source, line.rstrip("\n"))
            stream.close()

        thread = threading.Thread(target=follow, name=source, daemon=True)
        thread.start()
        return thread

    def close(self) -> None:
        """End the journal."""
        if self._journal is not None:
            self._journal.close()
