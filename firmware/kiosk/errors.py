"""The one error that firmware raises on purpose: a part of the kiosk does not do its work."""


class PartError(Exception):
    """``part`` and ``fault`` are numbers of wire.PARTS and wire.FAULTS; the state machine turns them into FAULT."""

    def __init__(self, part: int, fault: int) -> None:
        super().__init__(part, fault)
        self.part = part
        self.fault = fault
