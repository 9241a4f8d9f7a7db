"""Make and delete user-assigned identities."""

from cmk_admin.cloud import carriers, identities
from cmk_admin.cloud.session import Session
from cmk_admin.domain import words
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
    """DELETE of an identity that was made by the operation that is taken back, as long as nothing carries it.

    Who carries it need not use a key: a machine or another service may sign in with it by now.
    """

    async def look(self, session: Session, step: Step) -> Look:
        if await identities.get_identity(session, step.target) is None:
            return Look(seen=Seen.AFTER)
        found = await carriers.carriers(session, step.target)
        if not found:
            return Look(seen=Seen.BEFORE)
        verb = "carries" if len(found) == 1 else "carry"
        return Look(seen=Seen.CHANGED, difference=f"{words.listed(list(found))} {verb} it by now")

    async def do(self, session: Session, step: Step, look: Look) -> Accepted:
        await identities.delete_identity(session, step.target)
        return Accepted()
