"""Fields to MRZ lines with the right check digits: for specimens, samples and tests."""

from stillscan.mrz.alphabet import ALPHABET, FILLER, check_digit
from stillscan.mrz.errors import MrzError
from stillscan.mrz.formats import FORMATS, Span, format_of

_CUT = ("", "names")  # what a document cuts off where there is no room


def compose(
    form_name: str,
    *,
    code: str,
    issuer: str,
    primary: str,
    secondary: str,
    number: str,
    nationality: str,
    birth: str,
    sex: str,
    expiry: str,
    optional: tuple[str, ...] = (),
) -> tuple[str, ...]:
    """Lines of an MRZ of the format `form_name` from fields already in MRZ spelling (numbers of up to 9 characters).

    Dates are YYMMDD. Names and optional data that are too long are cut off. An empty optional field of TD3 gets a
    filler as check digit. MrzError names a field with characters outside the alphabet, or one that is too long.
    """
    form = FORMATS[form_name]
    grid = [[FILLER] * form.columns for _ in range(form.rows)]

    def put(span: Span | None, text: str, name: str = "") -> None:
        if not set(text) <= set(ALPHABET):
            raise MrzError(f"{name or 'optional data'}: an MRZ holds only A to Z, 0 to 9 and <")
        if span is None:
            return
        width = span.end - span.first
        if name not in _CUT and len(text) > width:
            raise MrzError(f"{name}: there is room for {width} characters, not for {len(text)}")
        grid[span.line][span.first : span.end] = text[:width].ljust(width, FILLER)

    put(form.code, code, "code")
    put(form.issuer, issuer, "issuer")
    put(form.names, f"{primary}{FILLER * 2}{secondary}" if secondary else primary, "names")
    put(form.number, number, "number")
    put(form.nationality or form.issuer, nationality, "nationality")
    put(form.birth, birth, "birth")
    put(form.sex, sex, "sex")
    put(form.expiry, expiry, "expiry")
    for span, text in zip(form.optional, optional, strict=False):
        put(span, text)
    for check in form.checks:
        covered = "".join(span.of(["".join(row) for row in grid]) for span in check.covers)
        if check.name != "optional" or covered.strip(FILLER):
            put(check.digit, str(check_digit(covered)))
    lines = tuple("".join(row) for row in grid)
    format_of(lines)
    return lines
