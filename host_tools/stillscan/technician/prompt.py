"""MicroPython's raw prompt on a serial port, by mpremote: files and facts of a board whose firmware does not run."""

from __future__ import annotations

import ast
import contextlib
import errno
from binascii import b2a_base64
from collections.abc import Callable, Iterator, Sequence
from types import TracebackType
from typing import NamedTuple, TypeVar

import serial
from mpremote import transport_serial
from mpremote.transport import TransportError, TransportExecError
from mpremote.transport_serial import SerialTransport as Mpremote

from stillscan.errors import DeviceError
from stillscan.link.serial_port import is_pseudo_terminal
from stillscan.link.transport import LinkLostError

# It prints what it cannot make out. (Standard output belongs to all threads, and several boards are flashed at once.)
setattr(transport_serial, "print", lambda *_, **__: None)  # noqa: B010 - the module has no such name of its own

_ENTER_S = 1.5  # for the raw prompt, which a board that is free gives at once
_ENTER_PATIENT_S = 6.0  # the same of a simulated one: at a load of ten it missed the other now and then
_ANSWER_S = 10.0  # for an answer at the prompt: long, because flash may be erased and written meanwhile
_PATIENT_S = 300.0  # the same of an emulated chip: fifteen times slower, and twice that on a busy computer
_RESET_S = 0.3  # in which a board that cannot restart says so; one that does is gone by then
_CHUNK = 1024  # bytes of a file in one command: a board has room for its text four times over
_COPIES = 16  # files in one command: their names take 1 kB, and a command's own 15 ms on an RP2040 are shared
# _mpy holds the version in its low byte, that of native code above it, then the architecture (py/persistentcode.h).
_ARCHITECTURES = (
    "none", "x86", "x64", "armv6", "armv6m", "armv7m", "armv7em", "armv7emsp", "armv7emdp", "xtensa", "xtensawin",
    "rv32imc", "rv64imc",
)  # fmt: skip

_FACTS = """
import os, sys
i = sys.implementation
print((i.name, tuple(i.version[:3]), getattr(i, "_machine", ""), getattr(i, "_mpy", 0)))
"""
_FREE = "import os\ns = os.statvfs(os.getcwd())\nprint(s[0] * s[3])"
_DIGESTS = """
import binascii, hashlib, os
buffer = bytearray(512)
def digests(path, kind):
    if kind == 0x4000:
        for entry in os.ilistdir(path or os.getcwd()):
            below = path + entry[0] + ("/" if entry[1] == 0x4000 else "")
            if entry[1] == 0x4000:
                print((below, ""), end=",")
            digests(below, entry[1])
    else:
        h = hashlib.sha256()
        with open(path, "rb") as file:
            while True:
                n = file.readinto(buffer)
                if not n:
                    break
                h.update(memoryview(buffer)[:n])
        print((path, binascii.hexlify(h.digest()).decode()), end=",")
for place in {places!r}:
    try:
        digests(place, 0 if place and place[-1] != "/" else 0x4000)
    except OSError as error:
        if error.errno != 2:
            raise
"""
_VERSION = """
import sys
for name in ("kiosk", "kiosk.version"):
    sys.modules.pop(name, None)
sys.path.insert(0, {folder!r})
try:
    print(tuple(__import__("kiosk.version", None, None, ("VERSION",)).VERSION))
except Exception:
    print(None)
sys.path.pop(0)
"""
# As base64 a chunk takes an RP2040 17 ms; 31 ms as Python's text of bytes, in which mpremote's own command has it.
_OPEN = """
import binascii
f = open({path!r}, "wb")
w, a = f.write, binascii.a2b_base64
"""
_COPY = """
b = bytearray(512)
for source, target in {pairs!r}:
    with open(source, "rb") as f, open(target, "wb") as t:
        while True:
            n = f.readinto(b)
            if not n:
                break
            t.write(memoryview(b)[:n])
"""
# Nothing that the host sends can interrupt it: a HELLO may hold the byte of Ctrl-C, and whoever says it as soon as the
# board was asked to restart would keep it at its prompt. What is printed needs a moment to get out.
_RESET = """
import machine, micropython, time
micropython.kbd_intr(-1)
print("restarting")
time.sleep_ms(10)
machine.reset()
"""


class Facts(NamedTuple):
    """What answers at the prompt."""

    name: str  # "micropython", or a relative of it
    version: tuple[int, int, int]
    machine: str
    arch: str  # of native code, as mpy-cross names it
    mpy: tuple[int, int]  # version of compiled files, and of native code in them


T = TypeVar("T")


def _facts(said: str) -> tuple[str, tuple[int, int, int], str, int]:
    """What `_FACTS` has printed. ValueError, TypeError or SyntaxError: it was something else."""
    name, (major, minor, micro), machine, mpy = ast.literal_eval(said)
    return str(name), (int(major), int(minor), int(micro)), str(machine), int(mpy)


class BoardFullError(DeviceError):
    """The board's file system has no room."""


class _Mpremote(Mpremote):  # type: ignore[misc] # mpremote has no types
    """Waits for an answer as long as this module says, not as long as mpremote does."""

    silence_s = _ANSWER_S

    def follow(self, timeout: float, data_consumer: object = None) -> object:
        return super().follow(self.silence_s, data_consumer)

    def read_until(
        self, least: int, ending: bytes, timeout: float | None = None, *more: object, **named: object
    ) -> bytes:
        """As mpremote's, which waits ten seconds where nobody says how long: as at the end of a command."""
        wait = self.silence_s if timeout is None else timeout
        found: bytes = super().read_until(least, ending, wait, *more, **named)
        return found


class Prompt:
    """Close it, or use it in a ``with``. DeviceError: there is no prompt; LinkLostError: the board went away."""

    def __init__(self, port: str) -> None:
        self._port = port
        with self._told():
            self._transport = _Mpremote(port, timeout=_ENTER_S)
        try:
            with self._told():
                simulated = is_pseudo_terminal(self._transport.serial)
                wait = _ENTER_PATIENT_S if simulated else _ENTER_S
                self._transport.enter_raw_repl(soft_reset=False, timeout_overall=wait)
                if simulated:
                    self._transport.silence_s = _PATIENT_S
                self._transport.serial.timeout = self._transport.silence_s
        except BaseException:
            self.close()
            raise

    def facts(self) -> Facts:
        """Who is there."""
        name, version, machine, mpy = self._value(_FACTS, _facts)
        number = mpy >> 10 & 15
        arch = _ARCHITECTURES[number] if number < len(_ARCHITECTURES) else str(number)
        return Facts(name, version, machine, arch, (mpy & 0xFF, mpy >> 8 & 3))

    def free(self) -> int:
        """Bytes that are free in its file system."""
        return self._value(_FREE, int)

    def digests(self, *places: str) -> dict[str, str]:
        """SHA-256 of these files and of every file below these folders ("a/"; "" is all), by path; none of what is
        not there.

        Folders below those are there too: their paths end in "/", and they have no digest.
        """
        code = _DIGESTS.replace("{places!r}", repr(places))
        return self._value(code, lambda said: dict(ast.literal_eval(f"[{said}]")))

    def firmware(self, folder: str) -> tuple[int, int, int] | None:
        """The firmware's version in this folder; None when there is none that says."""
        said = self._value(_VERSION.format(folder=folder), ast.literal_eval)
        return said if isinstance(said, tuple) and len(said) == 3 and all(type(n) is int for n in said) else None

    def read(self, path: str) -> bytes:
        """Content of a file, b"" when it is not there."""
        with self._told():
            try:
                return bytes(self._transport.fs_readfile(path, chunk_size=_CHUNK))
            except OSError as error:
                if error.errno != errno.ENOENT:
                    raise
                return b""

    def write(self, path: str, content: bytes, progress: Callable[[int], None] = lambda _: None) -> None:
        """A whole file; ``progress`` gets the number of bytes as they go. BoardFullError."""
        self._run(_OPEN.format(path=path))
        try:
            for at in range(0, len(content), _CHUNK):
                piece = content[at : at + _CHUNK]
                self._run(f"w(a({b2a_base64(piece, newline=False)!r}))")
                progress(len(piece))
        finally:
            with contextlib.suppress(LinkLostError):
                self._run("f.close()")

    def replace(self, path: str, content: bytes) -> None:
        """A whole file, or the one that was there before, whenever the power goes. BoardFullError."""
        self.write(path + ".new", content)
        self._run(f"import os\nos.rename({path + '.new'!r}, {path!r})")

    def copy(self, pairs: Sequence[tuple[str, str]]) -> None:
        """On the board, each from one path to another. BoardFullError."""
        for at in range(0, len(pairs), _COPIES):
            self._run(_COPY.replace("{pairs!r}", repr(tuple(pairs[at : at + _COPIES]))))

    def make_folder(self, path: str) -> None:
        """With those above it; those that are there are left alone."""
        with self._told():
            for end in (*(i for i, letter in enumerate(path) if letter == "/"), len(path)):
                if not self._transport.fs_exists(path[:end]):
                    self._transport.fs_mkdir(path[:end])

    def remove(self, path: str) -> None:
        """A file, or a folder that is empty: its path ends in "/"."""
        with self._told():
            if path.endswith("/"):
                self._transport.fs_rmdir(path[:-1])
            else:
                self._transport.fs_rmfile(path)

    def reset(self) -> None:
        """As if its power had been switched off and on; the prompt is gone. DeviceError: it is still there.

        A board may be gone before its answer was read: whether it comes up again is for whoever waits for that.
        """
        with self._told(), contextlib.suppress(OSError):
            self._transport.exec_raw_no_follow(_RESET)
        self._transport.in_raw_repl = False
        said = b""
        with contextlib.suppress(OSError, serial.SerialException):  # the port goes away, which is as it should be
            self._transport.read_until(1, b"\n", timeout=self._transport.silence_s)
            self._transport.serial.timeout = _RESET_S
            said = self._transport.read_until(1, b"\x04>", timeout=_RESET_S)
        if said.endswith(b"\x04>"):
            raise DeviceError(f"{self._port}: the board did not restart: {said.decode('ascii', 'replace').split()[-1]}")

    def close(self) -> None:
        """Give the port back."""
        with contextlib.suppress(OSError, serial.SerialException):
            if self._transport.in_raw_repl:
                self._transport.exit_raw_repl()
        with contextlib.suppress(OSError, serial.SerialException):
            self._transport.close()

    def _run(self, code: str) -> str:
        with self._told():
            said: bytes = self._transport.exec(code)
        return said.decode("utf-8", "replace").strip()

    def _value(self, code: str, meant: Callable[[str], T]) -> T:
        """What it prints, as what is ``meant``."""
        said = self._run(code)
        try:
            return meant(said)
        except (ValueError, SyntaxError, TypeError):
            raise self._damaged() from None

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        """What mpremote and the board raise, as this package's errors."""
        try:
            yield
        except TransportExecError as error:
            raise self._of_board(error.error_output) from None
        except TransportError as error:
            raise DeviceError(f"{self._port}: no MicroPython prompt answers there ({error})") from None
        except serial.SerialException:
            raise LinkLostError(f"{self._port}: the board went away") from None
        except (ValueError, SyntaxError):  # mpremote takes all that it hears for UTF-8 and Python's literals
            raise self._damaged() from None
        except OSError as error:
            raise self._gone() or self._of_system(error.errno) from None

    def _damaged(self) -> DeviceError:
        return DeviceError(f"{self._port}: an answer at MicroPython's prompt arrived damaged; try again")

    def _gone(self) -> LinkLostError | None:
        """Whether it is the port that fails, and not the board: this computer's errors look like those of its files."""
        try:
            self._transport.serial.in_waiting  # noqa: B018 - asks the system
        except (OSError, AttributeError, TypeError):  # not opened at all, or closed meanwhile
            return LinkLostError(f"{self._port}: the board went away")
        return None

    def _of_board(self, traceback: str) -> DeviceError:
        last = traceback.strip().splitlines()[-1] if traceback.strip() else "an error without a name"
        if last.startswith("OSError:") and "28" in last:  # ENOSPC, with or without its name
            return self._of_system(errno.ENOSPC)
        return DeviceError(f"{self._port}: the board says: {last}")

    def _of_system(self, number: int | None) -> DeviceError:
        if number == errno.ENOSPC:
            return BoardFullError(f"{self._port}: the board's file system is full")
        return DeviceError(f"{self._port}: the board's file system says: {errno.errorcode.get(number or 0, 'error')}")

    def __enter__(self) -> Prompt:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()
