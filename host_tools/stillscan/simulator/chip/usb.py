"""The computer's end of the USB cable: asks for data at the pace of a full-speed bus, is silent when it has none."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from rp2040py.peripherals import usb as registers
from rp2040py.usb.cdc import USBCDC

from stillscan.simulator.chip.emulator import Emulator

PACKET_BYTES = 64  # of a bulk endpoint at full speed (USB 2.0)
PACKET_NS = 53_000  # from one packet of 64 bytes to the next: 19 in a frame of 1 ms, 1.2 MB/s
_HALF = registers.USB_BUF1_SHIFT
_AVAILABLE = registers.USB_BUF_CTRL_AVAILABLE


class Usb:
    """Bytes both ways. ``taken`` is called when bytes have come from the device.

    ``unplugged``: nothing gets through. ``stalled``: the computer does not take what the device sends. ``slow``: how
    many times longer packets take.
    """

    def __init__(self, emulator: Emulator, taken: Callable[[], None]) -> None:
        self.to_host = bytearray()
        self.to_device = bytearray()
        self.unplugged = False
        self.stalled = False
        self.slow = 1.0
        self._taken = taken
        self._emulator = emulator
        self._controller = emulator.chip.usb_ctrl
        self._cdc = USBCDC(self._controller)
        self._served = self._controller.on_endpoint_read  # of the control endpoint
        self._controller.on_endpoint_read = self._wanted
        self._updated = self._controller.dpram_updated
        setattr(self._controller, "dpram_updated", self._armed)  # noqa: B010 - a method of this one object
        self._packets: deque[tuple[int, int, bool]] = deque()  # buffer control, half, whether it raises an interrupt
        self._packet = emulator.alarm(self._next_packet)
        self._busy = False
        self._room = 0  # bytes that the device waits for

    @property
    def connected(self) -> bool:
        """Has the device been found on the bus?"""
        return bool(self._cdc.dtr)

    def reset(self) -> None:
        """The device has dropped off the bus."""
        self._packets.clear()
        self._packet.cancel()
        self._busy = False
        self._room = 0

    def write(self, data: bytes) -> None:
        """Bytes for the device."""
        self.to_device += data
        self._send()

    def plug(self, plugged: bool) -> None:
        """Pull the cable, or plug it in: the device is found anew."""
        self.unplugged = not plugged
        if plugged:
            self.to_device.clear()
            self.reset()
            self._cdc._on_controller_reset()
            self._controller.reset_device()

    def resume(self) -> None:
        """The computer takes data again."""
        self.stalled = False
        self._start()

    def _wanted(self, endpoint: int, size: int) -> None:
        if endpoint != self._cdc._out_endpoint:
            if self._served is not None:
                self._served(endpoint, size)
        else:
            self._room = size
            self._send()

    def _send(self) -> None:
        if self._room and self.to_device and not self.unplugged:
            data = bytes(self.to_device[: self._room])
            del self.to_device[: self._room]
            self._room = 0
            self._controller.endpoint_read_done(self._cdc._out_endpoint, data, PACKET_NS // 1000)

    def _armed(self, offset: int, value: int) -> None:
        """A buffer control was written: packets to the computer wait for their turn on the bus."""
        endpoint = offset - registers.EP0_IN_BUFFER_CONTROL >> 3
        if offset & 4 or endpoint <= 0 or endpoint != self._cdc._in_endpoint:
            self._updated(offset, value)
            return
        control = self._controller._read_endpoint_control_reg(endpoint, False)
        double = bool(control & registers.USB_CTRL_DOUBLE_BUF)
        each = bool(control & registers.USB_CTRL_INTERRUPT_PER_TRANSFER) or not double
        first, second = value & _AVAILABLE, double and value >> _HALF & _AVAILABLE
        if first and 0 not in self._halves():
            self._packets.append((offset, 0, each or not second))
        if second and 1 not in self._halves():
            self._packets.append((offset, 1, True))
        self._start()

    def _halves(self) -> list[int]:
        return [half for _, half, _ in self._packets]

    def _start(self) -> None:
        if self._packets and not self._busy and not self.unplugged and not self.stalled:
            self._busy = True
            self._packet.after(PACKET_NS * self.slow)

    def _next_packet(self) -> None:
        self._busy = False
        if self.unplugged or self.stalled or not self._packets:
            return
        offset, half, interrupts = self._packets.popleft()
        dpram = self._emulator.chip.usb_dpram
        shift = half * _HALF
        value = int.from_bytes(dpram[offset : offset + 4], "little")
        length = value >> shift & registers.USB_BUF_CTRL_LEN_MASK
        value &= ~((_AVAILABLE | registers.USB_BUF_CTRL_FULL) << shift)
        dpram[offset : offset + 4] = value.to_bytes(4, "little")
        endpoint = offset - registers.EP0_IN_BUFFER_CONTROL >> 3
        start = self._controller._get_endpoint_buffer_offset(endpoint, False) + half * registers.USB_BUF1_OFFSET
        self.to_host += dpram[start : start + length]
        if interrupts:
            self._controller._indicate_buffer_ready(endpoint, False)
        self._start()
        if length:
            self._taken()
