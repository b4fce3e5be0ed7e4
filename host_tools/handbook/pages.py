"""The repository's documents as pages of the site, at the same paths, so that links between them stay as they are."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDERS = ("boards", "firmware", "host_tools/docs")
PICTURES = {".png", ".svg"}
_LINK = re.compile(r"(?<!!)\[([^\]]+)\]\(([^)\s]+)\)")


def documents() -> list[Path]:
    """The documents of the repository, relative to it, in order; not those that lie beside data in the package."""
    found = [*ROOT.glob("*.md"), *(path for top in FOLDERS for path in (ROOT / top).rglob("*.md"))]
    return sorted(path.relative_to(ROOT) for path in found)


def gather(out: Path) -> None:
    """Copy documents, and the pictures that lie beside them, into the folder ``out``."""
    pages = documents()
    for page in pages:
        target = out / page
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(linked(page, set(pages)), encoding="utf-8")
        for picture in (ROOT / page).parent.iterdir():
            if picture.suffix in PICTURES:
                shutil.copyfile(picture, target.parent / picture.name)


def linked(page: Path, pages: set[Path]) -> str:
    """The text of a page. A link to a source file or a folder becomes words and path: the site holds no sources."""

    def held(match: re.Match[str]) -> str:
        words, target = match.groups()
        if re.match(r"[a-z]+:|#", target):
            return match[0]
        place = ((ROOT / page).parent / target.partition("#")[0]).resolve().relative_to(ROOT)
        if place in pages or place.suffix in PICTURES:
            return match[0]
        path = place.as_posix()
        return f"`{path}`" if words in (path, f"`{path}`") else f"{words} (`{path}`)"

    return _LINK.sub(held, (ROOT / page).read_text(encoding="utf-8"))
