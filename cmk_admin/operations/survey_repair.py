"""What a repair must know besides the estate: rights, deleted keys and vaults, identities, the Activity Log."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import datetime

from cmk_admin.cloud import activity, identities, repairing
from cmk_admin.cloud.consumers import CONSUMERS
from cmk_admin.cloud.signals import Signal
from cmk_admin.domain.activity import Event
from cmk_admin.domain.ids import KeyId, fold, key_scope, last, segment, subscription_of
from cmk_admin.domain.index import Index
from cmk_admin.domain.model import Consumer
from cmk_admin.domain.surroundings import Surroundings
from cmk_admin.domain.verbs.repair import RepairDraft, consumer_of, keys_of
from cmk_admin.operations.survey import Survey


async def survey_repair(survey: Survey, draft: RepairDraft) -> Surroundings:
    """All of it, side by side; what cannot be read is told in `unread`."""
    index = survey.index
    consumer = consumer_of(draft, index)
    if consumer is None:
        return survey.result()
    keys = keys_of(draft, index)
    known = [(key, vault) for key in keys if (vault := index.vault_of(key)) is not None]
    scopes = [scope for key, vault in known for scope in (vault.id, key_scope(vault.id, key.name))]
    missing = [key for key, _ in known if index.key(key) is None]
    (deleted, vaults, principals, events, signal), _ = await asyncio.gather(
        asyncio.gather(
            _deleted_keys(survey, missing),
            _deleted_vaults(survey, keys),
            _identities(survey, consumer),
            _events(survey, consumer, scopes),
            _signal(survey, consumer),
        ),
        asyncio.gather(survey.rights(*scopes, consumer.id), _target(survey, consumer)),
    )
    asked, gone = deleted
    return survey.result(
        asked_deleted=asked,
        soft_deleted=gone,
        deleted_vaults=vaults,
        identities=principals,
        events=events,
        signal=signal.word if signal else None,
        signal_lost=signal.lost if signal else None,
    )


async def _deleted_keys(survey: Survey, keys: Iterable[KeyId]) -> tuple[frozenset[str], dict[str, datetime | None]]:
    asked: set[str] = set()
    found: dict[str, datetime | None] = {}
    for key in keys:
        answer = await survey.attempt(
            repairing.deleted_key(survey.session, key), f"Whether {key.name} is among the deleted keys"
        )
        if answer is not None:
            asked.add(key.host)
            if answer[0]:
                found[key.folded] = answer[1]
    return frozenset(asked), found


async def _deleted_vaults(survey: Survey, keys: Iterable[KeyId]) -> frozenset[str] | None:
    """Only where a vault cannot be seen: those of the subscriptions that answered; None where none was asked or did.

    A vault that is missing here may be one of a subscription that did not answer, which `unread` names then.
    """
    if all(survey.index.vault_of(key) for key in keys):
        return None
    answers = await asyncio.gather(
        *(
            survey.attempt(
                repairing.deleted_vaults(survey.session, one.id), f"Which deleted vaults subscription {one.name} holds"
            )
            for one in survey.index.estate.subscriptions
        )
    )
    read = [one for one in answers if one is not None]
    return frozenset().union(*read) if read else None


async def _identities(survey: Survey, consumer: Consumer) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for resource_id in user_assigned(survey.index, consumer):

        async def principal(resource_id: str = resource_id) -> tuple[str | None]:
            identity = await identities.get_identity(survey.session, resource_id)
            return (identity.principal_id if identity else None,)

        answer = await survey.attempt(principal(), f"Whether the identity {last(resource_id)} still exists")
        if answer is not None:
            found[fold(resource_id)] = answer[0]
    return found


def user_assigned(index: Index, consumer: Consumer) -> tuple[str, ...]:
    """ARM ids of the user-assigned identities by which the consumer's data are unwrapped."""
    named = (slot.identity_resource_id for slot in index.slots_of(consumer))
    return tuple(dict.fromkeys(one for one in named if one and "/userassignedidentities/" in fold(one)))


async def _events(survey: Survey, consumer: Consumer, scopes: list[str]) -> tuple[Event, ...] | None:
    """The log of every subscription concerned, narrowed down by Azure itself; None where none of it could be read.

    What was done to role assignments stands under `Microsoft.Authorization`, whatever they were assigned at.
    """
    now = survey.session.clock.now()
    resources = (*user_assigned(survey.index, consumer), consumer.id)
    asked = {(subscription_of(one) or "", f"resourceUri eq '{one}'") for one in resources}
    asked |= {(subscription_of(one) or "", "resourceProvider eq 'Microsoft.Authorization'") for one in scopes}
    # a vault by its group: what is done to its access policies stands below it, where its own id does not find it
    groups = ((one, segment(one, "resourceGroups")) for one in scopes)
    asked |= {(subscription_of(one) or "", f"resourceGroupName eq '{group}'") for one, group in groups if group}
    if not scopes:
        # the vault is not there: its deletion stands in the log of whichever subscription it was in
        mine = (one.id for one in survey.index.estate.subscriptions)
        asked |= {(one, activity.OF_VAULTS) for one in mine}
    answers = await asyncio.gather(
        *(
            survey.attempt(activity.events(survey.session, subscription, about=about, now=now), "The Activity Log")
            for subscription, about in sorted(asked)
            if subscription
        )
    )
    read = [one for one in answers if one is not None]
    if not all(whole for _, whole in read):
        survey.note("The Activity Log was read in part only: it holds more events than a repair waits for.")
    return activity.newest_first(event for found, _ in read for event in found) if read else None


async def _signal(survey: Survey, consumer: Consumer) -> Signal | None:
    """What the consumer shows of itself; None where it could not be read."""
    kind = CONSUMERS.get(consumer.service)
    if kind is None:
        return None
    return await survey.attempt(kind.signal(survey.session, consumer.id), f"How {consumer.name} stands")


async def _target(survey: Survey, consumer: Consumer) -> None:
    """The consumer as its provider shows it: which identities it carries."""
    if consumer.holder_id is None:
        await survey.target(consumer.service, consumer.id)
