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


async def set_firewall(session: Session, vault_id: str, changes: Mapping[str, str], *, known: object = None) -> None:
    """Change whom a vault's firewall lets in: ``bypass`` and ``defaultAction``, whichever `changes` names.

    A write, urgent, never retried. The rules are sent along, since Azure replaces them as a whole: those in `known`, the
    vault's JSON as it was read just before; without it they are read. Raises AzureFailure (LOST: look with `firewall`).
    """
    document = known if isinstance(known, Mapping) else await firewall(session, vault_id)
    rules = parse.inside(document, "properties", "networkAcls")
    if rules is not None and not isinstance(rules, Mapping):
        raise AzureFailure(FailureKind.FAILED, f"The firewall of {last(vault_id)} could not be read.", subject=vault_id)
    body: dict[str, Any] = {"properties": {"networkAcls": {**(rules or {}), **changes}}}
    await session.arm("PATCH", vault_id, api_version=api.VAULTS, body=body, urgent=True)


async def firewall(session: Session, vault_id: str) -> Mapping[str, Any]:
    """The vault's JSON as it is now, urgent. Raises AzureFailure."""
    found: Mapping[str, Any] = (await session.arm("GET", vault_id, api_version=api.VAULTS, urgent=True)).body
    return found
