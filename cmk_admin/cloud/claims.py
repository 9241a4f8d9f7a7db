"""Who a token is made out to, for showing who is signed in; Azure is the one that checks it."""

import base64
import json
from typing import Any

_NAMES = ("upn", "preferred_username", "unique_name", "email", "app_displayname", "name")
"""Claims that name a person or an application, the most telling first (Microsoft: access token claims reference)."""


def claims(token: str) -> dict[str, Any]:
    """A token's claims; none where it is not one that can be looked into."""
    try:
        payload = token.split(".")[1]
        found = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (IndexError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def name_in(found: dict[str, Any]) -> str:
    """What to call who is signed in: a person's sign-in name, else the application's id."""
    for claim in _NAMES:
        value = found.get(claim)
        if isinstance(value, str) and value:
            return value.removeprefix("live.com#")
    resource = found.get("xms_mirid")
    if isinstance(resource, str) and resource:
        return resource.rsplit("/", 1)[-1]
    application = found.get("appid") or found.get("azp")
    return f"application {application}" if application else str(found.get("oid", ""))
