"""Firmware version: major, minor, patch."""

VERSION = (0, 2, 0)
