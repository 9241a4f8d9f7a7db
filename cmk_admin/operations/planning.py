"""From what somebody wants to its plan: what the estate and a fresh reading say about it."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from cmk_admin.cloud import activity, key_changes
from cmk_admin.cloud.session import Session
from cmk_admin.domain.activity import Event
from cmk_admin.domain.errors import AzureFailure, BadInput
from cmk_admin.domain.every_path import siblings
from cmk_admin.domain.ids import KeyId, fold, parse_key_id
from cmk_admin.domain.index import Index
from cmk_admin.domain.plan import Plan
from cmk_admin.domain.steps import Json, StepVerb
from cmk_admin.domain.surroundings import Surroundings, Target
from cmk_admin.domain.verbs import attach, create_key, detach, grant, repair, restore, revalidate, revoke, undo
from cmk_admin.domain.verbs.drafts import Draft
from cmk_admin.domain.verbs.restore import RestoreDraft
from cmk_admin.domain.verbs.restore_changed import LOGGED, Since
from cmk_admin.domain.verbs.restore_part import consumers_named
from cmk_admin.domain.verbs.revoke import RevokeDraft
from cmk_admin.operations import surveying
from cmk_admin.operations.inventory import Inventory
from cmk_admin.operations.namesakes import read_and_ask
from cmk_admin.operations.paths import read_keys_of
from cmk_admin.operations.proof_copies import read_doubted
from cmk_admin.operations.targets import read_targets

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Verb:
    keys: Callable[[Any, Index], tuple[KeyId, ...]]
    """The keys that a draft is about, there or yet to be made."""
    plan: Callable[[Any, Index, Surroundings], Plan]


_VERBS: Mapping[type, _Verb] = {
    create_key.CreateKeyDraft: _Verb(create_key.keys_of, create_key.plan),
    grant.GrantDraft: _Verb(grant.keys_of, grant.plan),
    attach.AttachDraft: _Verb(attach.keys_of, attach.plan),
    detach.DetachDraft: _Verb(detach.keys_of, detach.plan),
    revalidate.RevalidateDraft: _Verb(revalidate.keys_of, revalidate.plan),
    repair.RepairDraft: _Verb(repair.keys_of, repair.plan),
}


class Planning:
    """Makes the plans of one connection; each from what was read for it just now."""

    def __init__(self, session: Session, inventory: Inventory) -> None:
        self._session, self._inventory = session, inventory

    async def targets(self, service: str) -> tuple[Target, ...]:
        """See `interface.Backend.targets`."""
        return await read_targets(self._session, Index(await self._inventory.known()), service)

    async def survey(self, draft: Draft) -> Surroundings:
        """See `interface.Backend.survey`."""
        return await surveying.survey(self._session, Index(await self._inventory.known()), draft)

    async def wizard(self, draft: Draft) -> Plan:
        """The plan of a draft. Raises AzureFailure where the estate could not be read."""
        verb = _VERBS[type(draft)]
        keys = verb.keys(draft, Index(await self._inventory.known()))
        index = Index(await self._inventory.freshly(keys))
        return verb.plan(draft, index, await surveying.survey(self._session, index, draft))

    async def revoke(self, draft: RevokeDraft) -> Plan:
        """What cuts consumers off. Raises AzureFailure."""
        inventory, keys = self._inventory, (draft.key,)

        def who(index: Index) -> tuple[str, ...]:
            uses = index.uses_of_key(draft.key)
            users = [use.slot.principal_id for use in uses if use.slot.principal_id]
            users += [one for use in uses for one in siblings(index, use.consumer)]
            return tuple(dict.fromkeys((*users, *draft.principals)))

        estate, asked = await read_and_ask(inventory, lambda: inventory.refresh(draft.key), keys, who)
        index = Index(await read_doubted(inventory, estate, keys, who(Index(estate)), asked, keep=True))
        return revoke.plan(draft, index, await surveying.survey(self._session, index, draft))

    async def restore(self, draft: RestoreDraft) -> Plan:
        """What gives back, whole or for the consumers that are named, by id or name. Raises BadInput, AzureFailure."""
        draft = replace(draft, consumers=consumers_named(draft.plan, draft.consumers))
        index = await self._index_of(draft.plan)
        since = Since(rotations=await self._rotations(draft.plan))
        found = restore.plan(draft, index, since)
        if not found.findings or not any(step.verb in LOGGED for step in found.steps):
            return found
        return restore.plan(draft, index, replace(since, events=await self._events(draft.plan)))

    async def _rotations(self, plan: Plan) -> dict[str, dict[str, Json]]:
        """The rotation policies that the plan suspended, as they are now; without those that could not be read."""
        found, suffixes = {}, self._session.names.vault_suffixes
        for step in plan.steps:
            if step.verb is StepVerb.SET_ROTATION:
                key = parse_key_id(step.target, vault_suffixes=suffixes)
                try:
                    found[fold(step.target)] = await key_changes.get_rotation(self._session, key)
                except AzureFailure as failure:
                    _log.warning("a rotation policy could not be read", exc_info=failure)
        return found

    async def _events(self, plan: Plan) -> tuple[Event, ...] | None:
        """What the Activity Log says of the vaults of the plan's subscription; None where it cannot be read."""
        vault = next((value for name, value in plan.context if name == "vault"), "")
        return await activity.events_at(self._session, vault, about=activity.OF_VAULTS)

    async def undo(self, draft: RestoreDraft) -> Plan:
        """What takes back. Raises BadInput, AzureFailure."""
        index = await self._index_of(draft.plan, everywhere=True)
        steps = undo.plan(draft, index).steps
        return undo.plan(draft, index, await surveying.survey_steps(self._session, index, steps))

    async def _index_of(self, plan: Plan, *, everywhere: bool = False) -> Index:
        """The estate with the plan's keys as they stand now; `everywhere`: see `cloud.refresh`."""
        if not any(name == "key" for name, _ in plan.context):
            raise BadInput("bad-plan", "The operation's plan does not say which key it is about.", subject=plan.subject)
        return Index(await read_keys_of(self._inventory, plan, everywhere=everywhere))
