"""Who signs what in the repository (The Update Framework, TUF), how many of them, and for how long it counts."""

from __future__ import annotations

from datetime import timedelta

ROOT, TARGETS, ROLLOUTS, SNAPSHOT, TIMESTAMP = "root", "targets", "rollouts", "snapshot", "timestamp"
OFFLINE = (ROOT, TARGETS)
"""Signed by people who meet, with keys that no computer with a network ever sees."""
ONLINE = "online"
"""The one key of snapshot and timestamp."""
THRESHOLD = 2
"""Signatures that an offline role needs: one person who errs, or is forced, signs nothing."""
KEYS = 3
"""Keys of an offline role: one can be lost and the others still sign."""
VALID = {
    ROOT: timedelta(days=365),  # the people of the root meet once a year at least
    TARGETS: timedelta(days=90),  # an old list of releases can be held back no longer, whoever has all online keys
    ROLLOUTS: timedelta(days=1),
    SNAPSHOT: timedelta(days=1),
    TIMESTAMP: timedelta(days=1),
}
"""A stolen online key freezes nobody for longer than a day: kiosks take nothing that says it is valid for longer."""
CLOCKS = timedelta(hours=1)
"""By so much a kiosk's clock may differ from that of the publisher: time zones that were mixed up are told."""
ORDERS = "rollouts/now.json"
"""The one file of the role ``rollouts``: which release is for whom, now."""
SOON = timedelta(days=14)
"""So long before an offline role runs out its people are told: they have to meet."""
