"""Runs before main.py: bytes of the protocol are data, not Ctrl-C."""

import micropython

micropython.kbd_intr(-1)
