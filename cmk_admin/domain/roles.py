"""Built-in roles by name (RBACD built-in-roles/security.md): what a plan can name before it has read them."""

from uuid import UUID, uuid5

from cmk_admin.domain.ids import fold

CRYPTO_OFFICER = "Key Vault Crypto Officer"
CRYPTO_USER = "Key Vault Crypto User"
SERVICE_ENCRYPTION_USER = "Key Vault Crypto Service Encryption User"
READER = "Key Vault Reader"
CONTRIBUTOR = "Key Vault Contributor"
READER_OF_ALL = "Reader"

BUILT_IN = {
    CRYPTO_OFFICER: "14b46e9e-c2b7-41b4-b07b-48a6ebf60603",
    CRYPTO_USER: "12338af0-0e69-4776-bea7-57ae8d297424",
    SERVICE_ENCRYPTION_USER: "e147488a-f6f5-4113-8e2d-b22465e65bf6",
    READER: "21090545-7ca7-4776-b22c-e363652d74d2",
    CONTRIBUTOR: "f25e0fa2-a7c8-4377-a976-54943a77a395",
    READER_OF_ALL: "acdd72a7-3385-48ef-bd42-f606fba81ae7",
}

_ASSIGNMENTS = UUID("7f4c2c1e-6a0b-5d1e-9a55-0c8c3a9d9b10")
"""Namespace of the names that `assignment_name` makes; any fixed one does."""


def definition_id(name: str, subscription_id: str) -> str | None:
    """The role definition of a built-in role, as an assignment in this subscription names it; None: not built in."""
    guid = next((one for role, one in BUILT_IN.items() if role.lower() == name.strip().lower()), None)
    if guid is None:
        return None
    return f"/subscriptions/{subscription_id}/providers/Microsoft.Authorization/roleDefinitions/{guid}"


def assignment_name(scope: str, role_definition_id: str, principal: str) -> str:
    """The GUID of an assignment: the same facts give the same name, so that a plan has the same hash each time."""
    facts = "|".join((fold(scope), fold(role_definition_id).rsplit("/", 1)[-1], fold(principal)))
    return str(uuid5(_ASSIGNMENTS, facts))
