"""The files of a board, their names, and the littlefs image of them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import littlefs as lfs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillscan.boards import build
from stillscan.boards.build import SOURCE, compiled
from stillscan.boards.files import chip, chips
from stillscan.boards.image import littlefs
from stillscan.boards.versions import Version, read_state, state
from stillscan.errors import InputError
from stillscan.simulator.micropython import micropython
from stillscan.technician.ports import MPY
from stillscan.technician.prompt import _ARCHITECTURES

each_board = pytest.mark.parametrize("board", chips())
MOUNT = """
import os, sys, vfs
class Disk:
    def __init__(self):
        with open(sys.argv[1], "rb") as file:
            self.data = bytearray(file.read())
    def readblocks(self, block, buffer, offset=0):
        at = block * 4096 + offset
        buffer[:] = self.data[at : at + len(buffer)]
    def writeblocks(self, block, buffer, offset=0):
        self.data[block * 4096 + offset :][: len(buffer)] = buffer
    def ioctl(self, operation, argument):
        return {4: len(self.data) // 4096, 5: 4096}.get(operation, 0)
vfs.mount(vfs.VfsLfs2(Disk(), progsize=256), "/flash")
for folder, _, path in (("/flash", 0, "main.py"), ("/flash/a", 0, "start.mpy")):
    print(path in os.listdir(folder), os.stat(folder + "/" + path)[6])
"""


@pytest.mark.process
@each_board
def test_compiled_for_the_board(board: str) -> None:
    files = compiled(board)
    assert {"main.py", "loader.mpy", "start.mpy", "board.mpy", "kiosk/app.mpy", "kiosk/drivers/cis.mpy"} <= set(files)
    assert all(path in SOURCE or path.endswith(".mpy") for path in files)
    assert not {"kiosk/parts.mpy", "kiosk/names.mpy"} & set(files), "no board imports them"
    assert ("kiosk/kernels.mpy" in files) != ("kernels.mpy" in files), "its own, or those for any chip"
    for path, content in files.items():
        if path not in SOURCE:
            assert (content[:1], content[1], content[2] & 3) == (b"M", MPY[0], MPY[1] if content[2] >> 2 else 0), path
    assert _ARCHITECTURES[files["kiosk/pixels.mpy"][2] >> 2] == chip(board).arch, "native code"
    assert not any(b"collections.abc" in content for content in files.values()), "only type checkers read it"
    build._compiler.cache_clear()
    assert compiled(board) == files, "the same bytes every time"
    assert not any(str(Path.cwd()).encode() in content for content in files.values())


def test_no_such_board() -> None:
    for name in ("toaster", "simulator", "", "../x"):
        with pytest.raises(InputError, match="there are: "):
            compiled(name)


@pytest.mark.process
@each_board
def test_the_image_is_what_micropython_mounts(board: str, tmp_path: Path) -> None:
    files = Version.of(compiled(board)).alone()
    image = littlefs(files, chip(board).files_kib)
    assert len(image) == chip(board).files_kib * 1024
    system = lfs.LittleFS(block_size=4096, block_count=0, context=lfs.UserContext(buffer=bytearray(image)))
    assert system.block_count == len(image) // 4096
    for path, content in files.items():
        with system.open(path, "rb") as file:
            assert file.read() == content
    (tmp_path / "image").write_bytes(image)
    (tmp_path / "mount.py").write_text(MOUNT)
    command = [micropython(), "-X", "heapsize=32m", str(tmp_path / "mount.py"), str(tmp_path / "image")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=os.environ)
    assert done.stdout.split() == ["True", str(len(files["main.py"])), "True", str(len(files["a/start.mpy"]))], (
        done.stderr
    )


def test_an_image_that_is_full() -> None:
    with pytest.raises(InputError, match="20000 bytes do not fit in 16 KiB"):
        littlefs({"x": bytes(20000)}, 16)


def test_a_build_is_named_after_every_byte_of_it() -> None:
    files = {"loader.mpy": b"1", "main.py": b"2", "start.mpy": b"3", "kiosk/wire.mpy": b"4"}
    version = Version.of(files)
    assert set(version.loader) == {"loader.mpy", "main.py"}
    others = [
        files | {"start.mpy": b"5"},
        files | {"more.mpy": b""},
        {path: content for path, content in files.items() if path != "start.mpy"},
        {"x" if path == "start.mpy" else path: content for path, content in files.items()},
    ]
    builds = {version.build, *(Version.of(other).build for other in others)}
    assert len(builds) == 5
    assert all(len(build) == 16 for build in builds)
    assert Version.of(files | {"main.py": b""}).build == version.build, "the loader is not kept twice"


@given(
    st.one_of(st.binary(), st.text().map(str.encode), st.dictionaries(st.text(), st.text() | st.integers()).map(state))
)
def test_any_state_file_is_read(content: bytes) -> None:
    assert all(type(value) in (str, int) for value in read_state(content).values())
    assert read_state(state(read_state(content))) == read_state(content)
