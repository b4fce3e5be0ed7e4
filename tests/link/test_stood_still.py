"""A paired scanner that stood still, or falls silent, while a session with it begins: neither is an imitation."""

import pytest
from bench.paired import PAIRING, PairedDevice

from kiosk import wire
from stillscan.link.framing import Frame
from stillscan.link.messages import Hello
from stillscan.link.session import Session
from stillscan.link.transport import LinkLostError


class Stalled(PairedDevice):
    """Stood still while the host asked, and answers all of it at once."""

    def __init__(self, questions: int) -> None:
        super().__init__()
        self.waits = questions
        self.asked: list[Frame] = []

    def _hear(self, frame: Frame) -> None:
        self.asked.append(frame)
        if len(self.asked) == self.waits:
            self.waits = 0
        if not self.waits:
            asked, self.asked = self.asked, []
            for one in asked:
                super()._hear(one)

    def answer_late(self, former: int) -> None:
        """So many HELLOs of hosts that gave it up, and that of the host that waits, once more."""
        for n in range(former):
            super()._hear(Frame(wire.C_HELLO, n, wire.pack(wire.C_HELLO, 1, 3, bytes((n,)) * 16)))
        super()._hear(self.commands[0])


@pytest.mark.parametrize("questions", [2, 3])
@pytest.mark.parametrize("former", [0, 1, 12])
def test_a_scanner_that_stood_still_and_answers_all_at_once_is_no_imitation(questions: int, former: int) -> None:
    """Each HELLO that it answers begins another session: the last one counts."""
    device = Stalled(questions)

    def admission(hello: Hello, transport: object) -> bytes:
        device.answer_late(former)  # while the host looks for the key
        return PAIRING.key

    session = Session(device, admission=admission)
    session.open()
    assert session.identity is not None
    assert session.identity.scanner == PAIRING.scanner
    assert session.installed() is not None


def test_a_scanner_that_falls_silent_is_not_called_an_imitation() -> None:
    """It has said HELLO and nothing after it: nothing that it said was false."""
    device = PairedDevice()
    device.tamper = lambda frame: frame if len(device.said) == 1 else b""
    with pytest.raises(LinkLostError, match="does not answer any more"):
        Session(device, admission=lambda hello, transport: PAIRING.key).open()
