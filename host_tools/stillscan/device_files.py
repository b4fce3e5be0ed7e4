"""Where the files for a board are: inside an installed package, or beside it in a checkout."""

from pathlib import Path

from stillscan.errors import DeviceError

_PACKAGED = Path(__file__).parent / "_device"
_CHECKOUT = Path(__file__).parents[2]


def _folder(name: str) -> Path:
    for root in (_PACKAGED, _CHECKOUT):
        if (root / name).is_dir():
            return root / name
    raise DeviceError(f"the folder '{name}' of the firmware is missing from this installation")


def firmware_folder() -> Path:
    """What is copied onto every board: boot.py, main.py, kiosk/."""
    return _folder("firmware")


def boards_folder() -> Path:
    """One folder a board: board.py and its engines."""
    return _folder("boards")


def boards() -> list[str]:
    """Names of the boards, sorted."""
    return sorted(path.parent.name for path in boards_folder().glob("*/board.py"))
