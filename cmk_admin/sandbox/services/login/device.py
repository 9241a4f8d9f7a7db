"""Tokens for a person: the device code flow, the end of the browser's flow, and refreshing.

There is no page to enter a device code at: the control says as whom it was entered (``POST device``).
"""

import base64
import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs
from weakref import WeakKeyDictionary

from cmk_admin.sandbox import entra
from cmk_admin.sandbox.state import Document, World

from . import browser
from .model import DEFAULT_SCOPE, refuse

DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
REFRESH = "refresh_token"
GRANTS = frozenset({DEVICE, REFRESH, browser.CODE})

PAGE = "https://microsoft.com/devicelogin"
LIFETIME = 900
"""Seconds a code counts (learn.microsoft.com, identity platform, device authorization grant)."""
INTERVAL = 1
"""Seconds between a client's questions. Entra asks for 5; nobody is spared anything by that here."""

_OPENID = frozenset({"openid", "profile", "offline_access"})
_LETTERS = "BCDFGHJKLMNPQRSTVWXZ23456789"


@dataclass(slots=True)
class _Pending:
    """A code that was handed out."""

    user_code: str
    audience: str
    """What the client asked a token for; it does not say so again when it comes for it."""
    expires_at: float
    entered_by: Document | None = None
    declined: bool = False


@dataclass(slots=True)
class _Flows:
    """The sign-ins of one running sandbox; they end with it, as does what they may refresh."""

    pending: dict[str, _Pending] = field(default_factory=dict)
    refreshed: dict[str, str] = field(default_factory=dict)
    """Object id of whom a refresh token belongs to."""


_flows: WeakKeyDictionary[World, _Flows] = WeakKeyDictionary()


def begin(world: World, form: Mapping[str, str]) -> Document:
    """A new code, as the devicecode endpoint answers it. Raises AzureError with an AADSTS message."""
    if not form.get("client_id"):
        raise refuse(
            400, "invalid_request", "AADSTS900144: The request body must contain the following parameter: 'client_id'."
        )
    code = "".join(secrets.choice(_LETTERS) for _ in range(9))
    device = secrets.token_urlsafe(48)
    _of(world).pending[device] = _Pending(code, audience_of(form), time.monotonic() + LIFETIME)
    return {
        "user_code": code,
        "device_code": device,
        "verification_uri": PAGE,
        "expires_in": LIFETIME,
        "interval": INTERVAL,
        "message": f"To sign in, use a web browser to open the page {PAGE} and enter the code {code} to authenticate.",
    }


def enter(world: World, user_code: str, principal: Document | None) -> None:
    """Somebody enters a code as this principal; None: declines. Raises ValueError for a code that nobody waits for."""
    for one in _of(world).pending.values():
        if one.user_code == user_code.strip().upper() and one.expires_at > time.monotonic():
            one.entered_by, one.declined = principal, principal is None
            return
    raise ValueError("nobody waits for that code")


def form_of(body: bytes) -> dict[str, str]:
    """The fields of a token request."""
    return {name: values[0] for name, values in parse_qs(body.decode("utf-8", "replace")).items()}


def token(world: World, form: Mapping[str, str]) -> Document:
    """The answer of the token endpoint. Raises AzureError with an AADSTS message."""
    flows = _of(world)
    nonce = ""
    if form["grant_type"] == DEVICE:
        principal, audience = _entered(flows, form.get("device_code", ""))
    elif form["grant_type"] == browser.CODE:
        granted = browser.redeem(world, form)
        principal, audience, nonce = granted.principal, granted.audience, granted.nonce
    else:
        audience = audience_of(form)
        known = world.get("principal", flows.refreshed.get(form.get("refresh_token", ""), ""))
        if known is None:
            raise refuse(400, "invalid_grant", "AADSTS700082: The refresh token has expired due to inactivity.")
        principal = known
    refresh = secrets.token_urlsafe(64)
    flows.refreshed[refresh] = principal["objectId"]
    info = {"uid": principal["objectId"], "utid": world.tenant_id}
    return {
        "token_type": "Bearer",
        "scope": f"{audience}{DEFAULT_SCOPE}",
        "expires_in": entra.LIFETIME,
        "ext_expires_in": entra.LIFETIME,
        "access_token": entra.mint(world, principal, audience, upn=name_of(principal)),
        "refresh_token": refresh,
        "id_token": entra.mint_id(world, principal, form.get("client_id", ""), name_of(principal), nonce),
        "client_info": base64.urlsafe_b64encode(json.dumps(info).encode()).rstrip(b"=").decode(),
    }


def name_of(principal: Document) -> str:
    """What a person's tokens call them."""
    return f"{principal['displayName']}@dcc.example"


def _entered(flows: _Flows, device: str) -> tuple[Document, str]:
    one = flows.pending.get(device)
    if one is None:
        raise refuse(400, "bad_verification_code", "AADSTS70018: Invalid verification code.")
    if one.expires_at <= time.monotonic():
        raise refuse(
            400, "expired_token", "AADSTS70020: The provided value for the input parameter 'device_code' has expired."
        )
    if one.declined:
        raise refuse(400, "authorization_declined", "AADSTS70017: The user declined to authorize the request.")
    if one.entered_by is None:
        raise refuse(400, "authorization_pending", "AADSTS70016: Authorization is pending. Continue polling.")
    del flows.pending[device]
    return one.entered_by, one.audience


def audience_of(form: Mapping[str, str]) -> str:
    """What a token is asked for, by the one scope beside OpenID's. Raises AzureError."""
    scopes = [each for each in form.get("scope", "").split() if each not in _OPENID]
    if len(scopes) != 1 or not scopes[0].endswith(DEFAULT_SCOPE):
        raise refuse(
            400, "invalid_scope", "AADSTS70011: The provided value for the input parameter 'scope' is not valid."
        )
    audience = scopes[0][: -len(DEFAULT_SCOPE)]
    if audience not in {each for audiences in entra.AUDIENCES.values() for each in audiences}:
        raise refuse(400, "invalid_scope", f"AADSTS500011: The resource principal named {audience} was not found.")
    return audience


def _of(world: World) -> _Flows:
    return _flows.setdefault(world, _Flows())
