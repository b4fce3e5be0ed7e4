from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stillscan.errors import InputError
from stillscan.simulator.trace import COLUMNS, load_trace
from tests.covering import examples

HEAD = ",".join(COLUMNS)
QUICK = settings(
    deadline=None,
    derandomize=True,
    max_examples=examples(80),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def _file(folder: Path, text: str | bytes) -> Path:
    path = folder / "hand.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_linear_between_rows_and_held_outside(tmp_path: Path) -> None:
    motion = load_trace(_file(tmp_path, f"{HEAD}\n10,0,1,0,0,0,0.5\n20,2,1,4,0,0,0\n"))
    assert motion.pose(0) == (0.0, 1.0, 0.0)
    assert motion.pose(12_500) == pytest.approx((0.5, 1.0, 1.0))
    assert motion.pose(99_000) == (2.0, 1.0, 4.0)
    assert motion.acceleration(motion.times_us)[:, 2].tolist() == [0.5, 0.0]


def test_columns_in_any_order_bom_and_blank_lines(tmp_path: Path) -> None:
    text = "\ufeffaz_g, ay_g,ax_g,lift_mm,dy_mm,dx_mm,t_ms\r\n\r\n7,6,5,4,3,2,1\r\n\r\n"
    motion = load_trace(_file(tmp_path, text))
    assert motion.pose(0) == (2.0, 3.0, 4.0)
    assert motion.accel_g.tolist() == [[5.0, 6.0, 7.0]]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "line 1: the header needs the column t_ms"),
        (HEAD + "\n", "no rows"),
        (HEAD.replace("lift_mm", "height") + "\n", "column lift_mm"),
        (HEAD + ",temperature\n", "columns other than"),
        (HEAD + ",t_ms\n", "t_ms exactly once"),
        (HEAD + "\n0,0,0,0,0,0\n", "line 2: 6 fields instead of 7"),
        (HEAD + "\n0,0,0,0,0,0,0,0\n", "line 2: 8 fields"),
        (HEAD + "\n0,0,0,0,0,0,0\n1,x,0,0,0,0,0\n", "line 3: dx_mm is not a number"),
        (HEAD + "\n0,0,0,0,0,0,\n", "az_g is not a number"),
        (HEAD + "\n0,nan,0,0,0,0,0\n", "dx_mm is not a number"),
        (HEAD + "\n0,0,1e999,0,0,0,0\n", "dy_mm is not a number"),
        (HEAD + "\n0,1_0,0,0,0,0,0\n", "dx_mm is not a number"),
        (HEAD + "\n0,0,0,-0.1,0,0,0\n", "lift_mm is outside 0..500"),
        (HEAD + "\n0,0,1e9,0,0,0,0\n", "dy_mm is outside -500..500"),
        (HEAD + "\n5,0,0,0,0,0,0\n\n5,0,0,0,0,0,0\n", "line 4: t_ms does not grow"),
        (HEAD + "\n5,0,0,0,0,0,0\n4,0,0,0,0,0,0\n", "line 3: t_ms does not grow"),
        (b"\xff\xfe\x00\x01", "not a text file"),
        (HEAD + '\n"' + "9" * 200_000, "not a line of CSV"),
    ],
)
def test_errors_name_file_line_and_fault(tmp_path: Path, text: str | bytes, complaint: str) -> None:
    with pytest.raises(InputError) as caught:
        load_trace(_file(tmp_path, text))
    assert str(caught.value).startswith("hand.csv")
    assert complaint in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.slow
def test_missing_file_and_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.csv: no such file"):
        load_trace(tmp_path / "none.csv")
    with pytest.raises(InputError, match="cannot be read"):
        load_trace(tmp_path)
    with pytest.raises(InputError, match="/dev/zero: is longer than"):
        load_trace("/dev/zero")


_NUMBER = st.floats(-19, 19, allow_nan=False)


@pytest.mark.slow
@QUICK
@given(st.lists(st.tuples(st.integers(0, 10**6), _NUMBER, _NUMBER, st.floats(0, 100)), min_size=1, max_size=20))
def test_what_was_written_is_what_is_read(tmp_path: Path, rows: list[tuple[int, float, float, float]]) -> None:
    by_time = {row[0]: row for row in sorted(rows)}
    lines = [f"{t},{x!r},{y!r},{lift!r},{x!r},{y!r},0" for t, x, y, lift in by_time.values()]
    motion = load_trace(_file(tmp_path, "\n".join([HEAD, *lines])))
    for t, x, y, lift in by_time.values():
        assert motion.pose(t * 1000) == pytest.approx((x, y, lift), abs=1e-9)


@pytest.mark.slow
@QUICK
@given(st.one_of(st.binary(max_size=200), st.text(max_size=60).map(lambda text: f"{HEAD}\n{text}".encode())))
def test_any_bytes_are_a_motion_or_an_input_error(tmp_path: Path, data: bytes) -> None:
    path = _file(tmp_path, data)
    try:
        knots, complaint = len(load_trace(path).times_us), ""
    except InputError as error:
        knots, complaint = 0, str(error)
    assert (knots > 0) != complaint.startswith("hand.csv")
    assert "\n" not in complaint
