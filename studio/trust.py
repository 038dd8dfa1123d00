"""The certificate authorities that servers are checked against."""

from __future__ import annotations

import os
import ssl

import httpx

from studio.errors import SettingsError


def trusted() -> ssl.SSLContext:
    """The authorities of ``SSL_CERT_FILE`` or ``SSL_CERT_DIR`` if one is set, else those that come with httpx.

    httpx reads these variables only together with the proxy settings, which are switched off for a server on this
    machine. Raises SettingsError for a file that cannot be used.
    """
    try:
        return httpx.create_ssl_context()
    except OSError as error:  # ssl.SSLError is one
        name = "SSL_CERT_FILE" if os.environ.get("SSL_CERT_FILE") else "SSL_CERT_DIR"
        told = "holds no certificates" if isinstance(error, ssl.SSLError) else error.strerror or str(error)
        raise SettingsError(
            f"{name} cannot be used: {told}",
            where=os.environ.get(name, ""),
            hint="name a file of certificates in PEM, such as the sandbox's tls/ca.pem, or unset it",
        ) from error
