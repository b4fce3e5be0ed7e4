"""What to tell clerks, customers and technicians, in their language: one file a language."""

from stillscan.guidance.catalogue import (
    DEFAULT_LANGUAGE,
    UnknownTextError,
    catalogue,
    known_language,
    language_name,
    languages,
    page_texts,
    reason_key,
    say,
    say_key,
    say_or_name,
    say_reason,
    service_texts,
)
from stillscan.guidance.numbers import counted, sentence

__all__ = [
    "DEFAULT_LANGUAGE",
    "UnknownTextError",
    "catalogue",
    "counted",
    "known_language",
    "language_name",
    "languages",
    "page_texts",
    "reason_key",
    "say",
    "say_key",
    "say_or_name",
    "say_reason",
    "sentence",
    "service_texts",
]
