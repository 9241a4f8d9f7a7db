"""Azure's JSON into the estate's types. Pure; whatever is missing becomes None, never a guess."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, TypedDict
from urllib.parse import urlsplit

from cmk_admin.domain.errors import BadInput
from cmk_admin.domain.ids import KeyId, last, parse_key_id, segment, subscription_of
from cmk_admin.domain.model import (
    AccessPolicy,
    Key,
    KeyVersion,
    Lock,
    Permissions,
    PrivateEndpoint,
    RoleAssignment,
    RoleDefinition,
    RoleEligibility,
    Source,
    Vault,
)

Document = Mapping[str, Any]

# Normal form already: what vaults send, a hundred thousand times.
_PLAIN_KEY_ID = re.compile(r"https://([0-9a-z.-]+)/keys/([0-9A-Za-z-]{1,127})(?:/([0-9a-f]{32}))?").fullmatch

_CURVE_BITS = {"P-256": 256, "P-256K": 256, "SECP256K1": 256, "P-384": 384, "P-521": 521}


def inside(document: Any, *names: str) -> Any:
    """The value at a path of names; None where any part of the path is missing."""
    for name in names:
        if not isinstance(document, Mapping):
            return None
        document = document.get(name)
    return document


def text(value: Any) -> str | None:
    """A text that says something."""
    return value if isinstance(value, str) and value else None


def moment(value: Any) -> datetime | None:
    """A time: Unix seconds (key attributes) or ISO 8601 (ARM)."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return datetime.fromtimestamp(value, UTC)
    if isinstance(value, str) and value:
        try:
            # up to seven digits of a second are sent; datetime reads six
            found = datetime.fromisoformat(value)
        except ValueError:
            return None
        return found if found.tzinfo else found.replace(tzinfo=UTC)
    return None


class Envelope(TypedDict):
    """What every ARM envelope says of its resource."""

    id: str
    name: str
    location: str
    subscription_id: str


def envelope(document: Document) -> Envelope:
    """Id, name, region and subscription of a resource."""
    resource_id = str(document["id"])
    return Envelope(
        id=resource_id,
        name=str(document.get("name") or last(resource_id)),
        location=location(document.get("location")),
        subscription_id=subscription_of(resource_id) or "",
    )


def tags(value: Any) -> tuple[tuple[str, str], ...]:
    """Tags, sorted by name."""
    return tuple(sorted((str(k), str(v)) for k, v in value.items())) if isinstance(value, Mapping) else ()


def location(value: Any) -> str:
    """A region's name as Resource Graph spells it; some providers say ``West Europe`` for ``westeurope``."""
    return str(value or "").replace(" ", "").lower()


def words(value: Any) -> tuple[str, ...]:
    """A list of texts."""
    return tuple(str(each) for each in value) if isinstance(value, list) else ()


def vault(document: Document) -> Vault:
    """A vault from its ARM envelope, without keys."""
    facts = document.get("properties") or {}
    resource_id = str(document["id"])
    name = str(document.get("name") or last(resource_id))
    rules = facts.get("networkAcls") or {}
    public = str(facts.get("publicNetworkAccess") or "Enabled").lower() != "disabled"
    soft = facts.get("enableSoftDelete") is not False  # it can no longer be turned off; old vaults leave it out
    days = facts.get("softDeleteRetentionInDays")
    return Vault(
        id=resource_id,
        name=name,
        host=(urlsplit(str(facts.get("vaultUri") or "")).hostname or f"{name}.vault.azure.net").lower(),
        location=location(document.get("location")),
        subscription_id=subscription_of(resource_id) or "",
        tenant_id=str(facts.get("tenantId") or ""),
        premium=str(inside(facts, "sku", "name") or "").lower() == "premium",
        rbac=facts.get("enableRbacAuthorization") is True,  # null means access policies on existing vaults
        soft_delete_days=int(days) if soft and isinstance(days, int) else (90 if soft else None),
        purge_protection=facts.get("enablePurgeProtection") is True,
        public_access=public,
        default_deny=str(rules.get("defaultAction") or "Allow").lower() == "deny",
        trusted_bypass="azureservices" in str(rules.get("bypass") or "AzureServices").lower(),
        private_endpoints=private_endpoints(document.get("properties")),
        access_policies=tuple(access_policy(each) for each in facts.get("accessPolicies") or []),
        tags=tags(document.get("tags")),
    )


def private_endpoints(facts: Any) -> tuple[PrivateEndpoint, ...] | None:
    """The private endpoint connections among a vault's properties, which leave them out where there are none.

    REST API of Key Vault, Vaults - Get: ``PrivateEndpointConnectionItem``. None: it cannot be told.
    """
    listed = facts.get("privateEndpointConnections") or [] if isinstance(facts, Mapping) else None
    if not isinstance(listed, list) or not all(isinstance(each, Mapping) for each in listed):
        return None
    return tuple(
        PrivateEndpoint(
            name=str(each.get("name") or last(str(each.get("id") or ""))),
            endpoint_id=text(inside(each, "properties", "privateEndpoint", "id")),
            status=text(inside(each, "properties", "privateLinkServiceConnectionState", "status")),
        )
        for each in listed
    )


def access_policy(document: Document) -> AccessPolicy:
    """One entry; permissions in Azure's spelling and order."""
    allowed = document.get("permissions") or {}
    return AccessPolicy(
        tenant_id=str(document.get("tenantId") or ""),
        object_id=str(document.get("objectId") or ""),
        application_id=text(document.get("applicationId")),
        keys=words(allowed.get("keys")),
        secrets=words(allowed.get("secrets")),
        certificates=words(allowed.get("certificates")),
        storage=words(allowed.get("storage")),
    )


def access_policy_body(entry: AccessPolicy) -> dict[str, Any]:
    """An entry as Azure takes it."""
    body: dict[str, Any] = {
        "tenantId": entry.tenant_id,
        "objectId": entry.object_id,
        "permissions": {
            "keys": list(entry.keys),
            "secrets": list(entry.secrets),
            "certificates": list(entry.certificates),
            "storage": list(entry.storage),
        },
    }
    if entry.application_id:
        body["applicationId"] = entry.application_id
    return body


def key_from_vault(document: Document, vault_id: str, *, current: str | None = None) -> Key | None:
    """A key from the data plane: a list's element (kid) or a GET's answer (key.kid, kty, n ...). None without an id."""
    jwk = document.get("key") or {}
    key_id = key_id_of(jwk.get("kid") or document.get("kid"))
    if key_id is None:
        return None
    facts = document.get("attributes") or {}
    operations = jwk.get("key_ops")
    return Key(
        id=key_id.key,
        vault_id=vault_id,
        current_version=key_id.version or current,
        key_type=text(jwk.get("kty")),
        size=_bits(jwk),
        curve=text(jwk.get("crv")),
        operations=_operations(operations),
        enabled=_flag(facts.get("enabled")),
        created=moment(facts.get("created")),
        updated=moment(facts.get("updated")),
        not_before=moment(facts.get("nbf")),
        expires=moment(facts.get("exp")),
        recovery_level=text(facts.get("recoveryLevel")),
        exportable=_flag(facts.get("exportable")),
        hsm_platform=None if facts.get("hsmPlatform") is None else str(facts["hsmPlatform"]),
        tags=tags(document.get("tags")),
        thumbprint=thumbprint(jwk),
        managed=document.get("managed") is True,
    )


def key_from_arm(document: Document, vault_id: str) -> Key | None:
    """A key from the resource manager's envelope. None without an id."""
    facts = document.get("properties") or {}
    key_id = key_id_of(facts.get("keyUriWithVersion") or facts.get("keyUri"))
    if key_id is None:
        return None
    attributes = facts.get("attributes") or {}
    curve = text(facts.get("curveName"))
    size = facts.get("keySize")
    operations = facts.get("keyOps")
    return Key(
        id=key_id.key,
        vault_id=vault_id,
        current_version=key_id.version,
        key_type=text(facts.get("kty")),
        size=size if isinstance(size, int) else _CURVE_BITS.get((curve or "").upper()),
        curve=curve,
        operations=_operations(operations),
        enabled=_flag(attributes.get("enabled")),
        created=moment(attributes.get("created")),
        updated=moment(attributes.get("updated")),
        not_before=moment(attributes.get("nbf")),
        expires=moment(attributes.get("exp")),
        recovery_level=text(attributes.get("recoveryLevel")),
        exportable=_flag(attributes.get("exportable")),
        tags=tags(document.get("tags")),
        source=Source.ARM,
    )


def key_version(document: Document) -> KeyVersion | None:
    """A version, from either plane."""
    facts = document.get("properties") or document
    found = key_id_of(facts.get("keyUriWithVersion") or inside(facts, "key", "kid") or facts.get("kid"))
    if found is None or found.version is None:
        return None
    attributes = facts.get("attributes") or {}
    return KeyVersion(
        id=found,
        enabled=attributes.get("enabled") is True,
        created=moment(attributes.get("created")),
        not_before=moment(attributes.get("nbf")),
        expires=moment(attributes.get("exp")),
        operations=_operations(inside(facts, "key", "key_ops") or facts.get("keyOps")),
    )


def newest_first(versions: Iterable[KeyVersion], current: str | None = None) -> tuple[KeyVersion, ...]:
    """In the order that the estate keeps them. Times are whole seconds: of two made in one, `current` is the newer."""
    oldest = datetime.min.replace(tzinfo=UTC)

    def age(version: KeyVersion) -> tuple[datetime, bool, str]:
        return version.created or oldest, version.id.version == current, version.id.version or ""

    return tuple(sorted(versions, key=age, reverse=True))


def key_id_of(value: Any) -> KeyId | None:
    """A key id as a service or a vault spells it; None where it is none."""
    if not isinstance(value, str):
        return None
    plain = _PLAIN_KEY_ID(value)
    if plain is not None:
        return KeyId(plain[1], plain[2], plain[3])
    try:
        return parse_key_id(value)
    except BadInput:
        return None


def role_assignment(document: Document) -> RoleAssignment:
    """From its ARM envelope."""
    facts = document.get("properties") or {}
    resource_id = str(document["id"])
    at = resource_id.lower().find("/providers/microsoft.authorization/roleassignments/")
    return RoleAssignment(
        id=resource_id,
        scope=str(facts.get("scope") or resource_id[: max(at, 0)] or "/"),
        role_definition_id=str(facts.get("roleDefinitionId") or ""),
        principal_id=str(facts.get("principalId") or ""),
        principal_type=text(facts.get("principalType")),
        condition=text(facts.get("condition")),
        condition_version=text(facts.get("conditionVersion")),
        description=text(facts.get("description")),
        delegated_identity=text(facts.get("delegatedManagedIdentityResourceId")),
        created_on=moment(facts.get("createdOn")),
        created_by=text(facts.get("createdBy")),
    )


def role_eligibility(facts: Document) -> RoleEligibility | None:
    """From the properties of a schedule instance. None where it names no schedule."""
    schedule = text(facts.get("roleEligibilityScheduleId"))
    if schedule is None:
        return None
    return RoleEligibility(
        id=schedule,
        scope=str(facts.get("scope") or "/"),
        role_definition_id=str(facts.get("roleDefinitionId") or ""),
        principal_id=str(facts.get("principalId") or ""),
        principal_type=text(facts.get("principalType")),
        condition=text(facts.get("condition")),
        condition_version=text(facts.get("conditionVersion")),
        ends=moment(facts.get("endDateTime")),
    )


def thumbprint(jwk: Document) -> str | None:
    """SHA-256 (hex) of a key's public numbers, whatever their spelling; None where they are not shown (symmetric keys)."""
    kind = str(jwk.get("kty") or "").upper().removesuffix("-HSM")
    names = {"RSA": ("n", "e"), "EC": ("crv", "x", "y")}.get(kind, ())
    numbers = [str(jwk.get(name) or "").rstrip("=") for name in names]
    return hashlib.sha256("|".join((kind, *numbers)).encode()).hexdigest() if numbers and all(numbers) else None


def role_definition(document: Document) -> RoleDefinition:
    """From its ARM envelope, with each of its blocks of permissions."""
    facts = document.get("properties") or {}
    blocks = [permissions(each) for each in facts.get("permissions") or [] if isinstance(each, Mapping)]
    first, *further = blocks or [Permissions()]
    return RoleDefinition(
        id=str(document["id"]),
        name=str(facts.get("roleName") or document.get("name") or ""),
        actions=first.actions,
        not_actions=first.not_actions,
        data_actions=first.data_actions,
        not_data_actions=first.not_data_actions,
        further=tuple(further),
        custom=str(facts.get("type")).lower() == "customrole",
        updated_on=moment(facts.get("updatedOn")),
        updated_by=text(facts.get("updatedBy")),
    )


def permissions(document: Document) -> Permissions:
    """One block of a role's permissions, or an element of the permissions API's answer."""
    return Permissions(
        actions=words(document.get("actions")),
        not_actions=words(document.get("notActions")),
        data_actions=words(document.get("dataActions")),
        not_data_actions=words(document.get("notDataActions")),
    )


def lock(document: Document) -> Lock:
    """From its ARM envelope."""
    resource_id = str(document["id"])
    at = resource_id.lower().rfind("/providers/microsoft.authorization/locks/")
    facts = document.get("properties") or {}
    return Lock(
        id=resource_id,
        scope=resource_id[:at] if at > 0 else resource_id,
        level=str(facts.get("level") or ""),
        notes=text(facts.get("notes")),
    )


def group_of(resource_id: str) -> str | None:
    """The scope of the resource group that a resource lies in."""
    subscription, group = segment(resource_id, "subscriptions"), segment(resource_id, "resourceGroups")
    return f"/subscriptions/{subscription}/resourceGroups/{group}" if subscription and group else None


def _operations(value: Any) -> tuple[str, ...] | None:
    return tuple(sorted(map(str, value))) if isinstance(value, list) else None


def _flag(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _bits(jwk: Document) -> int | None:
    """RSA: the modulus's length, told by its unpadded base64url text; EC: the curve's."""
    modulus = jwk.get("n")
    if isinstance(modulus, str):
        return len(modulus.rstrip("=")) * 6 // 8 * 8
    return _CURVE_BITS.get(str(jwk.get("crv") or "").upper())
