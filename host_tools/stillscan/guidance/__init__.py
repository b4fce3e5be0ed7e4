"""What to tell clerks, customers and technicians, in their language."""

from stillscan.guidance.catalogue import DEFAULT_LANGUAGE, UnknownTextError, catalogue, languages, say, say_or_name

__all__ = ["DEFAULT_LANGUAGE", "UnknownTextError", "catalogue", "languages", "say", "say_or_name"]
