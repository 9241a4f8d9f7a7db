"""Whole URLs of Azure's hosts, from paths and from the links by which an answer goes on."""

import re
from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import quote, urlencode, urlsplit

from cmk_admin.domain.errors import AzureFailure, FailureKind

_PATH = "/:@!$&'()*+,;=-._~"
_QUERY = "/:@!$'()*,;-._~"
_PLAIN = re.compile(r"[0-9A-Za-z/._-]*").fullmatch


def url_of(host: str, path: str, api_version: str | None, params: Mapping[str, str] | None) -> str:
    """The URL of a path at a host, or of a nextLink, which must be the same host's. Raises AzureFailure."""
    if path.startswith("https://"):
        if (urlsplit(path).hostname or "") != host:
            raise AzureFailure(
                FailureKind.FAILED,
                f"{host} continued its answer at another host; it was not followed.",
                subject=path,
            )
        return path
    query = {"api-version": api_version, **(params or {})} if api_version else dict(params or {})
    url = f"https://{host}{path if _PLAIN(path) else quote(path, safe=_PATH)}"
    return f"{url}?{_query(tuple(query.items()))}" if query else url


@lru_cache(maxsize=256)
def _query(items: tuple[tuple[str, str], ...]) -> str:
    """A query string; the same few are sent over and over."""
    return urlencode(items, quote_via=quote, safe=_QUERY)
