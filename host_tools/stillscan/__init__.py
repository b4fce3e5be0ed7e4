"""stillscan: the passport scanner that finishes the job (host side)."""

__version__ = "0.2.0"
RELEASED = "2026-11-01"
"""The first day of the month of this version's release: a clock that says less is wrong. Set with the version.

The month and not the day, so that checks of the days before a release can still be judged by it.
"""
