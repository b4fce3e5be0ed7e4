"""Freezes the firmware into a MicroPython that you build yourself, instead of copying it onto the board.

In ports/rp2 of MicroPython: make BOARD=RPI_PICO FROZEN_MANIFEST=/path/to/boards/rpi_pico_adns/manifest.py
A file of the same name on the board's file system goes before a frozen one: erase an older firmware first.
"""

include("$(PORT_DIR)/boards/manifest.py")
package("kiosk", base_path="../../firmware")
module("main.py", base_path="../../firmware")
module("loader.py", base_path="../../firmware")
module("start.py", base_path="../../firmware")
module("board.py")
module("adns3080.py")
module("chip.py", base_path="../rp2")
module("engines.py", base_path="../rp2")
module("kernels.py", base_path="../rp2")
module("periods.py", base_path="../rp2")
module("programs.py", base_path="../rp2")
module("stream.py", base_path="../rp2")
module("vitals.py", base_path="../rp2")
module("wiring.py", base_path="../wired")
