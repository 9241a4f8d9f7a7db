"""The record of an operation, read from the journal; and who writes into it."""

from cmk_admin.domain.errors import CmkError
from cmk_admin.domain.record import Record, verify_lines
from cmk_admin.operations.connection import ConnectionInfo
from cmk_admin.store.journal import Journal
from cmk_admin.store.record import Recorder


def recorder_of(info: ConnectionInfo) -> Recorder:
    """Who is signed in where, as the record names them."""
    account = info.account
    return Recorder(
        account=account.name,
        object_id=account.object_id,
        tenant=account.tenant_id,
        cloud=account.cloud,
        kind=info.kind.value,
        connection=info.key,
    )


async def read_record(journal: Journal, operation: str) -> Record:
    """Everything that was written down about an operation. Raises StoreError, CmkError ``altered`` (the journal was)."""
    verdict = verify_lines(await journal.record_lines(operation))
    if verdict.record is None or verdict.first_bad is not None:
        raise CmkError(
            "altered",
            f"The record of operation {operation} in the journal is not as it was written. {verdict.message}",
            subject=operation,
            next="Keep a copy of the journal, and compare with what was exported before.",
        )
    return verdict.record
