"""From what was read to what may be done: documents, numbers, names, reasons, verdict. Knows nothing of scanners."""

from stillscan.verify.case import Case, Consignment
from stillscan.verify.document import MrzFacts
from stillscan.verify.identity_number import IdentityNumber, parse_identity_number
from stillscan.verify.names import NameMatch, match_name
from stillscan.verify.rules import decide_case, decide_document
from stillscan.verify.ruling import OK, REASONS, Reason, Ruling, Verdict, explanations

__all__ = [
    "OK",
    "REASONS",
    "Case",
    "Consignment",
    "IdentityNumber",
    "MrzFacts",
    "NameMatch",
    "Reason",
    "Ruling",
    "Verdict",
    "decide_case",
    "decide_document",
    "explanations",
    "match_name",
    "parse_identity_number",
]
