"""What a repair reads and writes beside what others do: deleted keys and vaults, a vault's firewall."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from cmk_admin.cloud import api, parse
from cmk_admin.cloud.session import Session
from cmk_admin.domain.errors import AzureFailure, FailureKind
from cmk_admin.domain.ids import KeyId, last


async def deleted_key(session: Session, key: KeyId) -> tuple[bool, datetime | None]:
    """Whether the key is among its vault's softly deleted ones, and since when. Raises AzureFailure."""
    try:
        reply = await session.vault("GET", key.host, f"/deletedkeys/{key.name}", urgent=True)
    except AzureFailure as failure:
        if failure.kind is FailureKind.NOT_FOUND:
            return False, None
        raise
    return True, parse.moment(parse.inside(reply.body, "deletedDate"))


async def deleted_vaults(session: Session, subscription_id: str) -> frozenset[str]:
    """The folded names of a subscription's softly deleted vaults. Raises AzureFailure."""
    path = f"/subscriptions/{subscription_id}/providers/Microsoft.KeyVault/deletedVaults"
    elements = await session.arm_pages(path, api_version=api.VAULTS, urgent=True)
    return frozenset(str(each.get("name") or "").lower() for each in elements)


async def set_bypass(session: Session, vault_id: str, bypass: str) -> None:
    """Make who passes a vault's firewall besides its rules `bypass` (``AzureServices``, ``None``).

    A write, urgent, never retried. The rules are read just before and sent along, since Azure replaces them as a whole.
    Raises AzureFailure (LOST: look with `vaults.get_vault`).
    """
    document = (await session.arm("GET", vault_id, api_version=api.VAULTS, urgent=True)).body
    rules = parse.inside(document, "properties", "networkAcls")
    if rules is not None and not isinstance(rules, Mapping):
        raise AzureFailure(FailureKind.FAILED, f"The firewall of {last(vault_id)} could not be read.", subject=vault_id)
    body: dict[str, Any] = {"properties": {"networkAcls": {**(rules or {}), "bypass": bypass}}}
    await session.arm("PATCH", vault_id, api_version=api.VAULTS, body=body, urgent=True)
