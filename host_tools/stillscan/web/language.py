"""In which language a page is: the one that somebody chose in this browser, or else the one of `stillscan run`."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from stillscan.guidance import DEFAULT_LANGUAGE, languages, page_texts
from stillscan.guidance.customers import customer_languages

COOKIE_S = 400 * 86_400  # 400 days: as long as browsers keep any cookie
_CHOICE = "stillscan-language"
"""The cookie of a choice. One called "language" was set for whoever had chosen nothing, too, and counts no more."""

_API = "/api/"  # of a counter, and of a centre of many


def begin_in(application: Starlette, language: str) -> None:
    """The pages of this application are in ``language`` until somebody chooses."""
    application.state.language = language


def language_of(request: Request) -> str:
    """The language that was asked for now, or chosen last, or else the program's."""
    for asked in (request.query_params.get("language"), request.cookies.get(_CHOICE)):
        if asked in languages():
            return str(asked)
    begun: str = getattr(request.app.state, "language", DEFAULT_LANGUAGE)
    return begun


def customer_language_of(request: Request) -> str:
    """What the customer's screen was asked for in, or else the program's: it keeps no choice for the next customer.

    English where the program's has no texts for customers: a language of somebody's own need not.
    """
    for asked in (request.query_params.get("language"), language_of(request)):
        if asked in customer_languages():
            return str(asked)
    return "en"


def keep_choice(request: Request, answer: Response) -> None:
    """The next page is in the language of this one as well, if it was asked for; a page alone is no choice."""
    asked = request.query_params.get("language")
    if asked in languages():
        answer.set_cookie(_CHOICE, str(asked), max_age=COOKIE_S, samesite="strict", httponly=True)


def refusal(request: Request, key: str, status: int) -> Response:
    """A sentence of the page's texts, alone; to a call of the API in the form that all its refusals have."""
    text = page_texts(language_of(request))[key]
    if request.url.path.startswith(_API):
        return JSONResponse({"detail": text}, status)
    return PlainTextResponse(text, status)
