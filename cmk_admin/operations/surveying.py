"""Read what a draft must be held against besides the estate: rights, deleted names, the service's own resource.

What cannot be read is not an error: it is told in `Surroundings.unread`, and the draft's checks say what follows.
"""

import asyncio
import os
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

from cmk_admin.cloud import key_changes
from cmk_admin.cloud.session import Session
from cmk_admin.domain.ids import KeyId, key_scope
from cmk_admin.domain.index import Index
from cmk_admin.domain.steps import Step
from cmk_admin.domain.surroundings import Surroundings
from cmk_admin.domain.verbs import step_rights
from cmk_admin.domain.verbs.attach import AttachDraft
from cmk_admin.domain.verbs.create_key import CreateKeyDraft
from cmk_admin.domain.verbs.detach import DetachDraft, keys_of
from cmk_admin.domain.verbs.drafts import Draft
from cmk_admin.domain.verbs.grant import GrantDraft
from cmk_admin.domain.verbs.new_resource import NewResource
from cmk_admin.domain.verbs.repair import RepairDraft
from cmk_admin.domain.verbs.revalidate import RevalidateDraft
from cmk_admin.domain.verbs.revoke import RevokeDraft
from cmk_admin.operations.survey import Survey
from cmk_admin.operations.survey_repair import survey_repair
from cmk_admin.operations.survey_revoke import survey_revoke


async def survey(session: Session, index: Index, draft: Draft | RevokeDraft) -> Surroundings:
    """Everything that `draft` must be held against. Raises nothing of Azure's."""
    return await _SURVEYS[type(draft)](Survey(session, index), draft)


async def survey_steps(session: Session, index: Index, steps: Sequence[Step]) -> Surroundings:
    """What the account may do where these steps change something. Raises nothing of Azure's."""
    found = Survey(session, index)
    await found.rights(*step_rights.scopes(index, steps))
    return found.result()


async def _create_key(survey: Survey, draft: CreateKeyDraft) -> Surroundings:
    vault = survey.index.vault(draft.vault_id)
    if vault is None:
        return survey.result()
    deleted, file_problem, _ = await asyncio.gather(
        survey.attempt(
            key_changes.deleted_names(survey.session, vault.host), f"Which deleted keys {vault.name} still holds"
        ),
        asyncio.to_thread(_file_problem, draft.backup),
        survey.rights(vault.id),
    )
    return survey.result(deleted_keys=deleted, file_problem=file_problem)


async def _grant(survey: Survey, draft: GrantDraft) -> Surroundings:
    group = _group(draft.create_identity)
    await asyncio.gather(survey.rights(*_grant_scopes(survey.index, draft.key), *group), survey.groups(*group))
    return survey.result()


async def _attach(survey: Survey, draft: AttachDraft) -> Surroundings:
    scopes = [*_grant_scopes(survey.index, draft.key), *_grant_scopes(survey.index, draft.geo_key)]
    groups = (*_group(draft.create_identity), *_group(draft.new_disk_set))
    scopes += groups
    scopes += [one for one in (draft.consumer, draft.identity, draft.geo_identity, draft.disk_set) if one]
    await asyncio.gather(
        survey.target(draft.service, draft.consumer),
        survey.rights(*scopes),
        survey.groups(*groups),
        _set(survey, draft),
    )
    return survey.result()


async def _detach(survey: Survey, draft: DetachDraft) -> Surroundings:
    keys = keys_of(draft, survey.index) if draft.drop_grant else ()
    grants = [scope for key in keys for scope in _grant_scopes(survey.index, key)]
    await asyncio.gather(survey.target(draft.service, draft.consumer), survey.rights(draft.consumer, *grants))
    return survey.result()


async def _revalidate(survey: Survey, draft: RevalidateDraft) -> Surroundings:
    await survey.rights(*((draft.consumer,) if draft.consumer else ()))
    return survey.result()


async def _set(survey: Survey, draft: AttachDraft) -> None:
    """The disk encryption set that exists, for disks."""
    if draft.disk_set is not None and draft.new_disk_set is None:
        await survey.target("disk-encryption-set", draft.disk_set)


def _grant_scopes(index: Index, key: KeyId | None) -> tuple[str, ...]:
    """Where a grant on a key is written: at the key by a role, at the vault by its access policies."""
    vault = index.vault_of(key) if key else None
    if key is None or vault is None:
        return ()
    return (key_scope(vault.id, key.name), vault.id) if vault.rbac else (vault.id,)


def _group(new: NewResource | None) -> tuple[str, ...]:
    return (new.group_id,) if new and new.has_group else ()


def _file_problem(path: str | None) -> str | None:
    """Why a new file cannot be written there."""
    if path is None:
        return None
    file = Path(path)
    try:
        if os.path.lexists(file):
            return f"{file} exists already, and is not overwritten: name another file."
        if not file.parent.is_dir():
            return f"There is no folder {file.parent} to write the backup into."
        if not os.access(file.parent, os.W_OK):
            return f"The folder {file.parent} cannot be written to."
        os.lstat(file.with_name(f".{file.name}.part"))
    except FileNotFoundError:
        return None
    except OSError as error:
        return f"{file} cannot be written: {error.strerror or error}."
    return None


_SURVEYS: dict[type, Callable[[Survey, Any], Coroutine[Any, Any, Surroundings]]] = {
    CreateKeyDraft: _create_key,
    GrantDraft: _grant,
    AttachDraft: _attach,
    DetachDraft: _detach,
    RevalidateDraft: _revalidate,
    RepairDraft: survey_repair,
    RevokeDraft: survey_revoke,
}
