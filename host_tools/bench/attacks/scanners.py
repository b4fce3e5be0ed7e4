"""Scanners that are none of ours, and what is said on a cable by somebody else: does any of it count?"""

from __future__ import annotations

import functools
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

from bench.attacks.office import Computer, computer, identity, letters, opened, paired
from bench.attacks.tried import Attack, Tried, carried_out, see_that_it_was_tried
from bench.crash import CLERK, PASSED, number
from bench.paired import PAIRING, PairedDevice, bits, flipped, rewritten
from kiosk import wire
from stillscan.errors import DeviceError
from stillscan.link.framing import encode
from stillscan.link.messages import Band, BandHeader, Hello, Message
from stillscan.link.pairing import Pairing
from stillscan.link.session import Session
from stillscan.link.transport import LinkLostError
from stillscan.records.admission import Gate
from stillscan.records.release import Desk
from stillscan.records.scanners import Scanners

_BOARDS = (b"rpi_pico", b"simulator", b"simulator\0", b"simulator\0\0x", b"", b"\xff")
_FLIPS, _PAIRS, _BANDS = 150, 60, 12
_OTHERS = Pairing("fedcba9876543210", bytes(range(1, 33)))


class _Port:
    """A transport, as far as a gate looks at it."""

    name = "port"

    def __init__(self, pseudo: bool) -> None:
        self.pseudo = pseudo


class _Counted(NamedTuple):
    """A band that counts."""

    header: BandHeader
    pixels: bytes


class _Cast(NamedTuple):
    """``ours`` may feed this kiosk; none of ``foreign`` may."""

    scanners: Scanners
    desk: Desk
    ours: Pairing
    foreign: dict[str, Pairing]


def tried(folder: Path, every: int = 1, first: int = 0, seed: int = 0) -> Iterator[Tried]:
    """All of them, of ``every`` so many one."""
    with computer(Computer()) as today:
        cast = _cast(folder, today)
        outcomes = set()
        for one in carried_out(_attacks(cast, random.Random(seed)), every, first):
            outcomes.add(one.outcome)
            yield one
        ours = replace(PASSED, scanner=identity(cast.ours.scanner))
        see_that_it_was_tried(outcomes, lambda: cast.desk.finish(number(0), ours, CLERK).verdict == "release")


def _cast(folder: Path, today: Computer) -> _Cast:
    database, keyring = opened(folder)
    _, others = opened(folder, "kiosk-2", "keys-2")
    letters(database, keyring, [0], (today.time + timedelta(days=14)).date())
    keyring.trust("kiosk-2", others.public_pem())
    others.trust("kiosk-1", keyring.public_pem())
    here = Scanners(database, keyring)
    ours = paired(here)
    foreign = {
        "never paired": Pairing.new(),
        "of another kiosk": paired(Scanners(database, others)),
        "paired for trials": paired(here, test=True),
        "revoked": paired(here),
        "revoked, its key put back": paired(here),
        "not paired to the end": Pairing.new(),
        "whose key was lost": paired(here),
        "whose key was exchanged": paired(here),
    }
    here.keep(foreign["not paired to the end"])
    for name in ("revoked", "revoked, its key put back"):
        here.revoke(foreign[name].scanner)
    here.keep(foreign["revoked, its key put back"])
    (keyring.folder / "scanners" / f"{foreign['whose key was lost'].scanner}.json").unlink()
    planted = foreign["whose key was exchanged"]._replace(key=bytes(range(32)))
    (keyring.folder / "scanners" / f"{planted.scanner}.json").write_bytes(planted.written())
    return _Cast(here, Desk(database, keyring, "1473 Oppsal", paired_scanners=True), ours, foreign)


def _attacks(cast: _Cast, rng: random.Random) -> Iterator[Attack]:
    yield from _at_the_gate(cast)
    yield from _at_the_desk(cast)
    yield from _imitations(rng)
    yield from _on_the_cable(rng)


# --- who is let in ----------------------------------------------------------------------------------------------------


def _at_the_gate(cast: _Cast) -> Iterator[Attack]:
    gate = Gate(lambda: cast.scanners, test_mode=False)

    def let_in(scanner: str, board: bytes, pseudo: bool) -> str:
        hello = Hello(
            1, 1, 0, 1, 0, board, 7, 1476, 274, 84667, 2950, 2048, 1, 15, b"n" * 16, bytes.fromhex(scanner), 0
        )
        try:
            gate(hello, _Port(pseudo))  # type: ignore[arg-type]
        except DeviceError:
            return "held"
        return "accepted"

    for pseudo in (False, True):
        for board in _BOARDS:
            for who, pairing in [("without a pairing", Pairing("00" * 8, b"")), *cast.foreign.items()]:
                told = f"{who}, board {board!r}{', a pseudo-terminal' * pseudo}"
                yield Attack("gate", told, functools.partial(let_in, pairing.scanner, board, pseudo))
            if pseudo or board.rstrip(b"\0") == b"simulator":
                told = f"ours, board {board!r}{', a pseudo-terminal' * pseudo}"
                yield Attack("gate", told, functools.partial(let_in, cast.ours.scanner, board, pseudo))
    for bit in range(64):
        one = f"{int(cast.ours.scanner, 16) ^ 1 << bit:016x}"
        yield Attack("gate", f"our id with bit {bit} flipped", functools.partial(let_in, one, b"rpi_pico", False))


def _at_the_desk(cast: _Cast) -> Iterator[Attack]:
    """Whatever got past the gate: a desk asks again, in the transaction that records."""

    def released(scanner: str | None) -> str:
        observed = replace(PASSED, scanner=None if scanner == "" else identity(scanner))
        return "released" if cast.desk.finish(number(0), observed, CLERK).verdict == "release" else "held"

    ours = cast.ours.scanner
    ids: dict[str, str | None] = {"no scanner": "", "a scanner without a pairing": None}
    keys = ("whose key was lost", "whose key was exchanged")  # of these the entry stands: the gate alone asks for keys
    ids |= {f"a scanner {who}": one.scanner for who, one in cast.foreign.items() if who not in keys}
    ids |= {f"ours as {one!r}": one for one in (ours.upper() + "A", f"{ours} ", f" {ours}", ours[:-1], f"{ours}\0")}
    ids |= {f"our id with bit {bit} flipped": f"{int(ours, 16) ^ 1 << bit:016x}" for bit in range(0, 64, 2)}
    for told, scanner in ids.items():
        yield Attack("desk", told, functools.partial(released, scanner))


def _imitations(rng: random.Random) -> Iterator[Attack]:
    """Another device with our id: a key that differs in a bit, or somebody between who changes what HELLO says."""

    def opens(make: Callable[..., PairedDevice], change: object) -> str:
        device = make(change)
        try:
            Session(device, admission=lambda hello, transport: PAIRING.key).open()
        except (DeviceError, LinkLostError):
            return "held"
        return "accepted"

    for bit in sorted(rng.sample(range(256), 48)):
        key = bytearray(PAIRING.key)
        key[bit // 8] ^= 1 << bit % 8
        yield Attack("imitation", f"bit {bit} of the key", functools.partial(opens, _with_key, bytes(key)))
    for bit in sorted(rng.sample(range(8 * 4, 8 * 90), 60)):
        yield Attack("imitation", f"bit {bit} of HELLO", functools.partial(opens, _between, bit))


def _with_key(key: bytes) -> PairedDevice:
    return PairedDevice(key=key)


def _between(bit: int) -> PairedDevice:
    device = PairedDevice()

    def change(frame: bytes) -> bytes:
        hello = bool(device.commands) and device.commands[-1].kind == wire.C_HELLO
        return flipped(frame, bit % bits(frame)) if hello else frame

    device.tamper = change
    return device


# --- what is said on the cable ----------------------------------------------------------------------------------------


def _on_the_cable(rng: random.Random) -> Iterator[Attack]:
    """A sweep, changed, repeated, or of another session: only what the scanner said counts, once, and in its order."""
    count = len(_sweep(_opened()[0]))
    for n in range(count):
        yield _cable("replay", f"frame {n} at the end", lambda said, n: [*said, said[n]], n)
        yield _cable("replay", f"frame {n} at once", lambda said, n: [*said[: n + 1], *said[n:]], n)
        yield _cable("replay", f"frame {n} renumbered", lambda said, n: [*said, _renumbered(said[n], len(said))], n)
        yield _cable(
            "truncated", f"frame {n} without a tag", lambda said, n: [*said[:n], _cut(said[n], 8), *said[n:]], n
        )
        yield _earlier("other session", f"frame {n}", lambda now, old, n: [*now, old[n]], n)
        yield _earlier(
            "other session", f"frame {n} for this one's", lambda now, old, n: [*now[:n], old[n], *now[n + 1 :]], n
        )
        yield _earlier(
            "other scanner", f"frame {n}", lambda now, old, n: [*now[:n], old[n], *now[n:]], n, pairing=_OTHERS
        )
    yield _cable("replay", "the whole sweep", lambda said: [*said, *said])
    yield _earlier("other session", "the whole sweep", lambda now, old: [*now, *old])
    yield _earlier("other session", "the whole sweep before", lambda now, old: [*old, *now])
    for cut in range(1, 9):
        for n in (0, 3, count - 1):
            yield _cable(
                "truncated", f"frame {n} by {cut}", lambda said, n, cut: [*said[:n], _cut(said[n], cut)], n, cut
            )
    for _ in range(_PAIRS):
        a, b = sorted(rng.sample(range(count), 2))
        yield _cable("order", f"frames {a}, {b} exchanged", _exchanged, a, b)
        yield _cable("order", f"the tag of {b} on frame {a}", _tag_of, a, b)
    for _ in range(_FLIPS):
        n, bit = rng.randrange(count), rng.randrange(1 << 16)
        yield _cable("flipped", f"frame {n}, bit {bit} modulo its length", _with_flip, n, bit)
    for _ in range(_PAIRS // 2):
        order = rng.sample(range(count), count)
        yield _cable("order", f"as {order}", lambda said, *order: [said[n] for n in order], *order)


def _cable(kind: str, told: str, change: Callable[..., list[bytes]], *how: int) -> Attack:
    """``change`` makes of the frames of a sweep what the host is given, and is told ``how``."""

    def outcome() -> str:
        device, session = _opened()
        return _judged(session, device, change(_sweep(device), *how))

    return Attack(kind, told, outcome)


def _earlier(kind: str, told: str, change: Callable[..., list[bytes]], *how: int, pairing: Pairing = PAIRING) -> Attack:
    """The same with the frames of a sweep that was recorded in an earlier session, perhaps of another scanner."""

    def outcome() -> str:
        recorded = _sweep(_opened(pairing)[0])
        device, session = _opened()
        return _judged(session, device, change(_sweep(device), recorded, *how))

    return Attack(kind, told, outcome)


def _opened(pairing: Pairing = PAIRING) -> tuple[PairedDevice, Session]:
    device = PairedDevice(pairing)
    session = Session(device, admission=lambda hello, transport: pairing.key)
    session.open()
    session.poll(0)  # its state
    return device, session


def _sweep(device: PairedDevice) -> list[bytes]:
    """The frames of a sweep, which are not on their way yet."""
    began = len(device.said)
    device.begin()
    for band in range(_BANDS):
        device.band(band)
    device.say(wire.M_ABORT, 9, wire.SLIP, 6, 1000, 200, 0, 0)
    device.say(wire.M_STATE, wire.MOVED, wire.SLIP, 0, 0, 1, 2000)
    device.say(wire.M_SWEEP_END, 9, _BANDS, _BANDS - 1, 3000)
    device.to_host.clear()
    return device.said[began:]


def _judged(session: Session, device: PairedDevice, frames: list[bytes]) -> str:
    """Whether something counts that the scanner did not say, or more than once, or before what it had said earlier.

    A message that comes late, behind bands that were sent after it and before the next message, is harmless: bands are
    verified afterwards, each says its own sweep and row, and no other message stands between.
    """
    honest = _honest()
    counted = _counting(session, device, frames)
    if _in_order(counted, honest):
        return "held"
    kinds = [
        ([one for one in said if isinstance(one, _Counted) == band] for said in (counted, honest)) for band in (0, 1)
    ]
    return "harmless" if all(_in_order(*kind) for kind in kinds) else "accepted"


@functools.cache
def _honest() -> list[object]:
    """What counts of a sweep that nobody touches."""
    device, session = _opened()
    honest = _counting(session, device, _sweep(device))
    if len(honest) != _BANDS + 4:
        raise RuntimeError("what the scanner says does not count either: nothing was tried")
    return honest


def _in_order(counted: list[object], said: list[object]) -> bool:
    left = iter(said)
    return all(one in left for one in counted)


def _counting(session: Session, device: PairedDevice, frames: list[bytes]) -> list[object]:
    device.to_host += b"".join(frames)
    heard: list[Message] = []
    try:
        heard += iter(lambda: session.poll(0), None)
        failed = session.prove()
    except LinkLostError:
        return []  # the check is lost with its session
    return [
        _Counted(one.header, one.pixels.tobytes()) if isinstance(one, Band) else one
        for one in heard
        if not isinstance(one, Hello) and not any(one is band for band in failed)
    ]


def _renumbered(frame: bytes, by: int) -> bytes:
    def change(plain: bytearray) -> None:
        plain[1:3] = ((int.from_bytes(plain[1:3], "little") + by) & 0xFFFF).to_bytes(2, "little")

    return rewritten(frame, change)


def _cut(frame: bytes, by: int) -> bytes:
    def change(plain: bytearray) -> None:
        del plain[-by:]

    return rewritten(frame, change) if bits(frame) > 8 * (3 + by) else encode(wire.M_STATE, 0, b"")


def _with_flip(said: list[bytes], n: int, bit: int) -> list[bytes]:
    return [*said[:n], flipped(said[n], bit % bits(said[n])), *said[n + 1 :]]


def _exchanged(said: list[bytes], a: int, b: int) -> list[bytes]:
    out = list(said)
    out[a], out[b] = said[b], said[a]
    return out


def _tag_of(said: list[bytes], a: int, b: int) -> list[bytes]:
    taken: list[bytes] = []
    rewritten(said[b], lambda plain: taken.append(bytes(plain[-8:])))

    def change(plain: bytearray) -> None:
        plain[-8:] = taken[0]

    return [*said[:a], rewritten(said[a], change), *said[a + 1 :]]
