"""Cross-origin access (CORS) to the APIs for web pages of this machine, and for no others."""

from __future__ import annotations

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

# A page served from this machine, at any port.
ORIGINS = r"https?://(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?"
# The paths of the APIs, with and without Dream Machine's base path, and of their assets; not the sandbox's own routes.
OPEN = ("/dream-machine/v1/", "/v1/", "/generations", "/credits", "/ping", "/sandbox/assets/", "/sandbox/uploads/")
METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE")
READABLE = ("Retry-After", "X-Request-Id", "X-RateLimit-Limit", "Accept-Ranges", "Content-Range", "Content-Length")


class Browsers:
    """The application with CORS on its APIs and assets, for origins on loopback; the control routes stay closed."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._opened = CORSMiddleware(
            app,
            allow_origin_regex=ORIGINS,
            allow_methods=METHODS,
            allow_headers=["*"],  # each SDK sends headers of its own: x-stainless-…, and the key
            expose_headers=READABLE,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one call; a preflight never reaches the application."""
        opened = scope["type"] == "http" and scope["path"].startswith(OPEN)
        await (self._opened if opened else self._app)(scope, receive, send)
