"""stillscan: the passport scanner that finishes the job (host side)."""

__version__ = "0.2.0"
RELEASED = "2026-11-29"
"""The day before which this program did not exist: a clock that says less is wrong. Set with the version."""
