"""Signing in with a web browser: the authorization code flow with PKCE.

There is nobody to type a password: the control says who sits at the browser (``POST browser``), and the page that Entra
would show sends the answer to the client at once.
"""

import base64
import hashlib
import hmac
import html
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from cmk_admin.sandbox.state import Document, World

from .model import refuse

CODE = "authorization_code"
LIFETIME = 600
"""Seconds an authorization code counts (learn.microsoft.com, identity platform, authorization code flow)."""

_PAGE = """<!doctype html><meta charset="utf-8"><title>Sign in to the sandbox</title>
<body onload="document.forms[0].submit()"><form method="post" action="{action}">
{fields}
<noscript><button>Go on</button></noscript></form></body>
"""


@dataclass(frozen=True, slots=True)
class Granted:
    """What a code stands for."""

    principal: Document
    audience: str
    redirect_uri: str
    challenge: str
    nonce: str
    expires_at: float


@dataclass(slots=True)
class _Browser:
    """The browser of one running sandbox."""

    person: Document | None = None
    codes: dict[str, Granted] = field(default_factory=dict)


_browsers: WeakKeyDictionary[World, _Browser] = WeakKeyDictionary()


def sit_down(world: World, principal: Document | None) -> None:
    """Who signs in at the browser from now on; None: nobody, who refuses."""
    _browsers.setdefault(world, _Browser()).person = principal


def page(world: World, query: Mapping[str, str], audience: str) -> bytes:
    """The page at the authorize endpoint. Raises AzureError where the request is none that can be answered."""
    target = query.get("redirect_uri", "")
    # A native client listens on its own machine: nobody else is sent a code
    if urlsplit(target).scheme != "http" or urlsplit(target).hostname not in ("localhost", "127.0.0.1"):
        raise refuse(
            400, "invalid_request", "AADSTS50011: The redirect URI does not match the ones of the application."
        )
    if query.get("code_challenge_method") != "S256" or not query.get("code_challenge"):
        raise refuse(400, "invalid_request", "AADSTS9002325: Proof Key for Code Exchange is required.")
    browser = _browsers.setdefault(world, _Browser())
    fields = {"state": query.get("state", "")}
    if browser.person is None:
        fields |= {"error": "access_denied", "error_description": "AADSTS65004: The user declined to consent."}
    else:
        code = secrets.token_urlsafe(48)
        browser.codes[code] = Granted(
            browser.person,
            audience,
            target,
            query["code_challenge"],
            query.get("nonce", ""),
            time.monotonic() + LIFETIME,
        )
        fields["code"] = code
    rows = (f'<input type="hidden" name="{html.escape(n)}" value="{html.escape(v)}">' for n, v in fields.items())
    return _PAGE.format(action=html.escape(target), fields="\n".join(rows)).encode()


def redeem(world: World, form: Mapping[str, str]) -> Granted:
    """What a code stands for, once. Raises AzureError where it is unknown, spent, too old or somebody else's."""
    granted = _browsers.setdefault(world, _Browser()).codes.pop(form.get("code", ""), None)
    if granted is None or granted.expires_at <= time.monotonic():
        raise refuse(
            400, "invalid_grant", "AADSTS70008: The provided authorization code is expired or was used before."
        )
    digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
    challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    if not hmac.compare_digest(challenge, granted.challenge) or form.get("redirect_uri") != granted.redirect_uri:
        raise refuse(400, "invalid_grant", "AADSTS501481: The Code_Verifier does not match the code_challenge.")
    return granted
