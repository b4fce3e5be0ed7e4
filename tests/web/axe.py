"""What axe finds wrong with a page. Only that is fetched from it: it takes a third of the time of all it has seen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from axe_playwright_python.sync_playwright import Axe

from stillscan.guidance import languages
from tests.covering import covering

_SOURCE = Axe().axe_script


def violations(page: Any, **how: object) -> list[str]:
    """The rules that the page breaks, each with the elements that do; ``how`` as `axe.run` takes it."""
    if not page.evaluate("Boolean(window.axe)"):
        page.evaluate(_SOURCE)
    found = page.evaluate(
        "how => axe.run(how).then((found) => found.violations)", {"resultTypes": ["violations"], **how}
    )
    return [f"{one['id']}: {[node['html'][:90] for node in one['nodes']]}" for one in found]


def in_turn(language: str, states: int) -> Callable[[Any], None]:
    """What to call with the page in each of its states: axe finds nothing there. It looks at each in one language."""
    looked, numbers = covering(range(states), languages(), each=1), iter(range(states))

    def accessible(page: Any) -> None:
        if (next(numbers), language) in looked:
            assert violations(page) == []

    return accessible
