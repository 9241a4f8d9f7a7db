"""What is to be given back: what an operation took, as the journal or a file knows it."""

from pathlib import Path

from cmk_admin.domain.errors import Refused
from cmk_admin.domain.ids import fold
from cmk_admin.domain.steps import AT_REST, StepState
from cmk_admin.domain.verbs import changes
from cmk_admin.domain.verbs.restore import RestoreDraft
from cmk_admin.operations.connection import ConnectionInfo
from cmk_admin.operations.history import History, plan_of
from cmk_admin.operations.rollback import looks_like_file, read_rollback
from cmk_admin.store.journal import Journal, OperationRow


class GivingBack:
    """Of one connection."""

    def __init__(self, journal: Journal, history: History, info: ConnectionInfo) -> None:
        self._journal, self._history, self._info = journal, history, info

    async def answered(self, operation: str) -> RestoreDraft:
        """What is to be given back, as the journal or a file knows it. Raises BadInput, Refused."""
        if looks_like_file(operation):
            draft = await read_rollback(Path(operation).expanduser(), self._info)
            if not await self._journal.load(draft.operation):
                return draft
            operation = draft.operation
        row = await self._history.find(operation)
        if self._history.alive(row):
            raise Refused(
                "busy",
                f"Operation {row.id} is still being run.",
                subject=row.id,
                next="Cancel it first, or wait until it has ended.",
            )
        return await self.taken(row.id)

    async def taken(self, operation: str) -> RestoreDraft:
        """What an operation did, read now. Raises Refused where all of it was given back already."""
        row = await self._history.find(operation)
        if row.given_back:
            raise Refused(
                "already-given-back",
                f"What operation {row.id} took was already given back by operation {row.answered_by}.",
                subject=row.id,
                next=f"To take it away again, undo operation {row.answered_by}.",
            )
        return RestoreDraft(operation=row.id, plan=plan_of(row), states=await self._left(row), began=row.created_at)

    async def _left(self, row: OperationRow) -> tuple[StepState, ...]:
        """The states of the steps; one that a restore of a part gave back already counts as never done."""
        given = {
            (step.verb, fold(step.target)): known.changed_at
            for answer in reversed(await self._journal.all())
            if answer.answers == row.id and answer.part
            for step, known in zip(plan_of(answer).steps, answer.steps, strict=True)
            if known.state in AT_REST
        }
        states = []
        for step, known in zip(plan_of(row).steps, row.steps, strict=True):
            back = changes.inverse(step)
            at = given.get((back.verb, fold(back.target))) if back else None
            states.append(known.state if at is None or at < known.changed_at else StepState.SKIPPED)
        return tuple(states)
