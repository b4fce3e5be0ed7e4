"""``python -m handbook``: build/docs, with no link that leads nowhere (``make docs``)."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from handbook import pages, reference

CONFIGURATION = Path(__file__).with_name("mkdocs.yml")


def build(out: Path, work: Path) -> str:
    """Make the site in the folder ``out``; what mkdocs warned of, empty when all is as it has to be."""
    source = work / "pages"
    pages.gather(source)
    reference.write(source / "reference")
    shutil.copyfile(CONFIGURATION.with_name("site.css"), source / "site.css")
    settings = work / "mkdocs.yml"
    text = CONFIGURATION.read_text(encoding="utf-8")
    settings.write_text(f"docs_dir: {source}\nsite_dir: {out.resolve()}\n{text}", encoding="utf-8")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--config-file", str(settings)]
    quiet = {**os.environ, "NO_MKDOCS_2_WARNING": "true", "DISABLE_MKDOCS_2_WARNING": "true"}
    done = subprocess.run(command, capture_output=True, text=True, env=quiet, check=False)
    said = [line for line in (done.stdout + done.stderr).splitlines() if not line.startswith("INFO")]
    return "\n".join(said) or "mkdocs failed without a word" if done.returncode else ""


def main() -> int:
    """The exit code: 1 when a link leads nowhere, a page is in no list, or a page cannot be made."""
    os.environ["COLUMNS"] = "100"  # of the commands' help: what fits beside the list of pages
    parser = argparse.ArgumentParser(prog="python -m handbook", description=__doc__)
    parser.add_argument("--out", type=Path, default=pages.ROOT / "build" / "docs", help="folder (default: build/docs)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        warned = build(options.out, Path(name))
    print(
        warned or f"{options.out / 'README.html'}".replace("README", "index"), file=sys.stderr if warned else sys.stdout
    )
    return 1 if warned else 0


if __name__ == "__main__":
    sys.exit(main())
