"""The clouds and the ways to sign in, by name and in words; and what a sign-in says while it goes on."""

from dataclasses import dataclass
from datetime import datetime

CLOUD_WORDS = {
    "public": "Azure public cloud",
    "usgov": "Azure US Government",
    "china": "Azure China (21Vianet)",
}
"""The clouds as `--cloud` names them."""

WAY_WORDS = {
    "cli": "Azure CLI",
    "environment": "the environment variables",
    "browser": "the web browser",
    "device": "a device code",
    "managed": "this machine's managed identity",
}
"""The ways to sign in as `--auth` names them. The last three words of a sentence: “signed in through …”."""

AT_HAND = ("cli", "environment")
"""What is tried where nobody says how to sign in: neither of them asks the person anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInNews:
    """Something to show to the person while they are being signed in."""

    words: str
    """One sentence. With a code it names the tenant, the address and the code."""
    code: str | None = None
    """What to enter at `address`; it counts for nothing without the person's own sign-in."""
    address: str | None = None
    expires_at: datetime | None = None
    """When the code stops counting."""


def tenant_words(tenant: str | None) -> str:
    """Which directory a prompt is about."""
    return f"tenant {tenant}" if tenant else "your account's own tenant"
