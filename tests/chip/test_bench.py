"""The benchmark's judgement: worse by more than 2 % is worse, whichever way a figure counts."""

from stillscan.simulator.chip.bench import compare
from stillscan.simulator.chip.measure import Figure

BASELINE = {"line": 3000.0, "heap": 100_000.0, "lines": 330.0}


def judged(line: float, heap: float, lines: float) -> list[str]:
    figures = [Figure("line", line, "us"), Figure("heap", heap, "B", True), Figure("lines", lines, "/s", True)]
    return compare(figures, BASELINE)


def test_the_same_and_better_pass() -> None:
    assert judged(3000, 100_000, 330) == []
    assert judged(2000, 150_000, 400) == []
    assert judged(3050, 98_500, 325) == []


def test_each_that_is_worse_is_named() -> None:
    assert judged(3070, 100_000, 330) == ["line"]
    assert judged(3000, 97_000, 330) == ["heap"]
    assert judged(3100, 90_000, 300) == ["line", "heap", "lines"]


def test_a_new_figure_has_nothing_to_be_compared_with() -> None:
    assert compare([Figure("new", 1e9, "us")], BASELINE) == []
