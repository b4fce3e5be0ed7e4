"""A version over the session of a kiosk that runs, on the chip itself, whose power fails in the middle."""

from pathlib import Path

import pytest

from kiosk import wire
from stillscan.boards.build import compiled
from stillscan.boards.versions import Version
from stillscan.commands.world import SAMPLE, scene
from stillscan.simulator.chip.kiosk import ChipKiosk
from stillscan.technician.at_scanner import AtScanner
from stillscan.technician.upload import upload

from .rig import Rig

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


def test_power_that_fails_in_mid_upload_leaves_what_runs_and_the_rest_comes_later(uf2: Path) -> None:
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
