"""The system's proxy and trust store: what a live connection goes through, and whom it believes."""

import os
import ssl
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

from cmk_admin.domain.errors import BadInput

REPLACES = "SSL_CERT_FILE"
"""OpenSSL's own variable: the file stands in place of the system's authorities."""
ADDS = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
"""What az and curl read: those authorities are trusted as well."""


def proxy_for(host: str) -> str | None:
    """The proxy that the system names for HTTPS requests to `host`; None: go there directly.

    HTTPS_PROXY, ALL_PROXY and NO_PROXY, or what is set in Windows' and macOS's own settings.
    Raises BadInput ``bad-proxy`` where it is of a kind that cannot be used.
    """
    if urllib.request.proxy_bypass(host):
        return None
    named = urllib.request.getproxies()
    proxy = named.get("https") or named.get("all")
    if not proxy:
        return None
    whole = proxy if "://" in proxy else f"http://{proxy}"
    parts = urlsplit(whole)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise BadInput(
            "bad-proxy",
            f"The system's proxy is of a kind ({parts.scheme or 'none'}) that cannot be used; it must be an HTTP proxy.",
            next="Name an HTTP proxy in HTTPS_PROXY, or except Azure's hosts in NO_PROXY.",
        )
    return whole


def system_trust() -> ssl.SSLContext:
    """A TLS context that verifies against the system's authorities and those that the environment names.

    Raises BadInput ``bad-trust`` where the environment names a file that cannot be read: OpenSSL would pass over it
    in silence, and every host would then seem to be an impostor.
    """
    replaced = os.environ.get(REPLACES)
    if replaced and not Path(replaced).is_file():
        raise _unreadable(REPLACES, replaced)
    context = ssl.create_default_context()
    for name in ADDS:
        added = os.environ.get(name)
        if added:
            _add(context, name, added)
    return context


def _add(context: ssl.SSLContext, name: str, added: str) -> None:
    try:
        if Path(added).is_dir():
            context.load_verify_locations(capath=added)
        else:
            context.load_verify_locations(cafile=added)
    except (OSError, ssl.SSLError) as error:
        raise _unreadable(name, added) from error


def _unreadable(name: str, file: str) -> BadInput:
    return BadInput(
        "bad-trust",
        f"{name} names “{file}”, from which no certificate authorities can be read; nothing was sent.",
        subject=file,
        next=f"Correct {name}, or take it out of the environment.",
    )
