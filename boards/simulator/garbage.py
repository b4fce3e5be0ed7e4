"""MicroPython's ``gc`` for the firmware, whose collection takes as long as on a chip, by the virtual clock.

It is what keeps a document waiting longest before a sweep: 26 of the 37 ms from STILL to SCANNING. What Python does on
a chip besides is left out, but for messages (stream.py) and turns at rest (time.py): 3 ms as a sweep begins.
"""

import gc
import sys
import time
from gc import mem_alloc, mem_free, threshold  # noqa: F401 - what the firmware asks for besides

from micropython import const

_COLLECTION_US = const(26000)  # 26.3 and 26.5 ms on the emulated RP2040, at the end of a start and before a sweep


def collect() -> None:
    gc.collect()
    time.sleep_us(_COLLECTION_US)


sys.modules["gc"] = sys.modules[__name__]
