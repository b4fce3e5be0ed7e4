"""``python -m distribution.debian``: the kiosk as a Debian package, of what ``make release`` has left (``make deb``).

The wheel and the exact versions of its libraries lie in an environment of their own in /opt/stillscan, for the Python
of the computer that builds; to install it nothing is fetched but what Debian has.
"""

from __future__ import annotations

import argparse
import gzip
import os
import re
import shutil
import sys
import tempfile
from pathlib import Path

import stillscan
from distribution import ROOT
from distribution.programs import call, epoch
from stillscan import service
from stillscan.errors import InputError, StillscanError
from stillscan.link.serial_port import UDEV_RULE

PARTS = Path(__file__).with_name("debian")
HOME = "opt/stillscan"
"""Where service and unit expect the command, below the root."""
CONFIGURATION = "etc/stillscan/kiosk.toml"
CONTROL = """\
Package: stillscan
Version: {version}
Architecture: {architecture}
Maintainer: the stillscan authors
Installed-Size: {size}
Depends: python3 (>= {python}), python3 (<< {following}), passwd, systemd, udev
Recommends: chromium
Section: misc
Priority: optional
Description: passport scanner that finishes the job, kiosk side
 Reads the machine readable zone while the scanner follows a passport that
 moves, judges whether a letter may be handed out, and keeps signed records.
 Brings the kiosk as a service with a user of its own, the rule for the
 scanner's port, and a unit that shows the clerk's page over the whole screen.
"""


def stage(tree: Path, wheel: Path, pins: Path, python: str) -> None:
    """All files of the package below ``tree``, as they will lie below the root."""
    _environment(tree, wheel, pins, python)
    documents = "usr/share/doc/stillscan"
    folder = Path(service.__file__).parent
    for source, target in (
        (folder / "stillscan.service", "usr/lib/systemd/system/stillscan.service"),
        (folder / "kiosk.toml", CONFIGURATION),
        (UDEV_RULE, f"usr/lib/udev/rules.d/{UDEV_RULE.name}"),
        (PARTS / "stillscan-browser.service", "usr/lib/systemd/user/stillscan-browser.service"),
        (ROOT / "LICENSE", f"{documents}/copyright"),
        (ROOT / "host_tools" / "docs" / "kiosk.md", f"{documents}/kiosk.md"),
        (pins, f"{documents}/requirements.txt"),
    ):
        (tree / target).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, tree / target)
    changes = (ROOT / "CHANGELOG.md").read_bytes()
    (tree / documents / "changelog.gz").write_bytes(gzip.compress(changes, mtime=0))
    (tree / "usr/bin").mkdir(parents=True)
    (tree / "usr/bin/stillscan").symlink_to(f"/{HOME}/bin/stillscan")


def _environment(tree: Path, wheel: Path, pins: Path, python: str) -> None:
    """The environment, which names itself by the place where it will lie, compiled."""
    home = tree / HOME
    call([python, "-m", "venv", "--without-pip", home], f"venv of {python}")
    install: list[str | Path] = [sys.executable, "-m", "pip", "--python", home / "bin" / "python", "install", "--quiet"]
    call([*install, "--no-compile", "--no-deps", "--requirement", pins, wheel], "pip install")
    for path in (home / "pyvenv.cfg", *(home / "bin").iterdir()):
        if path.name.lower().startswith("activate"):
            path.unlink()
        elif not path.is_symlink():
            path.write_bytes(path.read_bytes().replace(f"{tree}/".encode(), b"/"))
    python_there, how = home / "bin" / "python", ("-q", "--invalidation-mode", "unchecked-hash", "-s", tree, "-p", "/")
    call([python_there, "-m", "compileall", *how, home / "lib"], "compiling")


def control(tree: Path, python: str) -> None:
    """The folder DEBIAN of ``tree``: what dpkg has to know, and the scripts it runs."""
    version = call([python, "-c", "import sys; print(*sys.version_info[:2])"], python).split()
    size = sum(path.lstat().st_size for path in tree.rglob("*") if not path.is_dir())
    folder = tree / "DEBIAN"
    folder.mkdir()
    (folder / "control").write_text(
        CONTROL.format(
            version=stillscan.__version__,
            architecture=call(["dpkg", "--print-architecture"], "dpkg").strip(),
            size=size // 1024,
            python=".".join(version),
            following=f"{version[0]}.{int(version[1]) + 1}",
        )
    )
    (folder / "conffiles").write_text(f"/{CONFIGURATION}\n")
    for name in ("postinst", "prerm", "postrm"):
        shutil.copyfile(PARTS / name, folder / name)
        (folder / name).chmod(0o755)


def build(release: Path, out: Path, python: str) -> Path:
    """The package, in the folder ``out``, of wheel and pins in the folder ``release``.

    InputError where that is no release. ``python``: the interpreter of the computers it is for, /usr/bin/python3.
    """
    wheels, pins = list(release.glob("stillscan-*.whl")), release / "requirements.txt"
    if len(wheels) != 1 or not pins.is_file():
        raise InputError(f"{release}: no release (one wheel and requirements.txt); make release writes it")
    if shutil.which("dpkg-deb") is None or shutil.which(python) is None:
        raise InputError(f"dpkg-deb and {python} are needed: a Debian package is built on the Debian that it is for")
    out.mkdir(parents=True, exist_ok=True)
    former = os.umask(0o022)
    try:
        with tempfile.TemporaryDirectory() as name:
            tree = Path(name).resolve() / "tree"
            tree.mkdir()
            stage(tree, wheels[0], pins, python)
            control(tree, python)
            for path in (tree, *tree.rglob("*")):
                if not path.is_symlink():
                    os.utime(path, (epoch(), epoch()))
            said = call(["dpkg-deb", "--root-owner-group", "-Zzstd", "--build", tree, out], "dpkg-deb")
    finally:
        os.umask(former)
    found = re.search(r"'([^']+\.deb)'", said)
    if found is None:
        raise StillscanError(f"dpkg-deb named no package: {said.strip()}")
    return Path(found[1])


def main() -> int:
    """The exit code; one line when something is not as it has to be."""
    parser = argparse.ArgumentParser(prog="python -m distribution.debian", description=__doc__)
    parser.add_argument("--release", type=Path, default=ROOT / "build" / "release", help="folder (build/release)")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "deb", help="folder (build/deb)")
    parser.add_argument("--python", default="/usr/bin/python3", help="of the computers (%(default)s)")
    options = parser.parse_args()
    try:
        package = build(options.release, options.out, options.python)
    except StillscanError as error:
        print(f"deb: {error}", file=sys.stderr)
        return error.exit_code
    print(f"{package}: {package.stat().st_size / 1e6:.0f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
