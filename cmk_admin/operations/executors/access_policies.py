"""Make one principal's entry in a vault's access policies what it should be, and leave all others alone."""

from dataclasses import replace

from cmk_admin.cloud import vaults
from cmk_admin.cloud.identities import principal_of
from cmk_admin.cloud.session import Session
from cmk_admin.domain.model import Vault
from cmk_admin.domain.steps import Step
from cmk_admin.domain.verbs.changes import parse_policy_target, policy_facts, policy_of
from cmk_admin.operations.executors.base import Accepted, AtOnce, Look, compare


class SetPolicy(AtOnce):
    """Replace or remove one entry (accessPolicies/replace, add or remove).

    Its principal may be named by the resource whose identity it is, which an earlier step has made.
    """

    async def look(self, session: Session, step: Step) -> Look:
        vault_id, who, application_id = parse_policy_target(step.target)
        vault = await vaults.get_vault(session, vault_id)
        entry = vaults.policy_entry(vault, await principal_of(session, who), application_id)
        facts = None if entry is None else {**policy_facts(entry), "object_id": who}
        return compare(step, facts, found=vault)

    async def do(self, session: Session, step: Step, look: Look) -> Accepted:
        vault_id, who, application_id = parse_policy_target(step.target)
        object_id = await principal_of(session, who)
        entry = None if step.after is None else replace(policy_of(dict(step.after)), object_id=object_id)
        known = look.found if isinstance(look.found, Vault) else None
        await vaults.set_policy_entry(session, vault_id, object_id, application_id, entry, known=known)
        return Accepted()
