"""Vaults and their access policies, through the resource manager."""

from cmk_admin.cloud import api, parse
from cmk_admin.cloud.session import Session
from cmk_admin.domain.model import AccessPolicy, Vault


async def get_vault(session: Session, vault_id: str, *, urgent: bool = True) -> Vault:
    """The vault as the resource manager shows it now; its keys are not read. Raises AzureFailure."""
    return parse.vault((await session.arm("GET", vault_id, api_version=api.VAULTS, urgent=urgent)).body)


def policy_entry(vault: Vault, object_id: str, application_id: str | None) -> AccessPolicy | None:
    """The entry of a principal; one with an application id is another entry than the one without."""
    wanted = object_id.lower(), (application_id or "").lower()
    for entry in vault.access_policies:
        if (entry.object_id.lower(), (entry.application_id or "").lower()) == wanted:
            return entry
    return None


async def set_policy_entry(
    session: Session,
    vault_id: str,
    object_id: str,
    application_id: str | None,
    entry: AccessPolicy | None,
    *,
    known: Vault | None = None,
) -> None:
    """Make a principal's entry what `entry` says; None: no entry. Other principals' entries are not touched.

    One write (``accessPolicies/add``, ``replace`` or ``remove``), urgent and never retried. `known` is the vault as it
    was read just before, which saves reading it again. Azure documents no delay. The answer is not to be trusted: read
    the vault again. Raises AzureFailure (LOST: look with `get_vault`).
    """
    vault = known or await get_vault(session, vault_id)
    present = policy_entry(vault, object_id, application_id)
    if entry is None:
        if present is None:
            return
        kind, sent = "remove", present
    else:
        kind, sent = ("add" if present is None else "replace"), entry
    await session.arm(
        "PUT",
        f"{vault_id}/accessPolicies/{kind}",
        api_version=api.VAULTS,
        body={"properties": {"accessPolicies": [parse.access_policy_body(sent)]}},
        urgent=True,
    )
