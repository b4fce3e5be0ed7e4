"""What to tell clerks, customers and technicians, in their language."""

from stillscan.guidance.catalogue import DEFAULT_LANGUAGE, UnknownTextError, catalogue, languages, say

__all__ = ["DEFAULT_LANGUAGE", "UnknownTextError", "catalogue", "languages", "say"]
