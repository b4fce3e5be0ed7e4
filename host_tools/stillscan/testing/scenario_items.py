"""Scenarios as tests of pytest: each file NAME.scenario.toml is one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from stillscan.errors import StillscanError
from stillscan.own_python import of_user
from stillscan.testing.scenario import Scenario, read_scenario
from stillscan.testing.timeline import NotAsExpectedError

if TYPE_CHECKING:
    from stillscan.testing.scanner import Scanner

Make = Callable[[pytest.Item, int], "Scanner"]
"""Makes the scanner of a test that has this seed of its own."""


class ScenarioFile(pytest.File):
    """One file, one test."""

    make: Make

    def collect(self) -> Iterator[pytest.Item]:
        """Read and checked as a whole, so that what cannot be meant is an error of the collection."""
        try:
            scenario = read_scenario(self.path)
        except StillscanError as error:
            raise self.CollectError(str(error)) from None
        item = ScenarioItem.from_parent(self, name=scenario.name)
        item.scenario, item.make = scenario, self.make
        yield item


class ScenarioItem(pytest.Item):
    """A scenario on the scanner under test."""

    scenario: Scenario
    make: Make
    scanner: Scanner | None = None

    def runtest(self) -> None:
        """Every step of it, on a kiosk that is switched on for it."""
        with self.make(self, self.scenario.seed) as self.scanner:
            self.scenario.run(self.scanner)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """What was expected and what happened; of a rule that raises, file and line; of a defect, where it is."""
        if isinstance(excinfo.value, StillscanError | NotAsExpectedError):
            return str(excinfo.value)
        place = of_user(excinfo.value)
        if place is not None:
            return f"{place[0]}: line {place[1]}: {excinfo.exconly()}"
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        """File, line and title."""
        return self.path, 0, f"scenario {self.name}"
