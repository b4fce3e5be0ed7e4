"""The errors that firmware raises on purpose: a part of the kiosk does not do its work, or it is not to run at all."""


class PartError(Exception):
    """``part`` and ``fault`` are numbers of wire.PARTS and wire.FAULTS; the state machine turns them into FAULT."""

    def __init__(self, part: int, fault: int) -> None:
        super().__init__(part, fault)
        self.part = part
        self.fault = fault


class ServiceError(Exception):
    """Raised by ``Board()``, before the watchdog starts: the service button is held, the port is to be a prompt."""
