"""From what was read to what may be done: documents, numbers, names, reasons, verdict. Knows nothing of scanners."""

from stillscan.verify.case import Case, Consignment
from stillscan.verify.document import MrzFacts
from stillscan.verify.identity_number import IdentityNumber, parse_identity_number
from stillscan.verify.names import NameMatch, match_name
from stillscan.verify.rules import decide_case
from stillscan.verify.ruling import OK, REASONS, Reason, Ruling, explanations
from stillscan.verify.verdict import Outcome, Verdict, decide

__all__ = [
    "OK",
    "REASONS",
    "Case",
    "Consignment",
    "IdentityNumber",
    "MrzFacts",
    "NameMatch",
    "Outcome",
    "Reason",
    "Ruling",
    "Verdict",
    "decide",
    "decide_case",
    "explanations",
    "match_name",
    "parse_identity_number",
]
