"""The bench's window understands what the page says."""

from __future__ import annotations

from bench.soak.window import Panel

_VERDICT = """<div data-turn="48" data-step="verdict">
<section class="verdict refuse" role="alert"><h1>Do not hand the letter over</h1></section>
<ul class="why"><li data-reason="name_mismatch">..</li><li data-reason="document_expired">..</li></ul>
<p class="reference">Reference: post-1-17</p>
<form method="post" action="/next"><input type="hidden" name="turn" value="48">
<input type="hidden" name="boot" value="d645">
</form></div>"""
_SCAN = """<div data-turn="3" data-step="scan"><p class="problem" role="alert">Not recorded:
 the disk is &lt;full&gt;</p></div>"""


def test_a_verdict() -> None:
    reasons = ("name_mismatch", "document_expired")
    assert Panel.of(_VERDICT) == Panel("verdict", "48", "d645", "refuse", "post-1-17", reasons)


def test_a_problem() -> None:
    assert Panel.of(_SCAN) == Panel("scan", "3", problem="Not recorded: the disk is <full>")
