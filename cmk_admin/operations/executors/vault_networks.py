"""Let trusted Azure services through a vault's firewall, or not."""

from cmk_admin.cloud import repairing, vaults
from cmk_admin.cloud.session import Session
from cmk_admin.domain.steps import Step
from cmk_admin.operations.executors.base import Accepted, AtOnce, Look, compare


class SetNetwork(AtOnce):
    """PATCH of the firewall with its `bypass` changed and its rules as they are."""

    verifies = True

    async def look(self, session: Session, step: Step) -> Look:
        vault = await vaults.get_vault(session, step.target)
        return compare(step, {"bypass": "AzureServices" if vault.trusted_bypass else "None"})

    async def do(self, session: Session, step: Step, look: Look) -> Accepted:
        await repairing.set_bypass(session, step.target, str((step.after or {}).get("bypass")))
        return Accepted()
