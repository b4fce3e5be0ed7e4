"""Arguments of a command at the simulated scanner."""

from __future__ import annotations

import argparse

from stillscan.commands.at_scanner import add_port


def arguments(*more: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_port(parser)
    return parser.parse_args(["--port", "sim", *more])
