"""The firmware on an emulated RP2040 under official MicroPython, with the chip models on its pins (extra `chip`)."""
