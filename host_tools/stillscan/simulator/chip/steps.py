"""What runs on the chip instead of main.py to measure the steps of a line, each by itself, in microseconds."""

SCRIPT = """\
import gc
import time

import micropython

micropython.kbd_intr(-1)
gc.threshold(16384)
import board
from kiosk import strip
from kiosk.app import App

app = App(board.Board())
reference = app.surface.reference
raw = bytearray(1476)
for i in range(len(raw)):
    raw[i] = 60 + i * 7 % 90
    reference.gain[i] = 300
    reference.dark[i] = 10
plain = bytearray(2048)
stuffed = bytearray(2070)
app.motion.start()
stream = app.board.stream


def each(n, depth):
    pixels = n * depth // 8
    flat = strip.flat8 if depth == 8 else strip.flat4
    frame = 3 + 20 + pixels
    yield "acquire: look at the samples", lambda: strip.spread(raw, n)
    yield "flat-field and pack", lambda: flat(raw, reference.dark, reference.gain, plain, 23, n)
    yield "crc", lambda: strip.crc32_append(plain, frame, strip.CRC_TABLE)
    yield "frame", lambda: strip.stuff(plain, frame + 4, stuffed)
    yield "motion", app.motion.poll


def measure(step):
    step()
    gc.collect()
    free = gc.mem_free()
    began = time.ticks_us()
    step()
    step()
    us = time.ticks_diff(time.ticks_us(), began)
    return us // 2, free - gc.mem_free()


found = [(depth, name) + measure(step) for depth in (4, 8) for name, step in each(1476, depth)]
for line in found:
    print("step", *line, sep="|")
for depth in (4, 8):
    n = 31 + 1476 * depth // 8
    began = time.ticks_us()
    stream.write(stuffed, n)
    us = time.ticks_diff(time.ticks_us(), began)
    time.sleep_ms(20)
    print()
    print("step", depth, "send", us, 0, sep="|")
print("end")
"""
