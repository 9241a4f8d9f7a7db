"""Make and delete user-assigned identities."""

from cmk_admin.cloud import identities
from cmk_admin.cloud.session import Session
from cmk_admin.domain.steps import Step
from cmk_admin.operations.executors.base import Accepted, AtOnce, Look, Seen


class CreateIdentity(AtOnce):
    """PUT of an identity; one that is there already is used as it is."""

    async def look(self, session: Session, step: Step) -> Look:
        found = await identities.get_identity(session, step.target)
        return Look(seen=Seen.BEFORE if found is None else Seen.AFTER)

    async def do(self, session: Session, step: Step, look: Look) -> Accepted:
        await identities.create_identity(session, step.target, str((step.after or {}).get("location")))
        return Accepted()


class DeleteIdentity(AtOnce):
    """DELETE of an identity that was made by the operation that is taken back."""

    async def look(self, session: Session, step: Step) -> Look:
        found = await identities.get_identity(session, step.target)
        return Look(seen=Seen.AFTER if found is None else Seen.BEFORE)

    async def do(self, session: Session, step: Step, look: Look) -> Accepted:
        await identities.delete_identity(session, step.target)
        return Accepted()
