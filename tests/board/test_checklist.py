"""The checklist that the suite fills is that of boards/README.md, point by point."""

from .conftest import README, filled


def test_a_value_stands_beside_its_point_and_every_point_is_there() -> None:
    text = filled(README.read_text(encoding="utf-8"), {12: ["dark level 12 LSB"], 30: ["a", "b **(not as expected)**"]})
    rows = [line.split("|") for line in text.splitlines() if line.startswith("| ") and line[2].isdigit()]
    assert [int(row[1]) for row in rows] == list(range(1, 44))
    values = {int(row[1]): row[-2].strip() for row in rows}
    assert values[12] == "dark level 12 LSB"
    assert values[30] == "a; b **(not as expected)**"
    assert values[1] == ""
    assert {len(row) for row in rows} == {7}
