"""Importing letters: both formats, every error with its line, whole or not at all."""

import json

import pytest
from desk import NOW, Clock, Place, csv, later, tracking
from hypothesis import given
from hypothesis import strategies as st

from stillscan.records import retention
from stillscan.records.audit import entries
from stillscan.records.consignments import FIELDS, OPTIONAL, StoredConsignment
from stillscan.records.errors import RowsError
from stillscan.records.importing import Imported, load, parse
from stillscan.records.rows import rows
from stillscan.records.staff import Person
from stillscan.records.verification import verify

ROW = {"tracking": tracking(1), "order": "B-1", "recipient": "Åse Østenbyen", "deadline": "2026-12-13", "office": ""}


def errors(content: bytes | str) -> list[tuple[int, str]]:
    return parse(content.encode() if isinstance(content, str) else content)[1]


def errors_of(**fields: object) -> list[tuple[int, str]]:
    return errors(json.dumps([{**ROW, **fields}]))


def take(place: Place, content: bytes, *, test: bool = False, supervisor: Person | None = None) -> Imported:
    return load(content, place.database, place.keyring, "f", test=test, supervisor=supervisor)


def stored(place: Place) -> list[StoredConsignment]:
    return place.stored()


def count(place: Place) -> int:
    with place.database.reading() as connection:
        return sum(1 for _ in entries(connection))


@pytest.mark.parametrize(
    "content",
    [
        csv(range(1, 3)),
        csv(range(1, 3)).replace(b",", b";"),
        csv(range(1, 3)).replace(b",", b"\t").replace(b"\n", b"\r\n"),
        b"\xef\xbb\xbf" + csv(range(1, 3)) + b"\n\n",
        json.dumps(
            [dict(ROW, office="1473 Oppsal"), dict(ROW, office="1473 Oppsal", tracking=tracking(2), order="B-2")]
        ),
        "\n".join(json.dumps(dict(ROW, office="1473 Oppsal", tracking=tracking(n), order=f"B-{n}")) for n in (1, 2)),
    ],
)
def test_the_same_letters_in_each_format(content: bytes | str) -> None:
    letters, wrong = parse(content.encode() if isinstance(content, str) else content)
    assert wrong == []
    assert [letter for _, letter in letters.values()] == [letter for _, letter in parse(csv(range(1, 3)))[0].values()]


def test_every_error_is_told_with_its_line() -> None:
    content = f"""tracking,order,recipient,deadline

{tracking(1)},B-1,,06.12.2026
{tracking(2)},B-2,"Åse
Østenbyen",2026-12-13
RR123456784NO,B-3,Åse Østenbyen,2026-02-30
{tracking(3)},B-4,Åse Østenbyen
{tracking(4)},B-5,Åse Østenbyen,2026-12-13
{tracking(4)},B-6,Åse Østenbyen,2026-12-13"""
    assert errors(content) == [
        (3, "recipient: is empty"),
        (3, "deadline: is a date as YYYY-MM-DD"),
        (4, "recipient: holds a control character (U+000A)"),
        (6, "tracking: its check digit is wrong; please type it again"),
        (6, "deadline: is a date as YYYY-MM-DD"),
        (7, "has 3 fields, the header 4"),
        (9, "this tracking number stands in line 8 too, with other contents"),
    ]


def test_json_errors_have_lines_too() -> None:
    text = json.dumps([ROW, {**ROW, "order": 7}, "no object", {**ROW, "name": "x"}], indent=1)
    lines = text.splitlines()
    at = [i + 1 for i, line in enumerate(lines) if line.strip() in ("{", '"no object",')]
    assert errors(text) == [
        (at[1], "order: is not text"),
        (at[2], "is not an object"),
        (at[3], "there is no field 'name'"),
    ]
    assert errors('[{"tracking":\n oops}]')[0][0] == 2
    assert errors("[{}")[-1] == (1, "is not JSON (the list does not end)")
    assert errors(json.dumps([ROW]) + "x") == [(1, "is not JSON (the list does not end, or something follows it)")]
    assert errors('{"order": "a", "order": "b"}') == [(1, "is not JSON (an object names a field twice)")]
    assert errors("[" * 100_000)[0][1].startswith("is not JSON")


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "the file is empty"),
        (b"a,b\xff", "is not UTF-8 text"),
        ("tracking,order,recipient\n", "the header lacks deadline"),
        ("tracking,order,recipient,deadline,deadline\n", "the header names deadline twice"),
        ("tracking,order,recipient,deadline,ofice\n", "there is no field 'ofice'"),
        ('tracking,order,recipient,deadline\n"open', "is not CSV"),
    ],
)
def test_files_that_are_no_such_file(content: bytes | str, problem: str) -> None:
    assert errors(content)[0][1].startswith(problem)


@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [
        ("recipient", "x" * 201, "is longer than 200 characters"),
        ("recipient", "x" * 10_000_000, "is longer than 200 characters"),
        ("recipient", "Åse\x00", "holds a control character (U+0000)"),
        ("recipient", "Åse\u202eneybnets", "holds right-to-left text or a direction mark (U+202E)"),
        ("recipient", "\u200fÅse", "holds right-to-left text or a direction mark (U+200F)"),
        ("recipient", "עשה", "holds right-to-left text or a direction mark (U+05E2)"),
        ("recipient", "Иван", "holds a letter that is not Latin (U+0418)"),
        ("recipient", "Åse\u200bØ", "holds a character that cannot be seen (U+200B)"),
        ("recipient", "\ud800", "holds a character that cannot be seen (U+D800)"),
        ("recipient", "123", "holds no letter"),
        ("recipient", None, "is missing"),
        ("order", "", "is empty"),
        ("order", "x" * 65, "is longer than 64 characters"),
        ("office", ["x"], "is not text"),
        ("deadline", "20261206", "is a date as YYYY-MM-DD"),
        ("deadline", "1026-12-06", "is a date from 2000 to 2099"),
        ("tracking", 370438101015432114, "is not text"),
    ],
)
def test_fields_that_cannot_be_used(field: str, value: object, problem: str) -> None:
    assert errors_of(**{field: value}) == [(1, f"{field}: {problem}")]


@pytest.mark.parametrize(
    "name", ["Robert'); DROP TABLE consignment;--", "<script>alert(1)</script> Ås", "O\u2019Neil", "=A1 B"]
)
def test_sql_and_html_are_text(place: Place, name: str) -> None:
    take(place, json.dumps([{**ROW, "tracking": tracking(9), "recipient": name}]).encode())
    assert [letter.recipient for letter in stored(place) if letter.tracking == tracking(9)] == [name]
    assert verify(place.database, place.keyring).findings == []


def test_the_same_file_again_changes_nothing(place: Place) -> None:
    before = count(place)
    assert take(place, csv(range(3))) == Imported(0, 3)
    assert take(place, csv(range(4))) == Imported(1, 3)
    assert count(place) == before + 1


def test_a_released_letter_may_be_sent_again(place: Place) -> None:
    assert place.finish(1) == "release"
    assert take(place, csv(range(3))) == Imported(0, 3)
    assert [letter.released for letter in stored(place)] == [False, True, False]


def test_a_conflict_is_an_error_and_nothing_is_imported(place: Place) -> None:
    before = count(place)
    with pytest.raises(RowsError) as caught:
        take(place, csv(range(2, 6), recipient="Kari Hansen"))
    assert caught.value.errors == [(2, "this tracking number is there already, with other contents")]
    assert "Kari" not in str(caught.value)
    assert (len(stored(place)), count(place)) == (3, before)


def test_a_bad_row_keeps_the_others_out_too(place: Place) -> None:
    with pytest.raises(RowsError, match=r"f:3: has 1 fields, the header 5\nf: nothing was imported \(1 error\)"):
        take(place, csv(range(7, 8)) + b"\nx")
    assert len(stored(place)) == 3


@pytest.mark.slow
def test_a_letter_whose_time_was_over_can_be_imported_anew(place: Place, clock: Clock) -> None:
    supervisor = place.supervisor()
    clock.now = later(30)
    retention.purge(place.database, place.keyring, 1, clock.now)
    assert all(letter.erased for letter in stored(place))
    with pytest.raises(RowsError, match="was here before; a supervisor can take it in again"):
        take(place, csv(range(3)))
    assert take(place, csv(range(3)), supervisor=supervisor) == Imported(3, 0)
    assert not any(letter.erased for letter in stored(place))
    assert verify(place.database, place.keyring).findings == []


def test_letters_for_trying_out_are_marked(place: Place) -> None:
    take(place, json.dumps([{**ROW, "tracking": "TESTPACKAGE-EDI"}]).encode(), test=True)
    assert [letter.tracking for letter in stored(place) if letter.test] == ["TESTPACKAGE-EDI"]
    with pytest.raises(RowsError, match="with other contents"):
        take(place, csv(range(1)), test=True)


def test_objects_tell_no_personal_data() -> None:
    (_, letter) = parse(csv(range(1)))[0][tracking(0)]
    assert "Åse" not in repr(letter)
    assert letter.deadline > NOW.date()


@pytest.mark.slow
@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda text: ("[" + text).encode("utf-8", "ignore")))
def test_no_bytes_do_anything_but_give_rows_or_errors(content: bytes) -> None:
    for row in rows(content, FIELDS, OPTIONAL):
        assert row.line >= 1
        assert (row.fields is None) == bool(row.problem)
    letters, wrong = parse(content)
    assert letters == {} or wrong == [] or all("\n" not in problem for _, problem in wrong)


TEXT = st.text(st.characters(codec="utf-8"), max_size=30)


@pytest.mark.slow
@given(st.lists(st.fixed_dictionaries({field: TEXT for field in FIELDS}), min_size=1, max_size=4))
def test_json_and_csv_say_the_same(fields: list[dict[str, str]]) -> None:
    import csv as writer
    import io

    file = io.StringIO(newline="")
    out = writer.DictWriter(file, FIELDS, quoting=writer.QUOTE_ALL)
    out.writeheader()
    out.writerows(fields)
    as_csv = [r.fields for r in rows(file.getvalue().encode(), FIELDS, OPTIONAL)]
    as_json = [r.fields for r in rows(json.dumps(fields).encode(), FIELDS, OPTIONAL)]
    assert as_csv == [row for row in as_json if row is None or any(str(cell).strip() for cell in row.values())]
