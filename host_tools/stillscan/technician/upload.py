"""Puts a version on a scanner that runs, over its session: every frame is proven, and its prompt is never opened.

As an update at the prompt (`update`): the folder that runs is never touched, the other one loses its manifest first and
gets it back last, and the version is on trial when it starts.
"""

from __future__ import annotations

from collections.abc import Callable

from kiosk import wire
from stillscan.boards.versions import MANIFEST, Version, digest
from stillscan.errors import DeviceError, StillscanError
from stillscan.link.messages import Error, Installed, Service, Uploaded, named, plain
from stillscan.technician.at_scanner import ANSWER_MS, AtScanner, refused
from stillscan.technician.come_up import WHY, installed_build

_, _BEGIN, _TAKE, _WRITE, _CLOSE, _DONE, _START = range(len(wire.UPLOADS))
_PIECE = 128  # bytes of a file in one command: with a tag it fills wire.MAX_COMMAND
_TRIES = 5  # of a step: a cable with bit errors loses one frame in fifty, and a version takes a thousand
_DIGITS = 16  # hexadecimal, of a digest, that the scanner tells


def upload(at: AtScanner, version: Version, progress: Callable[[int], None] = lambda _: None) -> None:
    """All files of a version into the folder that does not run, read back. ``progress`` gets bytes as they go.

    ServiceOverError: somebody came, or a document; DeviceError: not now. What ran before runs in any case.
    """
    with at.service():
        _step(at, _BEGIN)
        for path, content in version.files.items():
            _file(at, path, content, progress)
        _file(at, f"{MANIFEST}.new", version.manifest, progress)
        _step(at, _DONE)


def start(at: AtScanner, version: Version) -> None:
    """Let the scanner restart with what was uploaded. DeviceError: it refuses."""
    _step(at, _START, 0, version.build.encode())


def outcome(installed: Installed | None, version: Version) -> bool:
    """Has the version that was started confirmed itself? False: not known yet. StillscanError: it was left again.

    DeviceError: another one runs, and nothing is known of it.
    """
    if installed is None:
        return False
    if plain(installed.failed) == version.build:
        why = WHY.get(installed.why, named(wire.ROLLBACKS, installed.why))
        raise StillscanError(f"the new version was left, {why}; the former one runs")
    if installed_build(installed) != version.build:
        raise DeviceError("another version of the firmware runs than the one that was put on the board")
    return not installed.trial


def _file(at: AtScanner, path: str, content: bytes, progress: Callable[[int], None]) -> None:
    wanted = digest(content)[:_DIGITS]
    if _sum(_step(at, _TAKE, 0, path.encode())) == wanted:
        return
    for done in range(0, max(1, len(content)), _PIECE):  # an empty file is one empty piece
        piece = content[done : done + _PIECE]
        if _step(at, _WRITE, done, piece).value != done + len(piece):
            raise DeviceError(f"{at.session.transport.name}: pieces of {path} did not come in order")
        progress(len(piece))
    if _sum(_step(at, _CLOSE)) != wanted:
        raise DeviceError(f"{at.session.transport.name}: its flash does not keep what is written: worn out or damaged")


def _sum(said: Uploaded) -> str:
    return f"{said.high:08x}{said.low:08x}"


def _step(at: AtScanner, step: int, place: int = 0, data: bytes = b"") -> Uploaded:
    body = wire.pack(wire.C_UPLOAD, step, place, len(data)) + data
    for _ in range(_TRIES):
        if step != _START:
            at.keep()
        at.session.send_body(wire.C_UPLOAD, body)
        said = _answer(at, step)
        if said is not None:
            return said
    raise DeviceError(
        f"{at.session.transport.name}: the scanner does not take a version: its firmware is older than protocol 1.4, "
        "or its cable loses frames; 'stillscan fleet take' brings it one"
    )


def _answer(at: AtScanner, step: int) -> Uploaded | None:
    end = at.session.transport.now_ms() + ANSWER_MS
    while (left := end - at.session.transport.now_ms()) > 0:
        message = at.poll(left)
        if isinstance(message, Uploaded) and message.step == step:
            return message
        if isinstance(message, Service) and not message.on:
            raise at.over(message)
        if isinstance(message, Error) and message.about == wire.C_UPLOAD:
            raise refused(at.session.transport.name, message)
    return None
