"""A kiosk on the emulated chip, with a host, and the file system in its flash."""

from __future__ import annotations

import json

import littlefs

from stillscan.boards.files import chip
from stillscan.link.messages import Message
from stillscan.link.session import Session
from stillscan.simulator.chip.kiosk import ChipKiosk
from stillscan.testing.simulate import boot

_BLOCK = 4096


class Rig:
    """Booted to its first state, unless it was switched on without a host."""

    def __init__(self, kiosk: ChipKiosk, hello: bool = True) -> None:
        self.kiosk = kiosk
        self.resets_ms: list[float] = []
        usb_reset = kiosk.emulator.at_reset

        def at_reset() -> None:
            self.resets_ms.append(kiosk.now_ms())
            usb_reset()

        kiosk.emulator.at_reset = at_reset
        if hello:
            self.connect()
            self.hello_ms = kiosk.now_ms()
            self.state = boot(self.session)

    def connect(self) -> None:
        """A host that starts anew, as soon as the device is on the bus."""
        while not self.kiosk.usb.connected:
            self.kiosk.read(1)
        self.session = Session(self.kiosk)
        self.session.open()

    def until(self, kind: type[Message], ms: float) -> list[Message]:
        """What was heard until a message of this kind, which is the last; AssertionError when none comes in time."""
        heard: list[Message] = []
        end = self.kiosk.now_ms() + ms
        while self.kiosk.now_ms() < end:
            message = self.session.poll(50)
            if message is not None:
                heard.append(message)
                if isinstance(message, kind):
                    return heard
        raise AssertionError(f"no {kind.__name__} within {ms} ms: {[type(m).__name__ for m in heard]}")

    def safe(self) -> bool:
        """No light, and no step within 50 ms."""
        steps = self.kiosk.bus.motor.steps
        self.kiosk.pass_time(50)
        return self.kiosk.bus.outputs.lamp() == 0.0 and self.kiosk.bus.motor.steps == steps

    def file(self, path: str) -> bytes:
        """What lies in the chip's flash."""
        facts = chip("rpi_pico")
        flash = bytes(self.kiosk.emulator.chip.flash[: facts.flash_kib * 1024])
        system = littlefs.LittleFS(block_size=_BLOCK, block_count=facts.files_kib * 1024 // _BLOCK, mount=False)
        system.context.buffer = bytearray(flash[-facts.files_kib * 1024 :])
        system.mount()
        with system.open(path, "rb") as file:
            content: bytes = file.read()
        return content

    def slots(self) -> dict[str, object]:
        """What the loader has decided."""
        found: dict[str, object] = json.loads(self.file("slots.json"))
        return found
