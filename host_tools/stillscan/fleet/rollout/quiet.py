"""When a kiosk may be changed: in the office's quiet hours, and never while a customer is there."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, time

from stillscan.errors import InputError

STANDARD = "20:00-06:00"
"""When a post office in a shop is closed: the longest are open from 7 to 23 where their shop is, most from 8 to 20."""
_FORM = re.compile(r"(\d\d):(\d\d)-(\d\d):(\d\d)", re.ASCII)


@dataclass(frozen=True)
class QuietHours:
    """From one time of day to another, in the office's own time; over midnight where it ends before it begins."""

    begin: time
    end: time

    def __str__(self) -> str:
        return f"{self.begin:%H:%M}-{self.end:%H:%M}"

    def has(self, local: datetime) -> bool:
        """``local``: the office's own time."""
        now = local.time()
        if self.begin <= self.end:
            return self.begin <= now < self.end
        return now >= self.begin or now < self.end


def parse(text: str) -> QuietHours:
    """HH:MM-HH:MM. InputError."""
    match = _FORM.fullmatch(text)
    try:
        hours = [int(part) for part in match.groups()] if match else []
        begin, end = time(hours[0], hours[1]), time(hours[2], hours[3])
    except (ValueError, IndexError):
        raise InputError(f"quiet hours '{text}': HH:MM-HH:MM is wanted, such as {STANDARD}") from None
    if begin == end:
        raise InputError(f"quiet hours '{text}': they begin when they end")
    return QuietHours(begin, end)
