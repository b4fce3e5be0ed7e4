"""What axe finds is told: a page that is wrong does not pass because only its faults are fetched."""

import pytest
from axe import violations

pytestmark = pytest.mark.process


def test_each_rule_that_a_page_breaks_is_named_with_its_element(browser) -> None:
    page = browser.new_page()
    page.set_content(
        "<title>x</title><main><h1>x</h1><img src=''><p style='color: #aaa; background: #fff'>pale</p></main>"
    )
    found = violations(page)
    assert [one.partition(":")[0] for one in found] == ["color-contrast", "html-has-lang", "image-alt"]
    assert "pale" in found[0]
    assert violations(page, runOnly=["image-alt"]) == found[2:]
    page.close()
