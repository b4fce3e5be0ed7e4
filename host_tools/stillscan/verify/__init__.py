"""From what was read to what may be done: names, documents, reasons, verdict. Knows nothing of scanners or pictures."""

from stillscan.verify.names import NameMatch, match_name
from stillscan.verify.verdict import REASONS, MrzFacts, Outcome, Reason, Verdict, decide

__all__ = ["REASONS", "MrzFacts", "NameMatch", "Outcome", "Reason", "Verdict", "decide", "match_name"]
