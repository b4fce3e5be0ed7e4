"""What a check is without one of the ideas that it rests on, for `make bench-motion ARGS=--without`."""

from __future__ import annotations

from dataclasses import replace

from stillscan.scanning.policy import Policy

WITHOUT: dict[str, tuple[Policy, dict[str, int]]] = {
    "salvage": (replace(Policy(), salvage=False), {}),
    "straightening": (replace(Policy(), straighten=False), {}),
    "registering": (replace(Policy(), register=False), {}),
    "early end": (replace(Policy(), read_early=False), {}),
    "former captures": (replace(Policy(), keep_evidence=False), {}),
    "short dwell": (Policy(), {"dwell_again": 150}),
    "tolerance": (Policy(), {"restart_only": 1}),
}
"""Idea -> the policy that does without it, and the device's settings for it. Without tolerance any displacement beyond
`slip` since the sweep began and any bump abort it."""
