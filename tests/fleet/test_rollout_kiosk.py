"""What `stillscan run --releases` does beside the counter."""

from __future__ import annotations

import argparse
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from stillscan.commands import fleet_kiosk
from stillscan.commands.fleet_kiosk import Here, add_releases, releases
from stillscan.errors import DeviceError, InputError, StillscanError
from stillscan.fleet.rollout import installers, quiet
from stillscan.fleet.rollout.release import Kind, Release
from stillscan.fleet.rollout.taking import Taking
from stillscan.verify.known import Known, own_list

from .releases import Publisher, order

LIMIT_S = 60.0  # for the thread's first turn on a busy computer
ALWAYS = "00:00-23:59"


class Counter:
    """Learns lists."""

    def __init__(self) -> None:
        self.known: tuple[Known, ...] = ()

    def know(self, known: tuple[Known, ...]) -> None:
        self.known = known


class Fixture:
    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.publisher = Publisher(folder / "repository", SimpleNamespace(now=datetime.now(UTC)))  # type: ignore[arg-type]
        self.counter, self.set, self.idle = Counter(), [], True
        self.folder, self.wanted = folder / "kiosk", {"slip": 250}
        self.told: list[tuple[Mapping[str, int], Mapping[str, str]]] = []
        self.turned = threading.Event()
        self.clock: Callable[[], None] = lambda: None
        monkeypatch.setattr(fleet_kiosk, "_set", lambda _, values: self.set.append(dict(values)))

    def tell(self, counts: Mapping[str, int], codes: Mapping[str, str]) -> None:
        self.told.append((counts, codes))
        self.turned.set()

    def run(self, *more: str) -> None:
        """Until the first turn is over."""
        root = self.folder.parent / "root.json"
        root.write_bytes(self.publisher.repository.root())
        parser = argparse.ArgumentParser()
        add_releases(parser)
        place = ["--releases", str(self.publisher.repository.folder), "--releases-root", str(root)]
        args = parser.parse_args([*place, "--quiet-hours", ALWAYS, *more])
        args.office = "0001 Oslo"
        here: Any = Here(
            "oslo-1",
            self.folder,
            SimpleNamespace(board="rpi_pico"),  # type: ignore[arg-type]
            self.counter,  # type: ignore[arg-type]
            SimpleNamespace(look_at_clock=lambda: self.clock()),  # type: ignore[arg-type]
            own_list(),
            self.wanted,
            lambda: self.idle,
        )
        self.turned.clear()
        with releases(args, here, self.tell):
            assert self.turned.wait(LIMIT_S)


@pytest.fixture
def kiosk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fixture:
    return Fixture(tmp_path, monkeypatch)


@pytest.mark.slow
def test_a_released_list_is_what_clerks_are_told_from_then_on(kiosk: Fixture) -> None:
    kiosk.publisher.release(3)
    kiosk.run()
    assert [known.source for known in kiosk.counter.known[len(own_list()) :]] == ["release 3"]
    assert kiosk.told == [({"release_firmware": 0, "release_known": 3, "release_settings": 0}, {})]
    kiosk.counter.known = ()
    kiosk.idle = False
    kiosk.run()
    assert kiosk.counter.known[-1].source == "release 3"


@pytest.mark.slow
def test_released_settings_are_set_and_no_difference_is_told(kiosk: Fixture) -> None:
    made = Release(Kind.SETTINGS, "v1", 1)
    kiosk.publisher.repository.add(made, b"bump = 90\n", kiosk.publisher.clock.now)
    kiosk.publisher.sign()
    kiosk.publisher.publish([order(made)])
    kiosk.run()
    assert [(values["slip"], values["bump"]) for values in kiosk.set] == [(250, 90)]
    assert kiosk.wanted == {"slip": 250, "bump": 90}


@pytest.mark.slow
def test_while_somebody_is_served_nothing_is_taken(kiosk: Fixture) -> None:
    kiosk.publisher.release(3)
    kiosk.idle = False
    kiosk.run()
    assert kiosk.counter.known == own_list()
    assert kiosk.told[-1][0]["release_known"] == 0


def test_by_a_clock_that_is_wrong_nothing_is_valid(kiosk: Fixture) -> None:
    def wrong() -> None:
        raise StillscanError("the clock says 2025")

    kiosk.publisher.release(3)
    kiosk.clock = wrong
    kiosk.run()
    assert kiosk.counter.known == own_list()


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (["--releases-root", "x"], "--releases-root goes with --releases"),
        (["--releases", "x"], "name whose, by --releases-root"),
        (["--releases", "ftp://x", "--releases-root", __file__], "is wanted"),
        (["--releases", "x", "--releases-root", __file__], "is no root of a repository"),
    ],
)
def test_options_that_do_not_fit(tmp_path: Path, more: list[str], says: str) -> None:
    parser = argparse.ArgumentParser()
    add_releases(parser)
    here: Any = SimpleNamespace(
        folder=tmp_path, wanted={}, known=(), counter=Counter(), kiosk="a", book=None, relay=None
    )
    here.book = SimpleNamespace(look_at_clock=None)
    with pytest.raises(InputError, match=says), releases(parser.parse_args(more), here):
        pass


def test_the_default_of_quiet_hours_is_told_as_it_is() -> None:
    assert fleet_kiosk._QUIET == quiet.STANDARD


def test_trouble_is_told_once_and_a_defect_ends_nothing() -> None:
    told: list[object] = []
    kiosk: Any = SimpleNamespace(reported=lambda: {"release_known": 0})
    taking = Taking(kiosk, lambda counts, codes: told.append(codes))
    for error in (DeviceError("gone"), ZeroDivisionError(), None):

        def turn(error: Exception | None = error) -> None:
            if error is not None:
                raise error

        kiosk.turn = turn
        taking.turn()
        assert bool(taking.trouble) is (error is not None)
    assert told == [{}]


def test_firmware_goes_to_the_board_that_it_is_for() -> None:
    flashed: list[tuple[set[str], bool]] = []
    from stillscan.fleet.rollout.firmware_file import pack

    content = pack({"main.py": b"x", "loader.mpy": b"y", "start.mpy": b"z"})
    firmware = installers.Firmware(
        lambda: "rpi_pico", lambda version, older: flashed.append((set(version.files), older)), None
    )  # type: ignore[arg-type]
    firmware.install(Release(Kind.FIRMWARE, "v1", 1, "rpi_pico"), content, False)
    assert flashed == [({"start.mpy"}, False)]
    with pytest.raises(StillscanError, match="for another board"):
        firmware.install(Release(Kind.FIRMWARE, "v1", 1, "rpi_pico2"), content, False)
