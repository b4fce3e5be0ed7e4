"""Outside test mode the page is not served for an office without a name: letters to people would say so."""

import pytest

from stillscan.commands.counter import _office_first
from stillscan.errors import InputError
from stillscan.link.identity import NotPairedError


def test_a_scanner_that_may_be_used_is_told_to_wait_for_the_name() -> None:
    with pytest.raises(InputError, match="--office"):
        _office_first(lambda hello, transport: b"key", named=False)(None, None)  # type: ignore[arg-type]


def test_one_that_may_not_is_refused_for_that() -> None:
    def refuse(hello: object, transport: object) -> bytes | None:
        raise NotPairedError("not paired", "unpaired")

    with pytest.raises(NotPairedError):
        _office_first(refuse, named=False)(None, None)  # type: ignore[arg-type]
