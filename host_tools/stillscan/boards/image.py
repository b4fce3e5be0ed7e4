"""MicroPython's file system as bytes: littlefs with the geometry that the rp2 port gives it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath

import littlefs as lfs

from stillscan.boards.files import BLOCK_KIB
from stillscan.errors import InputError

BLOCK = BLOCK_KIB * 1024  # bytes
PICO_FILES_KIB = 1408  # what MicroPython leaves for files of the Pico's 2 MB
_PROGRAM = 16  # bytes; the chip writes 256 at once, and begins a new block of a directory that does not end there
_DIRECTORY = 1024  # bytes of a directory's log before it is written anew: MicroPython reads all of it for each file
_DISK_VERSION = 0x00020000  # read by every MicroPython; newer ones raise it by themselves


def littlefs(files: Mapping[str, bytes], files_kib: int = PICO_FILES_KIB) -> bytes:
    """Image of a file system of ``files_kib`` KiB that holds ``files`` (content by path). InputError when it is full.

    ``files_kib`` is Chip.files_kib: 1408 for official MicroPython on a Raspberry Pi Pico, 3072 on a Pico 2. The image
    belongs at the end of the flash chip.
    """
    try:
        system = lfs.LittleFS(
            block_size=BLOCK,
            block_count=files_kib * 1024 // BLOCK,
            read_size=_PROGRAM,
            prog_size=_PROGRAM,
            cache_size=256,
            metadata_max=_DIRECTORY,
            disk_version=_DISK_VERSION,
        )
        for path, content in sorted(files.items()):
            parent = PurePosixPath(path).parent.as_posix()
            if parent != ".":
                system.makedirs(parent, exist_ok=True)
            with system.open(path, "wb") as file:
                file.write(content)
    except lfs.LittleFSError as error:
        if error.code != lfs.LittleFSError.Error.LFS_ERR_NOSPC:
            raise
        raise InputError(f"{sum(map(len, files.values()))} bytes do not fit in {files_kib} KiB of flash") from None
    system.unmount()
    return bytes(system.context.buffer)
