"""Entry point on the board. Short, because MicroPython compiles it at every start."""

import gc

import micropython

micropython.kbd_intr(
    -1
)  # bytes of the protocol are data, not Ctrl-C; MicroPython allows it anew for each file it starts
gc.threshold(16384)  # while modules are loaded: what they leave behind must not cut the heap into pieces

import loader

loader.run()
