"""The software bill of materials (CycloneDX): what an installed stillscan consists of, its versions and licences."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

from distribution import ROOT
from distribution.programs import call
from stillscan.errors import StillscanError

_COPYLEFT = re.compile(r"\bA?GPL\b(?!.*exception)", re.I)
"""Licences that the project takes no parts under. LGPL is another word; GCC's runtime has an exception."""


def write_bom(python: Path, out: Path) -> int:
    """What is installed in the environment of ``python`` as CycloneDX JSON in ``out``, without times; how many parts.

    StillscanError when a part is under a licence that the project does not take.
    """
    command: list[str | Path] = [
        sys.executable,
        "-m",
        "cyclonedx_py",
        "environment",
        "--pyproject",
        ROOT / "pyproject.toml",
    ]
    call([*command, "--output-reproducible", "--of", "JSON", "-o", out, python], "cyclonedx-py")
    parts: list[dict[str, Any]] = json.loads(out.read_text(encoding="utf-8")).get("components", [])
    refused = [part["name"] for part in parts if any(map(_COPYLEFT.search, licences(part)))]
    if refused:
        raise StillscanError(f"under a licence that the project takes nothing under: {', '.join(refused)}")
    return len(parts)


def licences(part: dict[str, Any]) -> list[str]:
    """The licences of a component: expressions, identifiers or names."""
    found = []
    for entry in part.get("licenses", []):
        licence = entry.get("license", {})
        found.append(entry.get("expression") or licence.get("id") or licence.get("name") or "")
    return found


def pins(python: Path) -> list[str]:
    """Name and exact version of everything in the environment of ``python`` but stillscan itself, one a line of pip."""
    said = call([sys.executable, "-m", "pip", "--python", python, "freeze", "--all"], "pip freeze")
    return [line for line in said.splitlines() if not re.match(r"stillscan\b|pip\b", line)]
