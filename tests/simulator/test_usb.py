"""The board's USB as its firmware meets it: a write waits for a host that does not read, for a second at most."""

from __future__ import annotations

from stillscan.simulator.bus import ADVANCE, ANSWER, USB_BLOCK_US, USB_LOOK_US, USB_WRITE, WATCHDOG, Bus

from .world import scene


def written(bus: Bus, data: bytes) -> int:
    answer = bus.handle(USB_WRITE, 0, 0, 0, data)
    assert answer is not None
    value: int = ANSWER.unpack(answer)[4]
    return value


def test_a_host_that_never_reads_costs_a_second_and_the_frame() -> None:
    bus = Bus(scene())
    bus.usb.stalled = True
    assert (written(bus, b"frame"), bus.now_us, bytes(bus.usb.to_host)) == (0, USB_BLOCK_US, b"")


def test_a_host_that_reads_again_within_the_second_loses_nothing() -> None:
    bus = Bus(scene())
    looks = iter(range(7))

    def drain() -> None:
        bus.usb.stalled = next(looks) < 6

    bus.usb.stalled, bus.usb.drain = True, drain
    assert (written(bus, b"frame"), bytes(bus.usb.to_host)) == (5, b"frame")
    assert bus.now_us == 7 * USB_LOOK_US


def test_a_board_without_power_forgets_its_pins_and_what_was_on_the_cable() -> None:
    bus = Bus(scene())
    bus.usb.to_host += b"said"
    bus.usb.to_device += b"asked"
    bus.usb.unplugged = True
    bus.handle(WATCHDOG, 0, 5000, 0, b"")
    bus.ring.write(0, bytes((255, 0, 0)) * 12)
    bus.power_up()
    assert (bytes(bus.usb.to_host), bytes(bus.usb.to_device), bus.usb.unplugged) == (b"", b"", True)
    assert (bus.ring.colour, bus.beeper.sounds) == ("dark", False)
    bus.handle(ADVANCE, 0, 60_000_000, 0, b"")  # and nobody feeds its watchdog
