"""Wheel and source archive: the same bytes from every checkout of the same state, and fit to be published."""

from __future__ import annotations

import hashlib
import sys
import tarfile
from pathlib import Path

from distribution.programs import call
from stillscan.errors import StillscanError


def build(source: Path, out: Path) -> tuple[Path, Path]:
    """Wheel and source archive of the checkout ``source``, in the folder ``out``; nothing is fetched."""
    call([sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-t", "wheel", "-d", out], "the build", cwd=source)
    (wheel,), (archive,) = out.glob("*.whl"), out.glob("*.tar.gz")
    return wheel, archive


def build_again(archive: Path, work: Path) -> tuple[Path, Path]:
    """The same from the source archive alone, unpacked in ``work``: what it lacks, the second wheel lacks too."""
    with tarfile.open(archive) as packed:
        packed.extractall(work, filter="data")
    (source,) = work.iterdir()
    return build(source, work / "dist")


def digest(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def compare(first: tuple[Path, Path], second: tuple[Path, Path]) -> None:
    """StillscanError unless both builds are the same to the bit."""
    for one, other in zip(first, second, strict=True):
        if digest(one) != digest(other):
            raise StillscanError(f"{one.name}: two builds differ ({digest(one)[:12]}, {digest(other)[:12]})")


def check(*archives: Path) -> None:
    """StillscanError unless an index would take them and show their README (``twine check --strict``)."""
    call([sys.executable, "-m", "twine", "check", "--strict", *archives], "twine check")
