"""The pytest plugin of the package: fixtures ``scanner``, ``passport``, ``hand``, ``world``, ``clock``; scenarios.

A file NAME.scenario.toml is a test (`stillscan.testing.scenario`).

Loaded by every pytest where stillscan is installed: what takes time to load is loaded when a fixture is used.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from stillscan.testing.documents import Document
    from stillscan.testing.scanner import Scanner
    from stillscan.testing.steps import Hand
    from stillscan.testing.world import Clock, World

Passports = Callable[..., "Document"]
"""What the fixture ``passport`` gives: see `stillscan.testing.passport`."""

_SEED = 1  # as `stillscan simulate` begins
_TARGETS = ("sim",)
_SCENARIO = ".scenario.toml"  # `scenario.ENDING`, known before anything is loaded
_MARKER = (
    "stillscan(seed=N, seeds=[N, ...]): seed of everything random in this test, or several, each of them a test "
    "of its own (--stillscan-seed overrules both)"
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """The plugin's options."""
    group = parser.getgroup("stillscan", "a passport scanner under test")
    group.addoption(
        "--stillscan-on", default="sim", metavar="TARGET", help="what the fixture `scanner` is: sim, the simulator"
    )
    group.addoption(
        "--stillscan-report",
        metavar="DIR",
        help="write a page into DIR for each test that fails: strip, timeline, frames, and the seed that repeats it",
    )
    group.addoption(
        "--stillscan-seed", metavar="N", help=f"seed of all tests, in place of their own (default: {_SEED})"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker; one clear line for an option that cannot be used."""
    config.addinivalue_line("markers", _MARKER)
    target = config.getoption("--stillscan-on")
    if target not in _TARGETS:
        raise pytest.UsageError(
            f"--stillscan-on {target}: tests run on the simulator alone (sim); the emulated chip and boards on a port "
            "are not there yet"
        )
    _seed_asked_for(config)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """A scenario is a test."""
    if not file_path.name.endswith(_SCENARIO):
        return None
    from stillscan.testing.scenario_items import ScenarioFile

    made: ScenarioFile = ScenarioFile.from_parent(parent, path=file_path)
    made.make = _of_scenario
    return made


def _of_scenario(item: pytest.Item, seed: int) -> Scanner:
    from stillscan.testing.scanner import Scanner

    asked = _seed_asked_for(item.config)
    seed = seed if asked is None else asked
    return Scanner(seed, _again(item.nodeid, seed))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A page about a test that failed, if one is asked for."""
    report = yield
    folder = item.config.getoption("--stillscan-report")
    scanner = getattr(item, "funcargs", {}).get("scanner") or getattr(item, "scanner", None)
    if folder is not None and scanner is not None and report.when == "call" and report.failed:
        from stillscan.errors import StillscanError
        from stillscan.testing.report import write_report

        try:
            said = str(write_report(Path(folder), item.nodeid, report.longreprtext, scanner))
        except StillscanError as error:
            said = str(error)
        report.sections.append(("stillscan report", said))
    return report


def _again(name: str, seed: int) -> str:
    """The command that runs a test once more as it was."""
    return f"pytest {shlex.quote(name.replace(f'[seed{seed}]', ''))} --stillscan-seed {seed}"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test with several seeds is as many tests."""
    marker = metafunc.definition.get_closest_marker("stillscan")
    if marker is None or "stillscan_seed" not in metafunc.fixturenames:
        return
    seeds = _marked(marker, metafunc.definition.nodeid)
    if _seed_asked_for(metafunc.config) is None and "seeds" in marker.kwargs:
        metafunc.parametrize("stillscan_seed", seeds, ids=[f"seed{seed}" for seed in seeds])


def _seed_asked_for(config: pytest.Config) -> int | None:
    text = config.getoption("--stillscan-seed")
    if text is None:
        return None
    if not (text.isascii() and text.isdigit()):
        raise pytest.UsageError(f"--stillscan-seed: '{text}' is not a whole number of 0 or more")
    return int(text)


def _marked(marker: pytest.Mark, where: str) -> list[int]:
    """The seeds that a marker names."""
    one, several = marker.kwargs.get("seed"), marker.kwargs.get("seeds")
    seeds: list[Any] = list(several) if several is not None else [one]
    whole = all(isinstance(seed, int) and not isinstance(seed, bool) and seed >= 0 for seed in seeds)
    if marker.args or set(marker.kwargs) not in ({"seed"}, {"seeds"}) or not whole or not seeds:
        pytest.fail(f"{where}: the marker is stillscan(seed=N) or stillscan(seeds=[N, ...]), N from 0", pytrace=False)
    return seeds


@pytest.fixture
def stillscan_seed(request: pytest.FixtureRequest) -> int:
    """The seed of this test."""
    asked = _seed_asked_for(request.config)
    if asked is not None:
        return asked
    marker = request.node.get_closest_marker("stillscan")
    return _SEED if marker is None else _marked(marker, request.node.nodeid)[0]


@pytest.fixture
def scanner(request: pytest.FixtureRequest, stillscan_seed: int) -> Iterator[Scanner]:
    """A whole kiosk in virtual time: `stillscan.testing.Scanner`."""
    from stillscan.testing.scanner import Scanner

    item: Any = request.node
    with Scanner(stillscan_seed, _again(item.nodeid, stillscan_seed)) as made:
        yield made


@pytest.fixture
def passport(stillscan_seed: int) -> Passports:
    """Makes documents: `stillscan.testing.passport`, with this test's seed."""
    from stillscan.testing.documents import passport

    def make(*text: Any, **how: Any) -> Document:
        return passport(*text, **{"seed": stillscan_seed, **how})

    return make


@pytest.fixture
def hand(scanner: Scanner) -> Hand:
    """``scanner.hand``."""
    return scanner.hand


@pytest.fixture
def world(scanner: Scanner) -> World:
    """``scanner.world``."""
    return scanner.world


@pytest.fixture
def clock(scanner: Scanner) -> Clock:
    """``scanner.clock``."""
    return scanner.clock
