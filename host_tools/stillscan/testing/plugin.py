"""The pytest plugin of the package: fixtures ``scanner``, ``passport``, ``hand``, ``world``, ``clock``; scenarios.

A file NAME.scenario.toml is a test (`stillscan.testing.scenario`).

Loaded by every pytest where stillscan is installed: what takes time to load is loaded when a fixture is used.
"""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, nullcontext
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from stillscan.testing.documents import Document
    from stillscan.testing.scanner import Scanner
    from stillscan.testing.steps import Hand
    from stillscan.testing.targets import Target
    from stillscan.testing.world import Clock, World

Passports = Callable[..., "Document"]
"""What the fixture ``passport`` gives: see `stillscan.testing.passport`."""

_SEED = 1  # as `stillscan simulate` begins
_FORMS = ("json", "prom")
_KINDS = (("seed", "seeds"), ("board", "boards"))
_SCENARIO = ".scenario.toml"  # `scenario.ENDING`, known before anything is loaded
_MARKER = (
    "stillscan(seed=N, seeds=[N, ...], board=BOARD, boards=[BOARD, ...]): seed of everything random in this test, and "
    "the board that it is for, or several, each of them a test of its own (--stillscan-seed overrules seeds)"
)
_MEASURED = "stillscan"  # of a test's report: what the plugin hands from a worker to the process that writes


def pytest_addoption(parser: pytest.Parser) -> None:
    """The plugin's options."""
    group = parser.getgroup("stillscan", "a passport scanner under test")
    group.addoption(
        "--stillscan-on",
        default="sim",
        metavar="sim|chip|PORT",
        help="what the fixture `scanner` is: the simulator, an emulated RP2040 with MicroPython's image, or a real "
        "board on this serial port (default: sim). What it cannot do is skipped, with the reason",
    )
    group.addoption(
        "--stillscan-uf2", metavar="FILE", help="official MicroPython image of the chip (default: STILLSCAN_UF2)"
    )
    group.addoption(
        "--stillscan-ask",
        action="store_true",
        help="of a real board: a person at this terminal does what the hand of a test should do",
    )
    group.addoption(
        "--stillscan-report",
        metavar="DIR",
        help="write a page into DIR for each test that fails: strip, timeline, frames, and the seed that repeats it",
    )
    group.addoption(
        "--stillscan-seed", metavar="N", help=f"seed of all tests, in place of their own (default: {_SEED})"
    )
    group.addoption(
        "--stillscan-metrics",
        metavar="FILE.json|FILE.prom",
        help="write what was measured: latencies, attempts, heap; as JSON, or as text for Prometheus",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker; one clear line for an option that cannot be used."""
    config.addinivalue_line("markers", _MARKER)
    _seed_asked_for(config)
    if hasattr(config, "workerinput"):  # of pytest-xdist: all this has been looked at
        return
    on, path = config.getoption("--stillscan-on"), config.getoption("--stillscan-metrics")
    real = on not in ("sim", "chip")
    if real and config.getoption("numprocesses", None):
        raise pytest.UsageError(f"--stillscan-on {on}: one board takes one test at a time: leave out -n")
    if config.getoption("--stillscan-ask") and not (real and sys.stdin.isatty()):
        raise pytest.UsageError("--stillscan-ask: there is a person only at a real board, and at a terminal")
    uf2 = config.getoption("--stillscan-uf2")
    if uf2 is not None and on != "chip":
        raise pytest.UsageError(f"--stillscan-uf2: goes with --stillscan-on chip; these tests run on {on}")
    if on != "sim":
        with _usable("--stillscan-on"):
            from stillscan.testing.targets import see

            see(on, uf2)
    if path is not None:
        with _usable("--stillscan-metrics"):
            config.pluginmanager.register(_Metrics(path))
    if config.getoption("--stillscan-report") is not None:
        with _usable("--stillscan-report"):
            from stillscan.testing.report import see_folder

            see_folder(config.getoption("--stillscan-report"))


@contextmanager
def _usable(option: str) -> Iterator[None]:
    from stillscan.errors import StillscanError

    try:
        yield
    except StillscanError as error:
        raise pytest.UsageError(f"{option}: {error}") from None


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """A scenario is a test."""
    if not file_path.name.endswith(_SCENARIO):
        return None
    from stillscan.testing.scenario_items import ScenarioFile

    made: ScenarioFile = ScenarioFile.from_parent(parent, path=file_path)
    made.make = _of_scenario
    return made


def _of_scenario(item: pytest.Item, seed: int) -> Scanner:
    from stillscan.testing.failures import again
    from stillscan.testing.scanner import Scanner

    asked = _seed_asked_for(item.config)
    seed = seed if asked is None else asked
    return Scanner(seed, again(item, seed), _target(item.config))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Of what cannot be meant the line of the test alone; a page about a test that failed, if one is asked for."""
    if call.excinfo is not None:
        from stillscan.testing.failures import leave_ours_out

        call.excinfo = leave_ours_out(call.excinfo)
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


def _target(config: pytest.Config, board: str | None = None) -> Target:
    """What the options say that tests run on."""
    from stillscan.testing.targets import find

    option = config.getoption
    person = _Person(config) if option("--stillscan-ask") else None
    return find(option("--stillscan-on"), board, option("--stillscan-uf2"), person)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test with several seeds or boards is as many tests."""
    marker = metafunc.definition.get_closest_marker("stillscan")
    if marker is None:
        return
    seeds, boards = (_marked(marker, one, metafunc.definition.nodeid) for one, _ in _KINDS)
    own_seeds = "seeds" in marker.kwargs and _seed_asked_for(metafunc.config) is None
    if own_seeds and "stillscan_seed" in metafunc.fixturenames:
        metafunc.parametrize("stillscan_seed", seeds, ids=[f"seed{seed}" for seed in seeds])
    if "stillscan_board" in metafunc.fixturenames and "boards" in marker.kwargs:
        metafunc.parametrize("stillscan_board", boards, ids=[Path(board).name for board in boards])


def _seed_asked_for(config: pytest.Config) -> int | None:
    text = config.getoption("--stillscan-seed")
    if text is None:
        return None
    if not (text.isascii() and text.isdigit()):
        raise pytest.UsageError(f"--stillscan-seed: '{text}' is not a whole number of 0 or more")
    return int(text)


def _marked(marker: pytest.Mark, kind: str, where: str) -> list[Any]:
    """The seeds or boards that a marker names; none when it names none of this ``kind``."""
    known = all(set(marker.kwargs) & {one, several} != {one, several} for one, several in _KINDS)
    known = known and not marker.args and bool(marker.kwargs)
    known = known and set(marker.kwargs) <= {name for pair in _KINDS for name in pair}
    one, several = marker.kwargs.get(kind), marker.kwargs.get(f"{kind}s")
    found: list[Any] = [one] if kind in marker.kwargs else list(several or ())
    right = _is_seed if kind == "seed" else _is_name
    if not (known and all(map(right, found)) and (found or f"{kind}s" not in marker.kwargs)):
        pytest.fail(
            f"{where}: the marker is stillscan(seed=N) or stillscan(seeds=[N, ...]), N from 0, or the same with "
            "board and the name or folder of one",
            pytrace=False,
        )
    return found


def _is_seed(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_name(value: object) -> bool:
    return isinstance(value, str | PathLike) and bool(str(value))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Iterator[None]:
    """What the target cannot do is skipped."""
    with _skipping():
        yield


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """What the target cannot do is skipped."""
    with _skipping():
        yield


@contextmanager
def _skipping() -> Iterator[None]:
    from stillscan.errors import NotHereError

    try:
        yield
    except NotHereError as reason:
        raise pytest.skip.Exception(str(reason), _use_item_location=True) from None


@pytest.fixture
def stillscan_seed(request: pytest.FixtureRequest) -> int:
    """The seed of this test."""
    asked = _seed_asked_for(request.config)
    if asked is not None:
        return asked
    seed: int = _of_marker(request, "seed", _SEED)
    return seed


@pytest.fixture
def stillscan_board(request: pytest.FixtureRequest) -> str | None:
    """The board that this test is for; None: that of the target."""
    board: str | None = _of_marker(request, "board", None)
    return board


def _of_marker(request: pytest.FixtureRequest, kind: str, otherwise: Any) -> Any:
    marker = request.node.get_closest_marker("stillscan")
    return ((marker and _marked(marker, kind, request.node.nodeid)) or [otherwise])[0]


@pytest.fixture
def scanner(request: pytest.FixtureRequest, stillscan_seed: int, stillscan_board: str | None) -> Iterator[Scanner]:
    """A whole kiosk, by its own clock: `stillscan.testing.Scanner`."""
    from stillscan.testing.failures import again
    from stillscan.testing.measured import record
    from stillscan.testing.scanner import Scanner

    item: Any = request.node
    board = None if stillscan_board is None else str(stillscan_board)
    with Scanner(stillscan_seed, again(item, stillscan_seed), _target(item.config, board)) as made:
        yield made
        if item.config.getoption("--stillscan-metrics") is not None:
            item.user_properties.append((_MEASURED, record(made.measured())))


class _Metrics:
    """Gathers what the tests have measured, wherever they ran, and writes it at the end."""

    def __init__(self, path: str) -> None:
        from stillscan.errors import InputError
        from stillscan.files import may_write

        self._path = path
        self._form = Path(path).suffix.removeprefix(".")
        if self._form not in _FORMS:
            raise InputError(f"{path} ends in neither .json nor .prom")
        may_write(path)
        self._outcomes: dict[str, str] = {}
        self._tests: dict[str, dict[str, Any]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A test has come so far."""
        if report.when == "call" or not report.passed:
            self._outcomes[report.nodeid] = report.outcome
        measured = dict(report.user_properties).get(_MEASURED)
        if report.when == "teardown" and isinstance(measured, dict):
            self._tests[report.nodeid] = {"outcome": self._outcomes.get(report.nodeid, "failed"), **measured}

    def pytest_sessionfinish(self) -> None:
        """All have."""
        from stillscan.files import write_whole
        from stillscan.testing.measured import report

        write_whole(self._path, report(self._tests, self._form).encode())


class _Person:
    """Somebody at the terminal: see stillscan.testing.port_kiosk.Person."""

    def __init__(self, config: pytest.Config) -> None:
        self._capture: Any = config.pluginmanager.getplugin("capturemanager")

    def __call__(self, text: str, wait: Callable[[Callable[[], bool]], None]) -> None:
        with self._capture.global_and_fixture_disabled() if self._capture else nullcontext():
            print(f"\n  press Enter, and then at once: {text} ", end="", flush=True)
            if (
                os.name == "posix"
            ):  # elsewhere a terminal cannot be looked at: time stands still until the line is there
                wait(lambda: bool(select.select([sys.stdin], [], [], 0)[0]))
            sys.stdin.readline()


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
