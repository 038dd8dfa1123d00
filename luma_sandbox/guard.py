"""Access control of the sandbox's own routes: programs and people on this machine, and no page of another site.

A web page can send requests to loopback, and through a name that it points there (DNS rebinding) read the answers. The
routes of Luma's APIs are open to any client, since they require a key, which no page has.
"""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from fastapi import Request

from luma_sandbox.refusal import Refusal

OWN_SITE = ("same-origin", "none")  # Sec-Fetch-Site of the sandbox's own page, and of a typed address
WITH_BODY = ("POST", "PUT", "PATCH")


async def own_machine(request: Request) -> None:
    """Refuse a request to a control route that does not address this machine by its own name, or comes from another
    site.

    Raises Refusal: 403 for a foreign ``Host``, ``Origin`` or ``Sec-Fetch-Site``, 415 for a body that is not JSON.
    """
    host = request.headers.get("host", "")
    names = {_name(request.app.state.server.options.public_url)} - {""}
    if not is_loopback(_name(f"//{host}")) and _name(f"//{host}") not in names:
        raise Refusal(403, "The sandbox's own routes answer to 127.0.0.1, localhost or [::1] only, not to this host")
    origin = request.headers.get("origin")
    if origin is not None and not _same(origin, host):
        raise Refusal(403, "The sandbox's own routes answer no page of another site")
    site = request.headers.get("sec-fetch-site")
    if site is not None and site not in OWN_SITE and not _followed(request):
        raise Refusal(403, "The sandbox's own routes answer no page of another site")
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if request.method in WITH_BODY and kind != "application/json":
        raise Refusal(415, "Send the body as application/json")


def is_loopback(name: str) -> bool:
    """True if a host's name or address is this machine, without a look-up."""
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _name(url: str) -> str:
    """The host of an address, without its port, in lower case; empty if there is none."""
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises ValueError for an invalid one
        return "" if "@" in parts.netloc else parts.hostname or ""
    except ValueError:
        return ""


def _same(origin: str, host: str) -> bool:
    """True if an ``Origin`` is the address of the request; ``null`` is none."""
    scheme, mark, rest = origin.lower().partition("://")
    return bool(mark) and scheme in ("http", "https") and rest == host.lower()


def _followed(request: Request) -> bool:
    """True if the user followed a link here: then the other site cannot read the answer."""
    headers = request.headers
    top = headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"
    return top and request.method in ("GET", "HEAD")
