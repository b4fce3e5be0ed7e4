"""What every answer of the page carries, and which requests get none: other sites must not use the clerk's browser.

Cookies do not know ports, and SameSite does not either: a page that another account of this computer serves at a port
of its own is "same site". So a request has to be of the same origin. A browser says so with every form (Origin) and
with every request (Sec-Fetch-Site); what sends neither header is no browser, and holds no cookies but its own.
"""

from __future__ import annotations

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from stillscan.web.language import refusal
from stillscan.web.seldom import Seldom

_LOG = Seldom(__name__)
_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    # Not "no-referrer", with which browsers send "Origin: null" with a form. No address here holds anything personal.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


class Guard:
    """ASGI middleware: refuses requests that come from another origin, and adds the headers above."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def sealed(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    answer.setdefault(name, value)
            await send(message)

        if _of_another_site(scope["method"], Headers(scope=scope)):
            _LOG.warning("a request of another site was refused")
            await refusal(Request(scope), "another_site", 403)(scope, receive, sealed)
            return
        await self._app(scope, receive, sealed)


def _of_another_site(method: str, headers: Headers) -> bool:
    changes, origin = method not in ("GET", "HEAD"), headers.get("origin")
    if changes and origin is not None:
        return origin != f"http://{headers.get('host')}"
    if headers.get("sec-fetch-site", "none") in ("same-origin", "none"):
        return False
    return changes or headers.get("sec-fetch-mode") != "navigate" or headers.get("sec-fetch-dest") != "document"
