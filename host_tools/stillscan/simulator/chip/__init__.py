"""The firmware on an emulated RP2040 that runs official MicroPython, with the chip models on its pins (extra `chip`)."""
