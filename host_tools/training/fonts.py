"""Typefaces that are not OCR-B: `python -m training.fonts DIR` brings them to DIR/learn and DIR/kept.

Those of `learn` are what the network of `typefaces` learned from; those of `kept`, by the same rule every other family,
are for measuring alone. Taken are fonts of npm's fontsource and of Debian, by `npm pack` and `apt-get download`, and
what fonts-dejavu and fonts-liberation have installed. Files are named FAMILY__FILE.
"""

import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

from training.devprint import is_learned

_NPM = """
aldrich allerta-stencil anonymous-pro architects-daughter atkinson-hyperlegible-mono azeret-mono b612-mono
big-shoulders-stencil black-ops-one bungee cascadia-code caveat chakra-petch codystar@5.2.8 comic-mono@5.2.5
commit-mono courier-prime cousine cutive-mono dejavu-mono delicious-handrawn dm-mono dm-sans dotgothic16 doto
eb-garamond electrolize emblema-one@5.2.8 exo-2 fira-code fira-mono fragment-mono geist-mono gochi-hand
google-sans-code@5.3.1 gugi handlee ia-writer-mono ibm-plex-mono iceland@5.2.8 inconsolata indie-flower
jetbrains-mono kalam kode-mono lekton m-plus-1-code major-mono-display maple-mono martian-mono michroma monofett
nanum-gothic-coding nanum-pen-script noto-sans-mono nova-mono open-sans orbitron overpass-mono oxanium
oxygen-mono patrick-hand permanent-marker pixelify-sans plaster@5.0.13 press-start-2p pt-mono quantico rationale
red-hat-mono reddit-mono roboto roboto-mono rubik rubik-mono-one saira-stencil-one shadows-into-light share-tech
share-tech-mono silkscreen sirin-stencil sixtyfour sometype-mono source-code-pro@5.3.1 space-grotesk space-mono
special-elite spline-sans-mono stardos-stencil syne-mono tourney turret-road@5.2.7 ubuntu-mono ubuntu-sans-mono
victor-mono vt323 wallpoet@5.2.7 workbench xanh-mono zen-dots
"""
_VERSION = "5.3.0"
"""Of a package whose name tells no other."""
_DEBIAN = (
    "fonts-3270 fonts-agave fonts-anonymous-pro fonts-cmu fonts-fantasque-sans fonts-freefont-ttf fonts-gnutypewriter"
    " fonts-hermit fonts-inconsolata fonts-league-mono fonts-monofur fonts-mononoki fonts-naver-d2coding fonts-ocr-a"
)
_INSTALLED = {"dejavu": "DejaVu*.ttf", "liberation": "Liberation*.ttf"}
"""Fonts that everybody has, and that training has used from the first."""
_SAME = {"cousine": "liberation", "dejavu-mono": "dejavu"}
"""Families under another name."""
_WEIGHTS = ("300", "400", "500", "700", "900")


def _of_npm(folder: Path) -> Iterator[tuple[str, Path]]:
    for name in _NPM.split():
        family, _, version = name.partition("@")
        package = f"@fontsource/{family}@{version or _VERSION}"
        subprocess.run(["npm", "pack", "--silent", package], cwd=folder, check=True, stdout=subprocess.DEVNULL)
        with tarfile.open(folder / f"fontsource-{family}-{version or _VERSION}.tgz") as packed:
            packed.extractall(folder / family, filter="data")
        for weight in _WEIGHTS:
            yield from ((family, file) for file in (folder / family).rglob(f"{family}-latin-{weight}-normal.woff"))


def _of_debian(folder: Path) -> Iterator[tuple[str, Path]]:
    for package in _DEBIAN.split():
        subprocess.run(["apt-get", "download", "-qq", package], cwd=folder, check=True)
        (file,) = folder.glob(f"{package}_*.deb")
        subprocess.run(["dpkg", "-x", str(file), str(folder / package)], check=True)
        family = package.removeprefix("fonts-").removesuffix("-ttf").removesuffix("-sans").removeprefix("naver-")
        names = {found.name: found for found in sorted((folder / package).rglob("*.?t[fc]"))}
        yield from ((family, found) for found in names.values())
    for family, pattern in _INSTALLED.items():
        for found in sorted(Path("/usr/share/fonts").rglob(pattern)):
            if "Math" not in found.name:
                yield family, found


def main() -> int:
    """Command line: bring the fonts."""
    target = Path(sys.argv[1])
    halves = target / "learn", target / "kept"
    for half in halves:
        half.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        for source in (_of_npm, _of_debian):
            for family, file in source(Path(folder)):
                known = _SAME.get(family, family)
                learned = known in _INSTALLED or is_learned(known)
                shutil.copy(file, halves[not learned] / f"{family}__{file.name.replace(' ', '_')}")
    print(f"{len(list(halves[0].iterdir()))} files to learn from, {len(list(halves[1].iterdir()))} kept apart")
    return 0


if __name__ == "__main__":
    sys.exit(main())
