"""MySQL single servers, retired. Their key is a resource of its own below the server.

Source: AD mysql/single-server/concepts-data-encryption-mysql.md.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from cmk_admin.cloud import api, parse
from cmk_admin.cloud.consumers.related import ConsumerKind, Related, Settings, carried_by, carried_ids, slot_of
from cmk_admin.cloud.lanes import together
from cmk_admin.cloud.session import LongRunning, Session
from cmk_admin.cloud.signals import Signal
from cmk_admin.domain.errors import AzureFailure, FailureKind
from cmk_admin.domain.ids import last
from cmk_admin.domain.model import Consumer, CoverageProblem
from cmk_admin.domain.steps import Json
from cmk_admin.domain.surroundings import Target, several_keys

LOST = {"inaccessible": True, "ready": False}


async def consumers_of(
    session: Session, documents: list[Mapping[str, Any]], related: Related, urgent: bool
) -> list[Consumer]:
    """The servers that have a server key. Resource Graph does not hold the keys: each server is asked for its own."""

    async def one(document: Mapping[str, Any]) -> Consumer | None:
        try:
            keys = await _keys(session, str(document["id"]), urgent=urgent)
        except AzureFailure as failure:
            related.problems.append(
                CoverageProblem(scope=str(document["id"]), kind=failure.kind, message=failure.message)
            )
            return None
        return _consumer(document, keys, related)

    found = await together(*(one(document) for document in documents))
    return [consumer for consumer in found if consumer is not None]


async def signal(session: Session, consumer_id: str) -> Signal:
    """The server's state, from its provider. Raises AzureFailure."""
    document = (await session.arm("GET", consumer_id, api_version=api.MYSQL_SINGLE, urgent=True)).body
    word = parse.text(parse.inside(document, "properties", "userVisibleState")) or "unknown"
    return Signal(word=word, lost=LOST.get(word.lower()), at=session.clock.now())


async def revalidate(session: Session, consumer_id: str) -> LongRunning | None:
    """Put the server key that the server has once more: its way to revalidate. Raises AzureFailure.

    A write, urgent, never retried. CONFLICT where it has none, or several.
    """
    keys = await _keys(session, consumer_id, urgent=True)
    if len(keys) > 1:
        raise AzureFailure(FailureKind.CONFLICT, several_keys(last(consumer_id), len(keys)), subject=consumer_id)
    if not keys:
        raise AzureFailure(
            FailureKind.CONFLICT,
            f"{last(consumer_id)} has no key of the customer's to revalidate.",
            subject=consumer_id,
        )
    body = {"properties": {"serverKeyType": "AzureKeyVault", "uri": parse.inside(keys[0], "properties", "uri")}}
    path = f"{consumer_id}/keys/{keys[0]['name']}"
    return session.long_running(
        await session.arm("PUT", path, api_version=api.MYSQL_SINGLE_KEYS, body=body, urgent=True)
    )


def shown(document: Mapping[str, Any]) -> Target:
    """A server as its envelope shows it; its key is a resource of its own and not in it."""
    facts = document.get("properties") or {}
    state = parse.text(facts.get("userVisibleState"))
    return Target(
        **parse.envelope(document),
        service=KIND.service,
        state=state,
        tier=parse.text(parse.inside(document, "sku", "tier")),
        version=parse.text(facts.get("version")),
        identities=carried_by(document),
        busy=(state or "").lower() in ("updating", "dropping"),
    )


async def target(session: Session, server_id: str) -> Target:
    """The server with its key, from its provider (urgent). Settings: key, a list of all where it is `unclear` which counts.

    Raises AzureFailure.
    """
    reply, keys = await together(
        session.arm("GET", server_id, api_version=api.MYSQL_SINGLE, urgent=True),
        _keys(session, server_id, urgent=True),
    )
    uris: list[Json] = [str(parse.inside(key, "properties", "uri")) for key in keys]
    if len(uris) > 1:
        several: dict[str, Json] = {"service": KIND.service, "key": uris}
        return replace(shown(reply.body), settings=several, unclear=several_keys(last(server_id), len(uris)))
    uri = uris[0] if uris else None
    return replace(shown(reply.body), key=parse.key_id_of(uri), settings={"service": KIND.service, "key": uri})


async def set_key(session: Session, server_id: str, settings: Settings, found: Target | None) -> LongRunning | None:
    """PUT of the server key that `settings` names; where it names none, DELETE of the one that ``was`` in force.

    A write, urgent, never retried. Raises AzureFailure (CONFLICT: the server has other keys, but not that one).
    """
    kid = parse.key_id_of(settings.get("key"))
    if kid is not None:
        path = f"{server_id}/keys/{kid.vault_name}_{kid.name}_{kid.version}"
        body = {"properties": {"serverKeyType": "AzureKeyVault", "uri": str(kid)}}
        reply = await session.arm("PUT", path, api_version=api.MYSQL_SINGLE_KEYS, body=body, urgent=True)
        return session.long_running(reply)
    keys, was = await _keys(session, server_id, urgent=True), parse.key_id_of(settings.get("was"))
    if not keys:
        return None
    named = next((key for key in keys if was is not None and _kid(key) == was.folded), None)
    if named is None:
        said = f"{last(server_id)} has another key by now, which is left alone."
        raise AzureFailure(FailureKind.CONFLICT, said, subject=server_id)
    path = f"{server_id}/keys/{named['name']}"
    return session.long_running(await session.arm("DELETE", path, api_version=api.MYSQL_SINGLE_KEYS, urgent=True))


def _kid(key: Mapping[str, Any]) -> str | None:
    """The id of a server key's vault key, for comparing."""
    found = parse.key_id_of(parse.inside(key, "properties", "uri"))
    return found.folded if found else None


async def _keys(session: Session, server_id: str, *, urgent: bool) -> list[dict[str, Any]]:
    keys = await session.arm_pages(f"{server_id}/keys", api_version=api.MYSQL_SINGLE_KEYS, urgent=urgent)
    return [key for key in keys if parse.key_id_of(parse.inside(key, "properties", "uri"))]


def _consumer(document: Mapping[str, Any], keys: list[dict[str, Any]], related: Related) -> Consumer | None:
    facts = document.get("properties") or {}
    # one at a time by documentation; should there be more, each is a slot, so that none goes unseen
    slots = [
        slot_of(
            document, "primary" if n == 0 else f"primary-{n + 1}", parse.inside(key, "properties", "uri"), None, related
        )
        for n, key in enumerate(keys)
    ]
    named = tuple(slot for slot in slots if slot is not None)
    if not named:
        return None
    host = parse.text(facts.get("fullyQualifiedDomainName"))
    return Consumer(
        **parse.envelope(document),
        service=KIND.service,
        carries=carried_ids(document),
        slots=named,
        state=parse.text(facts.get("userVisibleState")),
        hosts=(host,) if host else (),
        tags=parse.tags(document.get("tags")),
    )


KIND = ConsumerKind(
    service="mysql-single",
    resource_type="microsoft.dbformysql/servers",
    api_version=api.MYSQL_SINGLE,
    consumers_of=consumers_of,
    signal=signal,
    revalidate=revalidate,
    shown=shown,
    target=target,
    set_key=set_key,
)
