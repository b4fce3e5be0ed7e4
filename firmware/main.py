"""Entry point on the board. Short, because MicroPython compiles it at every start."""

import gc

import micropython

micropython.kbd_intr(
    -1
)  # bytes of the protocol are data, not Ctrl-C; MicroPython allows it anew for each file it starts
# While modules are loaded: what they leave behind must not cut the heap into pieces. Each collection takes 16 ms.
gc.threshold(65536)

import loader

loader.run()
