"""Fields to MRZ lines with the right check digits: for specimens, samples and tests."""

from stillscan.mrz.alphabet import FILLER, check_digit
from stillscan.mrz.formats import FORMATS, Span, format_of


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

    Dates are YYMMDD. A name that is too long is cut off. An empty optional field of TD3 gets a filler as check digit.
    MrzError when the result has characters outside the alphabet.
    """
    form = FORMATS[form_name]
    grid = [[FILLER] * form.columns for _ in range(form.rows)]

    def put(span: Span | None, text: str) -> None:
        if span is None:
            return
        width = span.end - span.first
        grid[span.line][span.first : span.end] = text[:width].ljust(width, FILLER)

    put(form.code, code)
    put(form.issuer, issuer)
    put(form.names, f"{primary}{FILLER * 2}{secondary}" if secondary else primary)
    put(form.number, number)
    put(form.nationality or form.issuer, nationality)
    put(form.birth, birth)
    put(form.sex, sex)
    put(form.expiry, expiry)
    for span, text in zip(form.optional, optional, strict=False):
        put(span, text)
    for check in form.checks:
        covered = "".join(span.of(["".join(row) for row in grid]) for span in check.covers)
        if check.name != "optional" or covered.strip(FILLER):
            put(check.digit, str(check_digit(covered)))
    lines = tuple("".join(row) for row in grid)
    format_of(lines)
    return lines
