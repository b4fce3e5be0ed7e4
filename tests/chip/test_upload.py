"""A version over the session of a kiosk that runs, on the chip itself: power that fails, a restart, a way back."""

from pathlib import Path

import pytest

from kiosk import wire
from stillscan.boards.build import compiled
from stillscan.boards.versions import Version
from stillscan.commands.world import SAMPLE, scene
from stillscan.errors import StillscanError
from stillscan.link.messages import Installed
from stillscan.simulator.chip.kiosk import ChipKiosk
from stillscan.technician.at_scanner import AtScanner
from stillscan.technician.upload import outcome, start, upload

from .rig import Rig
from .test_faults import RAISES

pytestmark = [pytest.mark.process, pytest.mark.slow]

NEWER = bytes(range(256)) * 3  # of a file that the running version has not: six pieces
CUT_AFTER = 300  # bytes of it


class PowerCutError(Exception):
    """At this moment the power fails."""


def switched_on(uf2: Path, before: ChipKiosk | None = None) -> Rig:
    """A kiosk as it left its maker, or with what is in the flash of one ``before`` it."""
    kiosk = ChipKiosk(scene(SAMPLE, None, "still", "clean", 1, 60.0), uf2)
    if before is not None:
        kiosk.emulator.chip.flash[:] = before.emulator.chip.flash
    return Rig(kiosk)


def restarted(rig: Rig, version: Version) -> Installed:
    """What runs after the version that was uploaded was started, and has had a second to confirm itself."""
    start(AtScanner(rig.session), version)
    while not rig.resets_ms:
        rig.kiosk.pass_time(50)
    rig.connect()
    rig.kiosk.pass_time(1000)
    installed = rig.session.installed()
    assert installed is not None
    return installed


def test_a_running_kiosk_gets_versions_and_keeps_the_one_that_works(uf2: Path) -> None:
    first = Version.of(compiled("rpi_pico"))
    second = Version(first.loader, {**first.files, "kiosk/newer.bin": NEWER})
    sent: list[int] = []

    def cut(size: int) -> None:
        sent.append(size)
        if sum(sent) > CUT_AFTER:
            raise PowerCutError

    rig = switched_on(uf2)
    with pytest.raises(PowerCutError):
        upload(AtScanner(rig.session), second, cut)

    rig = switched_on(uf2, rig.kiosk)
    assert rig.state.state == wire.EMPTY
    assert rig.slots() == {"run": "a", "a": first.build}
    sent.clear()
    upload(AtScanner(rig.session), second, sent.append)
    assert sum(sent) == len(NEWER) + len(second.manifest), "what both versions have alike is not sent"
    assert outcome(restarted(rig, second), second)
    assert rig.slots() == {"run": "b", "a": first.build, "b": second.build}

    third = Version(
        first.loader,
        {**{path: content for path, content in first.files.items() if path != "start.mpy"}, "start.py": RAISES},
    )
    upload(AtScanner(rig.session), third)
    rig.resets_ms.clear()
    left = restarted(rig, third)
    with pytest.raises(StillscanError, match="was left, it ended with an error while it started; the former one runs"):
        outcome(left, third)
    assert rig.slots()["run"] == "b"
