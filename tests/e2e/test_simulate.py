"""`stillscan simulate`: the contract of its output, what each movement leads to, and every kind of unusable input."""

import json
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from stillscan.cli import main
from stillscan.simulator.hand import PROFILES
from tests.covering import some

SAMPLES = Path(str(files("stillscan.samples")))
CLEAN = str(SAMPLES / "nor-clean.png")
KEYS = {
    "outcome", "reason", "mrz", "format", "attempts", "aborts", "t_still_ms", "t_verdict_ms", "virtual_ms", "wall_ms",
    "seed", "firmware", "heap_free_min", "sensors",
}  # fmt: skip
LINES = ["P<NOROESTENBYEN<<AASE<<<<<<<<<<<<<<<<<<<<<<<", "ZZZ0001013NOR9105171F3101012<<<<<<<<<<<<<<<6"]
HEADER = "t_ms,dx_mm,dy_mm,lift_mm,ax_g,ay_g,az_g\n"


def simulate(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict]:
    code = main(["simulate", "--json", *arguments])
    return code, json.loads(capsys.readouterr().out)


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The one line on stderr of a command that ends with exit code 2."""
    assert main(["simulate", "--json", *arguments]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("stillscan: ")
    assert said.err.count("\n") == 1
    return said.err


@pytest.mark.parametrize("fault", ["line-sensor-dead-pixels", "line-sensor-dead-pixels@0", "line-sensor-hot-pixels@0"])
@pytest.mark.parametrize("seed", some((1002, 1000, 1005, 1004), 1))
def test_pixels_that_die_cost_no_check(fault: str, seed: int, capsys: pytest.CaptureFixture[str]) -> None:
    """Before it was calibrated, or since then."""
    code, record = simulate(capsys, "--document", CLEAN, "--seed", str(seed), "--fault", fault, "--motion", "drift")
    assert (code, record["outcome"], record["mrz"]) == (0, "verified", LINES)


def test_a_still_clean_passport_is_verified_in_one_attempt(capsys):
    code, record = simulate(capsys, "--document", CLEAN)
    assert code == 0
    assert set(record) == KEYS
    assert (record["outcome"], record["reason"], record["attempts"], record["aborts"]) == ("verified", "ok", 1, [])
    assert (record["mrz"], record["format"]) == (LINES, "TD3")
    assert 0 < record["t_still_ms"] < record["t_verdict_ms"] <= record["t_still_ms"] + 1500


@pytest.mark.process
def test_what_no_check_needs_is_not_loaded() -> None:
    """Masked arrays of numpy take 30 ms of a first check; they come with its `unique`, and a median of floats."""
    check = f"import sys, stillscan.cli as s; s.main(['simulate', '--document', {CLEAN!r}]); print(*sys.modules)"
    said = subprocess.run([sys.executable, "-c", check], check=True, capture_output=True, text=True).stdout
    assert "onnxruntime" in said.split(), "it has read"
    assert "numpy.ma" not in said.split()


@pytest.mark.parametrize("share", [0.7, 0.9])
def test_paper_that_is_not_white_is_verified_as_soon(capsys, tmp_path: Path, share: float):
    """Rows that the sweep has not come to look like the paper: a white edge beside the text was taken for its print."""
    grey = np.asarray(Image.open(CLEAN).convert("L")) * share
    Image.fromarray(grey.astype(np.uint8)).save(tmp_path / "grey.png")
    _, white = simulate(capsys, "--document", CLEAN)
    _, record = simulate(capsys, "--document", str(tmp_path / "grey.png"))
    assert (record["outcome"], record["attempts"], record["mrz"]) == ("verified", 1, LINES)
    assert record["t_verdict_ms"] <= white["t_verdict_ms"] + 100


def test_one_slip_costs_one_restart_and_stops_in_time(capsys):
    _, record = simulate(capsys, "--document", CLEAN, "--motion", "one-slip")
    assert (record["outcome"], record["attempts"], len(record["aborts"])) == ("verified", 2, 1)
    abort = record["aborts"][0]
    assert abort["cause"] == "slip"
    assert 0 <= abort["latency_ms"] <= 15
    assert record["mrz"] == LINES


def test_a_lifted_passport_is_read_after_it_lies_flat_again(capsys):
    _, record = simulate(capsys, "--document", CLEAN, "--motion", "lift")
    assert record["outcome"] == "verified"
    assert record["attempts"] >= 2
    assert record["t_still_ms"] > 1000  # raised for about a second


def test_a_removed_passport_ends_the_check(capsys):
    code, record = simulate(capsys, "--document", CLEAN, "--motion", "removed")
    assert code == 1
    assert (record["outcome"], record["reason"], record["mrz"]) == ("gave_up", "removed", None)


def test_bumps_alone_cost_nothing(capsys):
    _, record = simulate(capsys, "--document", CLEAN, "--motion", "bump")
    assert (record["outcome"], record["attempts"], record["aborts"]) == ("verified", 1, [])


def test_with_restart_only_a_bump_stops_within_one_line(capsys):
    _, record = simulate(capsys, "--document", CLEAN, "--motion", "bump", "--restart-only")
    assert record["aborts"]
    assert all(abort["cause"] == "bump" and abort["latency_ms"] <= 2.95 for abort in record["aborts"])


@pytest.mark.parametrize("motion", ["tremor", "drift", "slips", "slips-3", "restless", "lift-slips", "mixed"])
def test_an_unquiet_hand_is_read_all_the_same(capsys, motion):
    code, record = simulate(capsys, "--document", CLEAN, "--motion", motion)
    assert (code, record["outcome"], record["mrz"]) == (0, "verified", LINES)
    assert record["t_verdict_ms"] <= 10_000


@pytest.mark.parametrize("motion", ["drift", "slips-3", "mixed"])
def test_a_flow_sensor_of_the_other_direction_leads_to_no_misread(capsys, motion):
    """Nothing on the device can tell; the lines end up in wrong places, and do not add up to an MRZ."""
    for seed in some(range(4), 1):
        arguments = ("--motion", motion, "--seed", str(seed), "--fault", "flow-opposite", "--max-seconds", "6")
        code, record = simulate(capsys, "--document", CLEAN, *arguments)
        assert (code, record["outcome"]) in ((0, "verified"), (1, "gave_up"))
        assert record["mrz"] in (None, LINES)


def test_sensors_that_make_no_sense(capsys):
    code, record = simulate(capsys, "--document", CLEAN, "--fault", "flow-spin")
    assert (code, record["reason"]) == (3, "flow: implausible")
    code, record = simulate(capsys, "--document", CLEAN, "--fault", "accelerometer-full-scale", "--motion", "slips")
    assert (code, record["outcome"]) == (0, "verified"), "the flow is enough"


def test_the_same_seed_gives_the_same_bytes(capsys):
    arguments = ("--document", CLEAN, "--motion", "slips", "--dirt", "dirty", "--seed", "7")
    first, second = simulate(capsys, *arguments), simulate(capsys, *arguments)
    for _, record in (first, second):
        del record["wall_ms"]
    assert json.dumps(first) == json.dumps(second)
    _, other = simulate(capsys, *arguments[:-1], "8")
    assert other["aborts"] != first[1]["aborts"]


def test_restart_only_gives_up_after_three_attempts(capsys):
    code, record = simulate(capsys, "--document", CLEAN, "--motion", "bump", "--restart-only")
    assert (code, record["outcome"], record["reason"], record["attempts"]) == (1, "gave_up", "attempts", 3)


def test_max_seconds_is_a_limit(capsys):
    _, record = simulate(capsys, "--document", CLEAN, "--motion", "drift", "--max-seconds", "0.5")
    assert (record["outcome"], record["reason"]) == ("gave_up", "time")
    assert 500 <= record["t_verdict_ms"] <= 600


def test_a_specimen_is_taken_in_test_mode_only(capsys):
    specimen = ("--document", str(SAMPLES / "uto-clean.png"))
    code, record = simulate(capsys, *specimen)
    assert (code, record["outcome"], record["reason"]) == (1, "refused", "specimen_document")
    code, record = simulate(capsys, *specimen, "--test-mode")
    assert (code, record["outcome"], record["reason"]) == (0, "verified", "ok")


@pytest.mark.parametrize(
    ("sample", "reason"),
    [
        ("nor-expired.png", "document_expired"),
        ("nor-id-card.png", "document_not_passport"),
        ("uto-visa.png", "document_not_passport,specimen_document"),
    ],
)
def test_other_documents_are_refused(capsys, sample, reason):
    code, record = simulate(capsys, "--document", str(SAMPLES / sample))
    assert (code, record["outcome"], record["reason"]) == (1, "refused", reason)


def test_a_whole_page_is_scanned_at_its_lower_edge(capsys):
    _, record = simulate(capsys, "--document", str(SAMPLES / "nor-page.png"))
    assert record["outcome"] == "verified"


def test_the_name_on_the_letter_decides(capsys):
    assert simulate(capsys, "--document", CLEAN, "--recipient", "Åse Østenbyen")[0] == 0
    code, record = simulate(capsys, "--document", CLEAN, "--recipient", "Kari Nordmann")
    assert (code, record["reason"]) == (1, "name_mismatch")


def test_text_is_printed_and_read_back(capsys, ocr_b):
    _, record = simulate(capsys, "--mrz-text", "|".join(LINES))
    assert (record["outcome"], record["mrz"]) == ("verified", LINES)


def test_white_paper_is_given_up_with_its_reason(capsys, tmp_path):
    Image.fromarray(np.full((274, 1476), 235, np.uint8)).save(tmp_path / "white.png")
    code, record = simulate(capsys, "--document", str(tmp_path / "white.png"))
    assert (code, record["outcome"], record["reason"], record["attempts"]) == (1, "gave_up", "mrz_missing", 3)


def test_a_trace_moves_the_document(capsys, tmp_path):
    trace = tmp_path / "trace.csv"
    trace.write_text(HEADER + "0,0,0,0,0,0,0\n600,0,0,0,0,0,0\n680,0.5,0,0,0,0,0\n")
    _, record = simulate(capsys, "--document", CLEAN, "--motion", str(trace))
    assert [abort["cause"] for abort in record["aborts"]] == ["slip"]
    # 0.2 mm of the slip are over at 632 ms
    assert record["aborts"][0]["t_ms"] <= 632 + 15


@pytest.mark.parametrize("fault", ["flow-nak", "accelerometer-wrong-id", "line-sensor-dark", "carriage-jam"])
def test_a_broken_part_is_named(capsys, fault):
    code, record = simulate(capsys, "--document", CLEAN, "--fault", fault)
    part = {"line-sensor-dark": "lamp"}.get(fault, fault.split("-")[0])
    assert (code, record["outcome"]) == (3, "fault")
    assert record["reason"].startswith(part + ": ")


def test_a_part_that_breaks_in_mid_sweep_is_named(capsys):
    code, record = simulate(capsys, "--document", CLEAN, "--fault", "accelerometer-nak@400", "--motion", "one-slip")
    assert (code, record["outcome"], record["reason"]) == (3, "fault", "accelerometer: no_answer")


def test_a_plot_is_drawn_and_changes_nothing(capsys, tmp_path):
    pytest.importorskip("matplotlib")
    arguments = ("--document", CLEAN, "--motion", "lift", "--seed", "1")
    plotted, plain = (simulate(capsys, *arguments, *plot)[1] for plot in (("--plot", str(tmp_path / "check.png")), ()))
    for record in (plotted, plain):
        del record["wall_ms"]
    assert plotted == plain
    with Image.open(tmp_path / "check.png") as picture:
        band = np.asarray(picture.convert("RGB").crop((100, 340, 1090, 420))).reshape(-1, 3).tolist()
    drawn = {tuple(pixel) for pixel in band}
    amber = [(r, g, b) for r, g, b in drawn if r > 120 and r / 2 < g < 0.75 * r and b == 0]
    green = [(r, g, b) for r, g, b in drawn if g > 120 and r == b == 0]
    assert amber, "the ring as it shone while the document was lifted"
    assert green, "and at the end"


def test_unusable_images_are_refused(capsys, tmp_path):
    empty, text = tmp_path / "empty.png", tmp_path / "text.png"
    empty.touch()
    text.write_text("no image")
    cut = tmp_path / "cut.png"
    cut.write_bytes(Path(CLEAN).read_bytes()[:3000])
    for path in (empty, text, cut, tmp_path / "missing.png", tmp_path):
        assert path.name in refused(capsys, "--document", str(path))


@pytest.mark.parametrize(
    "body",
    [
        "",
        "t_ms,dx_mm\n0,0\n",
        HEADER,
        HEADER + "0,0,0,0,0,0,0\n0,0,0,0,0,0,0\n",
        HEADER + "0,nan,0,0,0,0,0\n",
        "\0\1\2",
    ],
    ids=["empty", "columns", "rows", "time", "nan", "binary"],
)
def test_unusable_traces_are_refused(capsys, tmp_path, body):
    trace = tmp_path / "trace.csv"
    trace.write_text(body)
    assert "trace.csv" in refused(capsys, "--document", CLEAN, "--motion", str(trace))


def test_unknown_names_are_refused_with_the_known_ones(capsys):
    assert all(name in refused(capsys, "--document", CLEAN, "--motion", "wild") for name in PROFILES)
    assert "streak" in refused(capsys, "--document", CLEAN, "--dirt", "mud")
    assert "flow-nak" in refused(capsys, "--document", CLEAN, "--fault", "everything")
    assert "simulator" in refused(capsys, "--document", CLEAN, "--board", "toaster")
    assert "seed" in refused(capsys, "--document", CLEAN, "--seed", "-1")
    refused(capsys, "--mrz-text", "NOT|AN MRZ")


@pytest.mark.parametrize("arguments", [[], ["--document"], ["--document", CLEAN, "--max-seconds", "nan"]])
def test_wrong_usage_ends_with_2(capsys, arguments):
    with pytest.raises(SystemExit) as ended:
        main(["simulate", *arguments])
    assert ended.value.code == 2
    assert "Traceback" not in capsys.readouterr().err


def test_the_time_of_a_reading_is_modelled_or_said(capsys):
    """The same document, read by computers of different speed: the verdict comes so much later."""
    _, modelled = simulate(capsys, "--document", CLEAN)
    _, quick = simulate(capsys, "--document", CLEAN, "--read-ms", "0")
    code, slow = simulate(capsys, "--document", CLEAN, "--read-ms", "1500")
    assert code == 0
    assert 3 < modelled["t_verdict_ms"] - quick["t_verdict_ms"] < 30
    assert slow["t_verdict_ms"] - quick["t_verdict_ms"] == pytest.approx(1500, abs=20)
    assert simulate(capsys, "--document", CLEAN, "--read-ms", "real")[0] == 0


def test_a_reading_that_takes_longer_than_its_limit_is_told_and_the_check_ends(capsys):
    code, record = simulate(capsys, "--document", CLEAN, "--read-ms", "3000")
    assert (code, record["outcome"], record["reason"]) == (1, "gave_up", "reading_late")
    assert record["attempts"] == 3
    assert record["t_verdict_ms"] < 10_000


@pytest.mark.parametrize("time", ["-1", "nan", "inf", "soon", "60001"])
def test_times_of_a_reading_that_cannot_be(capsys, time):
    with pytest.raises(SystemExit) as ended:
        main(["simulate", "--document", CLEAN, "--read-ms", time])
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "is not a number of milliseconds from 0 to 60000, or real" in said


def test_what_shows_no_text_is_said_quickly(capsys, tmp_path):
    """A blank sheet: each capture is settled within 0.3 s of its last row."""
    from PIL import Image

    Image.new("L", (1476, 274), 235).save(tmp_path / "blank.png", dpi=(300, 300))
    code, record = simulate(capsys, "--document", str(tmp_path / "blank.png"))
    assert code == 1
    assert record["reason"] == "mrz_missing"
