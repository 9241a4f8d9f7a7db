"""Names of things: ARM ids, key ids, and when two spellings mean the same."""

import re
from dataclasses import dataclass
from itertools import pairwise
from urllib.parse import urlsplit

from cmk_admin.domain.errors import BadInput

_NAME = re.compile(r"[0-9A-Za-z-]{1,127}")
_VERSION = re.compile(r"[0-9A-Fa-f]{32}")
_MANAGEMENT_GROUPS = "/providers/microsoft.management/managementgroups/"


@dataclass(frozen=True, slots=True, order=True)
class KeyId:
    """A key of a vault, or one version of it, in normal form: lower-case host, no port, no trailing slash.

    Key Vault compares names and versions without case (KVD general/about-keys-secrets-certificates.md), so `folded` is
    what to compare by; the spelling is kept for showing.
    """

    host: str
    name: str
    version: str | None = None

    def __str__(self) -> str:
        return f"https://{self.host}/keys/{self.name}" + (f"/{self.version}" if self.version else "")

    @property
    def folded(self) -> str:
        """The versioned id for comparing and indexing."""
        return str(self).lower()

    @property
    def key(self) -> "KeyId":
        """The same key without a version."""
        return self if self.version is None else KeyId(self.host, self.name)

    @property
    def vault_name(self) -> str:
        """First label of the host."""
        return self.host.split(".", 1)[0]


def parse_key_id(text: str, *, vault_suffixes: tuple[str, ...] = ()) -> KeyId:
    """Read a key id in any spelling Azure hands out (host case, ``:443``, trailing slash, with or without version).

    With `vault_suffixes` (such as ``.vault.azure.net``) the host must end in one of them, so that no token is ever sent
    anywhere else. Raises BadInput ``bad-key-id``.
    """
    parts = urlsplit(text.strip())
    try:
        port = parts.port
    except ValueError:
        port = -1
    segments = parts.path.strip("/").split("/")
    host = (parts.hostname or "").lower()
    fits = (
        parts.scheme.lower() == "https"
        and host
        and port in (None, 443)
        and not parts.username
        and not parts.query
        and not parts.fragment
        and len(segments) in (2, 3)
        and segments[0].lower() == "keys"
        and _NAME.fullmatch(segments[1])
        and (len(segments) == 2 or _VERSION.fullmatch(segments[2]))
    )
    if not fits:
        raise BadInput("bad-key-id", f"“{text}” is not a key id (https://VAULT/keys/NAME or .../NAME/VERSION).")
    if vault_suffixes and not is_vault_host(host, vault_suffixes):
        raise BadInput(
            "bad-key-id",
            f"“{host}” is not a vault of the configured cloud; nothing was sent to it.",
            next="A vault's host name ends in " + " or ".join(vault_suffixes) + ".",
        )
    return KeyId(host, segments[1], segments[2] if len(segments) == 3 else None)


def is_vault_host(host: str, vault_suffixes: tuple[str, ...]) -> bool:
    """True where the host is one label in front of one of the suffixes."""
    return any(host.endswith(s) and re.fullmatch(r"[0-9a-z-]{3,24}", host.removesuffix(s)) for s in vault_suffixes)


def fold(resource_id: str) -> str:
    """An ARM id for comparing: without case (AD azure-resource-manager/management/resource-name-rules.md)."""
    return resource_id.rstrip("/").lower() or "/"


def same(one: str, other: str) -> bool:
    """True where two ARM ids name the same thing."""
    return fold(one) == fold(other)


def contains(scope: str, resource_id: str) -> bool:
    """True where `scope` is `resource_id` or stands above it in the path; ``/`` contains everything.

    A management group's relation to a subscription is not in the path: see `Estate.management_groups`.
    """
    outer, inner = fold(scope), fold(resource_id)
    return outer in ("/", inner) or inner.startswith(outer + "/")


def last(resource_id: str) -> str:
    """The last segment: the resource's own name."""
    return resource_id.rstrip("/").rsplit("/", 1)[-1]


def segment(resource_id: str, name: str) -> str | None:
    """The segment after the one called `name` (``subscriptions``, ``resourceGroups`` ...), as spelt, or None."""
    parts = resource_id.strip("/").split("/")
    for at, part in enumerate(parts[:-1]):
        if part.lower() == name.lower():
            return parts[at + 1]
    return None


def provider_of(resource_id: str) -> str | None:
    """The resource provider that an ARM id ends in: ``Microsoft.Authorization`` of a role assignment, wherever it is."""
    parts = resource_id.split("/")
    found = [after for part, after in pairwise(parts) if part.lower() == "providers"]
    return found[-1] if found else None


def subscription_of(resource_id: str) -> str | None:
    """The subscription's GUID in lower case, or None above a subscription."""
    found = segment(resource_id, "subscriptions")
    return found.lower() if found else None


def key_scope(vault_id: str, key_name: str) -> str:
    """The scope of role assignments on one key (KVD general/rbac-guide.md)."""
    return f"{vault_id}/keys/{key_name}"


def is_management_group(scope: str) -> bool:
    """True for the scope of a management group."""
    return fold(scope).startswith(_MANAGEMENT_GROUPS)
