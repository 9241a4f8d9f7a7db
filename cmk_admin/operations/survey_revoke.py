"""What a revoke must know besides the estate: rights, reach, regions, what else is in the vault, rotation policies.

All side by side and for five seconds at most: an emergency is never held up by it. What was not answered by then is not
known, and a plan says so where it matters.
"""

import asyncio
from collections.abc import Mapping

from cmk_admin.cloud import key_changes, vault_state
from cmk_admin.cloud.session import Session
from cmk_admin.domain.copies import copies
from cmk_admin.domain.errors import AzureFailure
from cmk_admin.domain.ids import KeyId, fold
from cmk_admin.domain.index import Index
from cmk_admin.domain.steps import Json
from cmk_admin.domain.surroundings import Surroundings, VaultContents
from cmk_admin.domain.verbs import readiness, revoke, step_rights
from cmk_admin.domain.verbs.revoke import RevokeDraft
from cmk_admin.operations.survey import Survey

SECONDS = 5.0
"""Real seconds after which a revoke goes on with what was answered."""
MOST_KEYS = 8
"""Keys (with its copies) whose vaults are asked."""
MOST_SCOPES = 60
"""Scopes at which rights are asked for; beyond, they count as not known."""


async def survey_revoke(survey: Survey, draft: RevokeDraft) -> Surroundings:
    """All of it. Raises nothing of Azure's."""
    index, session = survey.index, survey.session
    found = [draft.key.key, *(copy.id for copy in copies(index, draft.key))][:MOST_KEYS]
    visible = [key for key in found if index.vault_of(key) is not None]
    read = _Read(session)
    readings = [asyncio.create_task(survey.rights(*_scopes(index, draft)[:MOST_SCOPES]))]
    for key in visible:
        readings.append(asyncio.create_task(read.vault(key)))
        readings.append(asyncio.create_task(read.rotation(key)))
    for host, vault_id in {key.host: vault.id for key in visible if (vault := index.vault_of(key))}.items():
        readings.append(asyncio.create_task(read.contents(vault_id, host)))
    _, late = await asyncio.wait(readings, timeout=SECONDS)
    for one in late:
        one.cancel()
    for outcome in await asyncio.gather(*readings, return_exceptions=True):
        if isinstance(outcome, BaseException) and not isinstance(outcome, asyncio.CancelledError):
            raise outcome
    if late:
        survey.note(f"Not all that was asked was answered within {SECONDS:g} seconds.")
    return survey.result(
        contents=read.in_vaults,
        answering=read.answers,
        regions=read.regions,
        rotations=read.rotations,
        token_until=session.token_until(),
    )


def _scopes(index: Index, draft: RevokeDraft) -> tuple[str, ...]:
    """Where the steps of the plan change something, with all that was chosen; then what its other methods may need."""
    wanted = (*step_rights.scopes(index, revoke.plan(draft, index).steps), *readiness.scopes(index, draft))
    return tuple({fold(scope): scope for scope in wanted}.values())


class _Read:
    """What was answered so far; what was refused is left out, which means that it is not known."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.answers: dict[str, str | None] = {}
        self.regions: dict[str, str] = {}
        self.in_vaults: dict[str, VaultContents] = {}
        self.rotations: dict[str, Mapping[str, Json] | None] = {}

    async def vault(self, key: KeyId) -> None:
        found = await vault_state.answering(self._session, key)
        self.answers[key.host] = found.why_not
        if found.region is not None:
            self.regions[key.host] = found.region

    async def contents(self, vault_id: str, host: str) -> None:
        secrets, certificates = await asyncio.gather(self._count(host, "secrets"), self._count(host, "certificates"))
        self.in_vaults[fold(vault_id)] = VaultContents(secrets=secrets, certificates=certificates)

    async def _count(self, host: str, what: str) -> int | None:
        try:
            return await vault_state.count(self._session, host, what)
        except AzureFailure:
            return None  # `VaultContents` words it as “could not be read”

    async def rotation(self, key: KeyId) -> None:
        try:
            policy = await key_changes.get_rotation(self._session, key)
        except AzureFailure:
            return  # a missing entry of `Surroundings.rotations` means that it is not known
        self.rotations[str(key.key).lower()] = policy if _rotates(policy) else None


def _rotates(policy: Mapping[str, Json]) -> bool:
    """Whether a policy makes new versions by itself; one that only notifies does not."""
    actions = policy.get("lifetime_actions")
    return "rotate" in str(actions).lower() if actions else False
