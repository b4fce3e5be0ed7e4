"""stillscan: the passport scanner that finishes the job (host side)."""

__version__ = "0.1.0"
