"""Guided procedures: what is done in which order, what was found, and the report of it."""
