"""Cases as JSON lines: the contract, its errors, and the command that reads them."""

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from passports import mrz

from stillscan.cli import main
from stillscan.errors import InputError
from stillscan.verify import REASONS, decide_case
from stillscan.verify.cases import case_from_json

CASE: dict[str, Any] = {
    "mrz": list(mrz()),
    "certain": True,
    "consignment": {
        "tracking": "RR123456785NO",
        "order": "A-1",
        "recipient": "Åse Østenbyen",
        "deadline": "2026-12-08",
        "released": False,
    },
    "second_document": None,
    "face_matches": True,
    "now": "2026-11-29T12:00:00Z",
    "test_mode": False,
}


def test_a_case_becomes_a_verdict() -> None:
    assert decide_case(case_from_json(json.dumps(CASE))).verdict == "release"
    second = {**CASE, "second_document": {"number": "1"}}
    assert decide_case(case_from_json(json.dumps(second))).reasons == ("identity_number_invalid",)
    assert case_from_json(json.dumps({**CASE, "consignment": None})).consignment is None
    assert not case_from_json(
        json.dumps({name: value for name, value in CASE.items() if name != "test_mode"})
    ).test_mode


@pytest.mark.parametrize("name", [name for name in CASE if name != "test_mode"])
def test_a_missing_or_wrong_field_is_named(name: str) -> None:
    left_out = {field: value for field, value in CASE.items() if field != name}
    for bad in (left_out, {**CASE, name: 7}, {**CASE, name: "yes"}):
        with pytest.raises(InputError, match=f"'{name}'"):
            case_from_json(json.dumps(bad))


@pytest.mark.parametrize("name", ["tracking", "recipient", "deadline", "released"])
def test_so_is_one_of_the_letter(name: str) -> None:
    left_out = {field: value for field, value in CASE["consignment"].items() if field != name}
    for bad in (left_out, {**CASE["consignment"], name: 7}):
        with pytest.raises(InputError, match=rf"'consignment\.{name}'"):
            case_from_json(json.dumps({**CASE, "consignment": bad}))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("", "not one JSON object"),
        ("[]", "not one JSON object"),
        ("{", "not one JSON object"),
        ("[" * 5000, "not one JSON object"),
        (json.dumps({**CASE, "face_match": True}), "that no case has"),
        (json.dumps({**CASE, "second_document": {"numbers": "1"}}), "that no case has"),
        (json.dumps({**CASE, "now": "2026-11-29T12:00:00"}), "no time zone"),
        (json.dumps({**CASE, "now": "yesterday"}), "no time such as"),
        (json.dumps({**CASE, "mrz": ["P<NOR", 1]}), "list of lines"),
        (json.dumps({**CASE, "mrz": ["<" * 30000]}), "longer than"),
    ],
)
def test_what_is_no_case(line: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        case_from_json(line)


@pytest.mark.slow
@given(st.text(max_size=200) | st.recursive(st.none() | st.booleans() | st.text(), st.lists).map(json.dumps))
def test_any_text_is_a_case_or_an_input_error(line: str) -> None:
    with pytest.raises(InputError):
        case_from_json(line)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=6,
)


@pytest.mark.slow
@given(st.sampled_from(sorted(CASE)), json_values)
def test_no_value_of_a_field_does_any_harm(name: str, value: object) -> None:
    try:
        verdict = decide_case(case_from_json(json.dumps({**CASE, name: value}))).verdict
    except InputError as error:
        verdict = str(error)
    assert name in verdict or verdict != "release" or value in (True, False, "", CASE[name])


def test_decide_prints_one_verdict_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "cases.jsonl"
    lines = [
        json.dumps(CASE),
        "",
        json.dumps({**CASE, "mrz": None}),
        "nonsense",
        json.dumps({**CASE, "certain": False}),
    ]
    file.write_text("\n".join(lines), encoding="utf-8")
    assert main(["rules", "decide", str(file), "--json"]) == 2
    out, err = capsys.readouterr()
    assert [json.loads(line) for line in out.splitlines()] == [
        {"verdict": "release", "reasons": ["ok"]},
        {"verdict": "rescan", "reasons": ["mrz_missing"]},
        {"error": "not one JSON object"},
        {"verdict": "rescan", "reasons": ["mrz_uncertain"]},
    ]
    assert err == f"stillscan: {file}:4: not one JSON object\n"


def test_decide_reads_standard_input_and_a_very_long_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = f"{json.dumps(CASE)}\n{'x' * 100_000}\n{json.dumps(CASE)}\n"
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    assert main(["rules", "decide", "-"]) == 2
    assert capsys.readouterr().out.splitlines() == ["release: ok", "error", "release: ok"]


def test_a_file_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "decide", str(tmp_path / "none.jsonl")]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_explain(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "explain", "name_mismatch", "--language", "nb"]) == 0
    assert "Navnet i passet" in capsys.readouterr().out
    assert main(["rules", "explain"]) == 0
    assert all(code in capsys.readouterr().out for code in REASONS[:1])
    assert main(["rules", "explain", "--json"]) == 0
    assert tuple(json.loads(capsys.readouterr().out)) == REASONS
    assert main(["rules", "explain", "no_such_reason"]) == 2
