"""A kiosk's turn: what is valid now, what of it is for this kiosk, and putting it where it belongs.

A turn that is ended at any moment leaves what was there or what is new, and the next one goes on: an installer that is
given what it has already does nothing. What fails for good is noted and not tried again; what fails because of a cable,
a line or a disk is tried at the next turn.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple, Protocol

from stillscan.errors import DeviceError, EnvironmentTroubleError, StillscanError
from stillscan.fleet.rollout import notes, orders
from stillscan.fleet.rollout.client import Client
from stillscan.fleet.rollout.orders import OWN, Had, Step
from stillscan.fleet.rollout.release import Kind, Release
from stillscan.fleet.rollout.rings import Member

_LOG = logging.getLogger(__name__)


class Installer(Protocol):
    """Puts releases of one kind where they belong."""

    def install(self, release: Release, content: bytes, back: bool) -> None:
        """DeviceError, EnvironmentTroubleError: not now; any other StillscanError: never this release."""
        ...

    def remove(self) -> None:
        """Back to what came with the program itself. Errors as ``install``."""
        ...


class Outcome(NamedTuple):
    """What a turn did for one kind; told to the centre. ``why``: "" when it went well; ``again``: it is tried again."""

    kind: Kind
    rollout: str
    path: str
    serial: int
    back: bool
    why: str = ""
    again: bool = False


class Kiosk:
    """What has no installer here is left to whoever has one.

    ``me``: what it is drawn by, its board unknown ("") while no scanner is there. ``client`` makes a client for one
    turn. ``may``: is it an hour for changes, and nobody served at this moment?
    """

    def __init__(
        self,
        me: Callable[[], Member],
        client: Callable[[], Client],
        installers: Mapping[Kind, Installer],
        note: Path,
        may: Callable[[], bool],
    ) -> None:
        self._me, self._client, self._installers, self._note, self._may = me, client, installers, note, may

    def installed(self) -> Mapping[Kind, orders.Installed]:
        """What this kiosk has, by kind."""
        return notes.load(self._note).installed

    def reported(self) -> dict[str, int]:
        """The counts of an event `versions`: `release_KIND`, the serial that is here (0: what came with the program
        itself), and `refused_KIND`, that of one that could not be taken."""
        had = notes.load(self._note)
        told = {f"release_{kind}": had.installed.get(kind, orders.Installed()).now.serial for kind in Kind}
        return told | {f"refused_{kind}": refused.serial for kind, refused in had.refused.items()}

    def turn(self) -> list[Outcome]:
        """Do what is ordered, as far as now is the time for it. InputError: orders that this program does not know.

        RefusedError, UnreachableError: what the repository offers is not believed, or not there; nothing more is done.
        """
        client = self._client()
        client.refresh()
        content = client.orders()
        if content is None:
            return []
        had = notes.load(self._note)
        done = []
        for step in orders.steps(orders.parse(content), client.release, self._me(), had.installed):
            installer = self._installers.get(step.kind)
            refused = step.release is not None and had.refused.get(step.kind, OWN).path == step.release.path
            if installer is not None and not refused and self._may():
                done.append(self._take(client, step, installer))
                self._keep(done[-1])
        return done

    def _keep(self, outcome: Outcome) -> None:
        if outcome.again:
            return
        had, has = notes.load(self._note), Had(outcome.path, outcome.serial)
        after = had.refuse(outcome.kind, has) if outcome.why else had.took(outcome.kind, has, outcome.back)
        notes.store(self._note, after)

    def _take(self, client: Client, step: Step, installer: Installer) -> Outcome:
        has = OWN if step.release is None else Had(step.release.path, step.release.serial)
        outcome = Outcome(step.kind, step.rollout, has.path, has.serial, step.back)
        content = None if step.release is None else client.content(step.release)
        try:
            if step.release is None:
                installer.remove()
            elif content is not None:
                installer.install(step.release, content, step.back)
        except (DeviceError, EnvironmentTroubleError) as trouble:
            _LOG.warning("%s is not installed now: %s", has.path or step.kind, trouble)
            return outcome._replace(why=str(trouble), again=True)
        except StillscanError as refusal:
            _LOG.warning("%s is not installed: %s", has.path or step.kind, refusal)
            return outcome._replace(why=str(refusal))
        _LOG.info("%s is installed", has.path or f"the {step.kind} of this program")
        return outcome
