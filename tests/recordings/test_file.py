"""The file of a recording: read as far as it goes, whatever was cut off, altered or made up."""

from __future__ import annotations

import json
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk import wire
from stillscan.errors import InputError
from stillscan.link.framing import encode
from stillscan.recordings.file import VISIT, Written, parse, read, whole
from stillscan.recordings.frames import frame
from stillscan.recordings.rows import NUMBERS, Row, checked
from tests.covering import examples

ROWS: list[tuple[float, Row]] = [
    (0.0, ["<hello", 1, 2, 0, 1, 0, "rpi_pico", 7, 1476, 274, 84667, 2950, 2048, 1, 15]),
    (0.0, ["<setting", 3, 130]),
    (1.5, ["<state", 2, 0, 0, 0, 0, 1000]),
    (9.0, [">credit", 1, 96]),
    (30.0, ["<band", 1, 0, 48, 1, 8, 1_030_000, 0, 0, 105, 1, 1476, 227]),
    (31.0, ["light", 1, 139, 227, 29, 2.1, 7.7, 0.17, 0.42]),
    (40.0, ["result", "verified", "ok", "TD3", 1, [], [], 480.0, 12.0]),
]
FILE = whole(VISIT, ROWS)


def test_what_was_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "visit-000001.recording"
    path.write_bytes(FILE)
    found = read(path)
    assert (found.kind, found.rows, found.cut) == (VISIT, ROWS, False)


@given(st.integers(0, len(FILE) - 1))
def test_one_that_is_cut_off_is_read_up_to_the_cut(at: int) -> None:
    lines = FILE[:at].count(b"\n")
    if not lines and at < FILE.index(b"\n"):
        with pytest.raises(InputError, match="is no recording"):
            parse("it", FILE[:at])
        return
    found = parse("it", FILE[:at])
    assert found.rows == ROWS[: len(found.rows)]
    assert len(found.rows) >= min(max(lines - 1, 0), len(ROWS))
    assert found.cut or at == len(FILE) - 1  # the last line's own end may be missing


@given(st.integers(FILE.index(b"\n") + 1, len(FILE) - 2), st.integers(1, 255))
def test_nothing_behind_an_altered_byte_is_believed(at: int, change: int) -> None:
    altered = bytearray(FILE)
    altered[at] ^= change
    found = parse("it", bytes(altered))
    assert found.cut
    assert found.rows == ROWS[: len(found.rows)]
    assert len(found.rows) <= FILE[:at].count(b"\n")


@given(st.binary(max_size=300))
def test_any_bytes_are_refused_in_one_line(content: bytes) -> None:
    with pytest.raises(InputError, match="is no recording"):
        parse("it", content)


def test_one_of_a_newer_version_is_refused_by_name() -> None:
    text = json.dumps({"recording": 2, "kind": "visit", "stillscan": "9.1", "made": "2031-01-01T00Z"}).encode()
    with pytest.raises(InputError, match=r"newer stillscan \(9\.1\)"):
        parse("it", b"%08x %s\n" % (zlib.crc32(text), text))


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=8) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=12,
)
_NAMES = st.sampled_from(
    ["<hello", "<band", "<line", "<installed", "result", "light", ">credit", "not_read", "lost", "x"]
)


@pytest.mark.slow
@given(st.lists(_JSON, max_size=16), _NAMES)
def test_a_row_with_a_foreign_text_is_none(values: list[object], name: str) -> None:
    row = checked([name, *values])
    texts = [value for value in values if isinstance(value, str)]
    if row is not None and texts:
        assert name in ("<hello", "<installed", "result", "not_read", "<line")
        assert all(text in ("", "TD3") or text.isascii() for text in texts)


@pytest.mark.parametrize(
    "row",
    [
        ["<hello", 1, 2, 0, 1, 0, "Åse Østenbyen", 7, 1476, 274, 84667, 2950, 2048, 1, 15],
        ["<installed", 1, 0, "OESTENBYEN<<AASE", "", 0],
        ["result", "verified", "oestenbyen", "TD3", 1, [], [], 1.0, 1.0],
        ["result", "verified", "ok", "TD3", 1, ["aase"], [], 1.0, 1.0],
        ["not_read", "oestenbyen"],
        ["light", "oestenbyen"],
        ["<state", 17_059_112_345],
        ["<line", 0, 500, 2, 100, 0, 4, "eJxjYGBgAAAABAAB"],
        ["<band", True],
        ["note", 1],
        ["light"],
        ["light", 1, 30, 200],
        ["light", 1, 30, 200, 20, 2.1, 50.0],
        ["gap"],
        ["damaged", 1],
        ["<line", 0, 500, 2, 100, 0, 4_000_000_000, 1],
        ["<line", 0, 500, 2, 100, 0, 1476, 256],
        ["<line", 0, 500, 2, 100, 0, 1476, None],
    ],
)
def test_rows_that_could_tell_of_people_or_that_nobody_wrote_are_none(row: Row) -> None:
    assert checked(row) is None


@pytest.mark.parametrize("when", ["1" + "0" * 400, "-1e300", "NaN", "Infinity", "true", "null", '"1"', "[]"])
def test_a_row_of_no_moment_ends_what_is_read(when: str) -> None:
    made = Written("visit")
    text = f'[{when},"lost"]'.encode()
    assert parse("it", made.head + b"%08x %s\n" % (zlib.crc32(text, zlib.crc32(made.head[9:-1])), text)).rows == []


_NUMBERS = st.one_of(
    st.integers(-(1 << 33), 1 << 33), st.integers(0, 255), st.sampled_from([65535, 60000]), st.none(), st.floats()
)


@pytest.mark.slow
@settings(max_examples=examples(300))
@given(st.sampled_from([name for name in NUMBERS if name.startswith("<")]), st.lists(_NUMBERS, max_size=16))
def test_whatever_row_is_taken_is_a_frame_that_can_be_sent_or_none(name: str, values: list[object]) -> None:
    row = checked([name, *values])
    made = None if row is None else frame(row)
    if made is not None:
        assert len(encode(made[0], 0, made[1])) <= 2 * wire.MAX_FRAME


@pytest.mark.parametrize(("lines", "width_px"), [(1, 1476), (255, 65535), (2, 1476), (0, 0)])
def test_a_band_is_no_longer_than_a_frame(lines: int, width_px: int) -> None:
    row = checked(["<band", 1, 1, 1, lines, 8, 0, 0, 0, 0, 0, width_px, 255])
    assert row is not None
    assert (frame(row) is None) == (lines * width_px > wire.MAX_FRAME)


@pytest.mark.parametrize(("more", "cut"), [(b"", False), (b"\n", False), (b"x", True), (b"\0" * 5000, True)])
def test_what_stands_behind_the_end_is_told(more: bytes, cut: bool) -> None:
    found = parse("x", FILE + more)
    assert (found.rows, found.cut) == (ROWS, cut)
