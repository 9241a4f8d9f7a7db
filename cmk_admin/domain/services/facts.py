"""What is known about a service that can use a key."""

from dataclasses import dataclass, field
from enum import StrEnum

from cmk_admin.domain.services.requirements import Requirements

DATA_ACTIONS = ("Microsoft.KeyVault/vaults/keys/unwrap/action", "Microsoft.KeyVault/vaults/keys/decrypt/action")
"""Of a service that wraps its data key with RSA: either of the two gets at the data key (RBACD
built-in-roles/security.md)."""
POLICY_PERMISSIONS = ("unwrapkey", "decrypt")
SERVICE_ROLE = "Key Vault Crypto Service Encryption User"
CRYPTO_USER = "Key Vault Crypto User"


class Heal(StrEnum):
    """How a consumer comes back after its key is back."""

    REVALIDATE = "revalidate"
    """A write asks it to try the key again."""
    AUTOMATIC = "automatic"
    START_NODES = "start-nodes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """The facts of one kind of consumer; `source` names the Microsoft document of the times."""

    name: str
    """mysql-flexible ... as in the mapping's `service`."""
    title: str
    """In words: ``MySQL flexible server``."""
    resource_type: str
    """ARM type in lower case."""
    data_actions: tuple[str, ...]
    """Any one of these data actions lets the service read its data: what a revoke must close."""
    policy_permissions: tuple[str, ...]
    """The same in access-policy words, lower case."""
    role: str
    """Least built-in role that it needs."""
    lost_seconds: int | None
    """Azure's seconds within which it loses its data once the key refuses it; None: not documented."""
    back_seconds: int | None
    stops: str
    lost: str
    comes_back: str
    heal: Heal
    source: str
    lost_words: tuple[str, ...] = ()
    """Azure's state words that mean lost, lower case."""
    up_words: tuple[str, ...] = ()
    short: str = ""
    """What the command line's `--for` calls it: ``mysql``, ``aks-disks`` ..."""
    needs: Requirements = field(default_factory=Requirements)
    """What it asks of a key before it takes it."""
    detaches: bool = False
    """Azure can take it back to a platform-managed key."""
    stops_at_once: str = ""
    """The Microsoft document by which it can be stopped at once, whatever its key; empty: none is known."""
    retired: str | None = None
    """A sentence, where Microsoft has retired the service."""

    @property
    def known(self) -> bool:
        """False: no document of it is known here, so that a time that is missing may well be documented."""
        return bool(self.source)
