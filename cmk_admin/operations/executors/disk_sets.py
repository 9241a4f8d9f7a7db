"""Make and delete disk encryption sets."""

from dataclasses import replace

from cmk_admin.cloud import identities
from cmk_admin.cloud.consumers import disk_encryption_set
from cmk_admin.cloud.session import Session
from cmk_admin.domain.errors import AzureFailure, FailureKind
from cmk_admin.domain.ids import last
from cmk_admin.domain.steps import Step
from cmk_admin.operations.executors.base import Accepted, Look, Seen, compare


class _DiskSet:
    verifies = True

    async def look(self, session: Session, step: Step) -> Look:
        document = await disk_encryption_set.get(session, step.target)
        if document is None:
            return compare(step, None)
        identities.remember(session, document)
        if disk_encryption_set.is_busy(document):
            return Look(seen=Seen.BUSY, difference="it is being changed")
        look = compare(step, disk_encryption_set.made_facts(document))
        state = disk_encryption_set.failed(document)
        if state is None or look.seen is not Seen.AFTER:
            return look
        return replace(look, broken=f"{last(step.target)} is there, but Azure could not finish it ({state}).")

    def passes(self, failure: AzureFailure) -> bool:
        """While it is being changed Azure refuses; that passes."""
        return failure.kind is FailureKind.CONFLICT and failure.status == 409


class CreateDiskSet(_DiskSet):
    """PUT of a set under a name that is free; its own identity comes with it."""

    async def do(self, session: Session, step: Step, look: Look) -> Accepted:
        assert step.after is not None, "a disk encryption set is made from its facts"
        started = await disk_encryption_set.create(session, step.target, step.after)
        return Accepted(long_running=() if started is None else (started,))


class DeleteDiskSet(_DiskSet):
    """DELETE of a set that was made by the operation that is taken back; Azure refuses while a disk uses it."""

    async def do(self, session: Session, step: Step, look: Look) -> Accepted:
        started = await disk_encryption_set.delete(session, step.target)
        return Accepted(long_running=() if started is None else (started,))

    def passes(self, failure: AzureFailure) -> bool:
        """A disk that uses it does not go away by waiting."""
        return False
