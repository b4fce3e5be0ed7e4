"""The figures of the comparison, and that each rival is asked in the same way."""

from pathlib import Path

import pytest
from bench import beside as bench
from bench import rivals
from hypothesis import given
from hypothesis import strategies as st
from mrz_vectors import VALID
from PIL import Image

from stillscan.mrz.alphabet import ALPHABET

NOR = tuple(VALID["NOR"].split("|"))
_TEXT = st.text(ALPHABET, max_size=12)


@pytest.mark.slow
@given(_TEXT, _TEXT)
def test_distance(one: str, other: str) -> None:
    assert bench.distance(one, one) == 0
    assert bench.distance(one, other) == bench.distance(other, one)
    assert abs(len(one) - len(other)) <= bench.distance(one, other) <= max(len(one), len(other))


def test_lines_are_picked_out_of_recognised_text() -> None:
    assert rivals.mrz_lines("PASSPORT\n\n" + " ".join(NOR[0]) + "\n" + NOR[1].lower() + "\n") == NOR
    assert rivals.mrz_lines(NOR[0].replace("<<", "«") + "\n" + NOR[1]) == NOR
    assert rivals.mrz_lines("nothing of the kind") == ()


def test_scores_and_table_and_plot(tmp_path: Path) -> None:
    cases = [
        bench.Case("a", tmp_path / "1", NOR),
        bench.Case("a", tmp_path / "2", NOR),
        bench.Case("b", tmp_path / "3", NOR),
    ]
    wrong = (NOR[0].replace("O", "D", 1), NOR[1])
    answers = {"1": (NOR, True), "2": (wrong, True), "3": ((), False)}
    reader = rivals.Reader("one", lambda path: rivals.Answer(*answers[path.name]))
    blind = rivals.Reader("other", lambda _path: rivals.Answer((), False))
    results = bench.run([reader, blind], cases)
    first, second = results["one"]["a"], results["one"]["b"]
    assert (first.exact, first.accepted, first.false_accepts, first.images) == (0.5, 0.5, 1, 2)
    assert first.errors == pytest.approx(1 / 176)
    assert (second.exact, second.errors) == (0, 1)
    assert "| a (2) | 50% | 50% | 0% |" in bench.table(results)
    assert "| one | 33.7% | 1 of 3 |" in bench.table(results)
    bench.plot(results, tmp_path / "plot.png")
    with Image.open(tmp_path / "plot.png") as drawn:
        assert drawn.width > 100


@pytest.mark.parametrize(
    "arguments", [["--truth", "a.tsv"], ["--images", "nowhere"], ["--strips", "0", "--photos", "0"]]
)
def test_bad_arguments_are_named(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        bench.main(arguments)
    assert ended.value.code == 2
    assert "error: " in capsys.readouterr().err
