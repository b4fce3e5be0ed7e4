"""What axe finds wrong with a page. Only that is fetched from it: it takes a third of the time of all it has seen."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.sync_playwright import Axe

_SOURCE = Axe().axe_script


def violations(page: Any, **how: object) -> list[str]:
    """The rules that the page breaks, each with the elements that do; ``how`` as `axe.run` takes it."""
    if not page.evaluate("Boolean(window.axe)"):
        page.evaluate(_SOURCE)
    found = page.evaluate(
        "how => axe.run(how).then((found) => found.violations)", {"resultTypes": ["violations"], **how}
    )
    return [f"{one['id']}: {[node['html'][:90] for node in one['nodes']]}" for one in found]
