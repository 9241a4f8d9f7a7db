"""The key that a consumer is told to use, as the consumer's own identity reads it before it takes it."""

import base64
from dataclasses import dataclass
from urllib.parse import urlsplit

from cmk_admin.sandbox.entra import caller_for
from cmk_admin.sandbox.state import Document, World

from .keyvault import attributes, authorise, model

RSA_TYPES = ("RSA", "RSA-HSM")
# "Recoverable" is soft delete with purge protection and the full 90 days: fewer days make it "Customized...", no purge
# protection appends "+Purgeable" (azure-keyvault-keys, DeletionRecoveryLevel).
PROTECTED_FOR_90_DAYS = ("Recoverable", "Recoverable+ProtectedSubscription")


@dataclass(frozen=True, slots=True)
class WantedKey:
    """One version of a key, and its vault."""

    vault: Document
    kty: str
    size: int | None
    """Bits of an RSA key; None for other types."""
    enabled: bool
    exp: int | None
    """Unix seconds."""
    recovery_level: str


def read(world: World, principal_id: str | None, key_url: str) -> WantedKey:
    """Get the key as this identity, with all that Azure checks. Raises the AzureError with which the vault refuses."""
    parts = urlsplit(key_url)
    path = parts.path.strip("/").split("/")
    vault = model.vault_of_host(world, parts.hostname or "")
    authorise.authorise(world, caller_for(world, principal_id or ""), vault, "get", path[1])
    version = model.find_version(model.find_key(world, vault, path[1]), path[2] if len(path) > 2 else None)
    return facts_of(vault, version)


def facts_of(vault: Document, version: Document) -> WantedKey:
    """What a version of a key in a vault is."""
    facts = version["attributes"]
    modulus = version["key"].get("n")
    return WantedKey(
        vault=vault,
        kty=version["key"]["kty"],
        size=_bits(modulus) if modulus else None,
        enabled=facts["enabled"],
        exp=facts.get("exp"),
        recovery_level=attributes.recovery_level(vault),
    )


def is_expired(world: World, key: WantedKey) -> bool:
    """Whether the key's expiry has passed: then the vault wraps and encrypts with it no more."""
    return key.exp is not None and key.exp <= world.clock.now().timestamp()


def region(place: str) -> str:
    """A location as resources compare it: 'West Europe' and 'westeurope' are one."""
    return place.replace(" ", "").lower()


def _bits(text: str) -> int:
    return int.from_bytes(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), "big").bit_length()
