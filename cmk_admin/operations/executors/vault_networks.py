"""Whom a vault's firewall lets in: trusted Azure services or not, and everybody else or not."""

from cmk_admin.cloud import parse, repairing
from cmk_admin.cloud.session import Session
from cmk_admin.domain.steps import Step
from cmk_admin.operations.executors.base import Accepted, AtOnce, Look, compare

_WIRE = {"bypass": "bypass", "default_action": "defaultAction"}


class SetNetwork(AtOnce):
    """PATCH of the firewall with its `bypass` and default action changed and its rules as they are."""

    verifies = True

    async def look(self, session: Session, step: Step) -> Look:
        document = await repairing.firewall(session, step.target)
        vault = parse.vault(dict(document))
        facts = {
            "bypass": "AzureServices" if vault.trusted_bypass else "None",
            "default_action": "Deny" if vault.default_deny else "Allow",
        }
        return compare(step, facts, found=document)

    async def do(self, session: Session, step: Step, look: Look) -> Accepted:
        wanted = {_WIRE[name]: str(value) for name, value in (step.after or {}).items() if name in _WIRE}
        await repairing.set_firewall(session, step.target, wanted, known=look.found)
        return Accepted()
