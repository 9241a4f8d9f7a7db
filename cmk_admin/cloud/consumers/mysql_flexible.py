"""MySQL flexible servers (DBD mysql/flexible-server/security-customer-managed-key.md)."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from cmk_admin.cloud import api, parse
from cmk_admin.cloud.consumers.related import ConsumerKind, Related, Settings, carried_by, carried_ids, slot_of, texts
from cmk_admin.cloud.lanes import together
from cmk_admin.cloud.session import LongRunning, Session
from cmk_admin.cloud.signals import Signal, Switch
from cmk_admin.domain.errors import AzureFailure, FailureKind
from cmk_admin.domain.ids import fold, last
from cmk_admin.domain.model import Consumer
from cmk_admin.domain.steps import Json
from cmk_admin.domain.surroundings import Target

_WIRE = {
    "key": "primaryKeyURI",
    "identity": "primaryUserAssignedIdentityId",
    "geo_key": "geoBackupKeyURI",
    "geo_identity": "geoBackupUserAssignedIdentityId",
}
_BUSY = ("updating", "starting", "stopping", "restarting", "dropping", "provisioning")

# Azure's state words; "Inaccessible" is missing in the SDK's list of them, so strings are compared.
LOST = {"inaccessible": True, "ready": False}


async def consumers_of(
    session: Session, documents: list[Mapping[str, Any]], related: Related, urgent: bool
) -> list[Consumer]:
    """The servers that use a key of the customer's; geo-redundant backup may use a second one."""
    found = []
    for document in documents:
        facts = document.get("properties") or {}
        encryption = facts.get("dataEncryption") or {}
        slots = (
            slot_of(
                document,
                "primary",
                encryption.get("primaryKeyURI"),
                parse.text(encryption.get("primaryUserAssignedIdentityId")),
                related,
            ),
            slot_of(
                document,
                "geo",
                encryption.get("geoBackupKeyURI"),
                parse.text(encryption.get("geoBackupUserAssignedIdentityId")),
                related,
            ),
        )
        named = tuple(slot for slot in slots if slot is not None)
        if not named or str(encryption.get("type")).lower() == "systemmanaged":
            continue
        host = parse.text(facts.get("fullyQualifiedDomainName"))
        found.append(
            Consumer(
                **parse.envelope(document),
                service=KIND.service,
                carries=carried_ids(document),
                slots=named,
                state=parse.text(facts.get("state")),
                hosts=(host,) if host else (),
                tags=parse.tags(document.get("tags")),
            )
        )
    return found


async def signal(session: Session, consumer_id: str) -> Signal:
    """The server's state, from its provider. Raises AzureFailure."""
    document = (await session.arm("GET", consumer_id, api_version=api.MYSQL_FLEXIBLE, urgent=True)).body
    word = parse.text(parse.inside(document, "properties", "state")) or "unknown"
    return Signal(word=word, lost=LOST.get(word.lower()), at=session.clock.now())


async def revalidate(session: Session, consumer_id: str) -> LongRunning | None:
    """Send the server the data encryption that it has: what the portal's “revalidate” does. Raises AzureFailure.

    A write, urgent, never retried. The 200 answer may lack the data encryption (seen, not documented): look at the
    signal.
    """
    document = (await session.arm("GET", consumer_id, api_version=api.MYSQL_FLEXIBLE, urgent=True)).body
    encryption = parse.inside(document, "properties", "dataEncryption")
    if not isinstance(encryption, Mapping) or not encryption.get("primaryKeyURI"):
        raise AzureFailure(
            FailureKind.CONFLICT,
            f"{last(consumer_id)} has no key of the customer's to revalidate.",
            subject=consumer_id,
        )
    settings = {name: value for name, value in encryption.items() if value is not None}
    reply = await session.arm(
        "PATCH",
        consumer_id,
        api_version=api.MYSQL_FLEXIBLE,
        body={"properties": {"dataEncryption": settings}},
        urgent=True,
    )
    return session.long_running(reply)


async def switch(session: Session, server_id: str) -> Switch:
    """Whether the server is started (urgent). Raises AzureFailure."""
    word = (await signal(session, server_id)).word
    state = word.lower()
    running = {"stopped": False, "ready": True, "inaccessible": True}.get(state)
    return Switch(word=word, running=running, busy=state in _BUSY, lost=bool(LOST.get(state)))


async def stop(session: Session, server_id: str) -> tuple[LongRunning, ...]:
    """Stop the server: it serves nobody from then on (a write, urgent, never retried). Raises AzureFailure.

    Azure starts a stopped server by itself after 30 days (DBD mysql/flexible-server/concepts-service-tiers-storage.md).
    """
    return await _power(session, server_id, "stop")


async def start(session: Session, server_id: str) -> tuple[LongRunning, ...]:
    """Start the server again (a write, urgent, never retried). Raises AzureFailure."""
    return await _power(session, server_id, "start")


async def _power(session: Session, server_id: str, action: str) -> tuple[LongRunning, ...]:
    reply = await session.arm("POST", f"{server_id}/{action}", api_version=api.MYSQL_FLEXIBLE, urgent=True)
    started = session.long_running(reply)
    return () if started is None else (started,)


def shown(document: Mapping[str, Any]) -> Target:
    """A server as its envelope shows it, with or without a key of the customer's.

    Settings: key, identity, geo_key, geo_identity, and ``with``: the user-assigned identities that it carries.
    """
    facts = document.get("properties") or {}
    encryption = facts.get("dataEncryption") or {}
    if str(encryption.get("type")).lower() == "systemmanaged":
        encryption = {}
    carried = carried_by(document)
    settings: dict[str, Json] = {name: encryption.get(wire) for name, wire in _WIRE.items()}
    state = parse.text(facts.get("state"))
    source = parse.text(facts.get("sourceServerResourceId"))
    return Target(
        **parse.envelope(document),
        service=KIND.service,
        state=state,
        tier=parse.text(parse.inside(document, "sku", "tier")),
        version=parse.text(facts.get("version")),
        identities=carried,
        key=parse.key_id_of(encryption.get("primaryKeyURI")),
        key_identity=parse.text(encryption.get("primaryUserAssignedIdentityId")),
        geo_backup=str(parse.inside(facts, "backup", "geoRedundantBackup")).lower() == "enabled",
        geo_key=parse.key_id_of(encryption.get("geoBackupKeyURI")),
        geo_identity=parse.text(encryption.get("geoBackupUserAssignedIdentityId")),
        replica_of=source if str(facts.get("replicationRole")).lower() == "replica" else None,
        settings=settings | {"service": KIND.service, "with": [one.resource_id for one in carried if one.resource_id]},
        busy=(state or "").lower() in _BUSY,
    )


async def target(session: Session, server_id: str) -> Target:
    """The server as its provider shows it now, and its replicas (urgent). Raises AzureFailure."""
    reply, replicas = await together(
        session.arm("GET", server_id, api_version=api.MYSQL_FLEXIBLE, urgent=True),
        session.arm_pages(f"{server_id}/replicas", api_version=api.MYSQL_FLEXIBLE, urgent=True),
    )
    return replace(shown(reply.body), replicas=tuple(str(one["id"]) for one in replicas))


async def set_key(session: Session, server_id: str, settings: Settings, found: Target | None) -> LongRunning | None:
    """PATCH of identity and dataEncryption: what `settings` says (a write, urgent, never retried). Raises AzureFailure.

    The answer may lack the data encryption (seen, not documented): read the server again.
    """
    encryption = {wire: settings[name] for name, wire in _WIRE.items() if settings.get(name) is not None}
    encryption["type"] = "AzureKeyVault" if settings.get("key") else "SystemManaged"
    body: dict[str, Any] = {"properties": {"dataEncryption": encryption}}
    identity = identity_block(settings, found)
    if identity is not None:
        body["identity"] = identity
    reply = await session.arm("PATCH", server_id, api_version=api.MYSQL_FLEXIBLE, body=body, urgent=True)
    return session.long_running(reply)


def identity_block(settings: Settings, found: Target | None) -> dict[str, Any] | None:
    """The identity block of a PATCH: what ``with`` and ``without`` name is given and taken, all else stays; None: nothing.

    Of a server whose last identity goes the type is None, as az sends it: it has none of which the map could be.
    """
    given, taken = texts(settings.get("with")), texts(settings.get("without"))
    if not given and not taken:
        return None
    has = {fold(one.resource_id) for one in found.identities if one.resource_id} if found else None
    if has is not None and not given and has <= {fold(one) for one in taken}:
        return {"type": "None"}
    return {"type": "UserAssigned", "userAssignedIdentities": {**dict.fromkeys(taken), **{one: {} for one in given}}}


KIND = ConsumerKind(
    service="mysql-flexible",
    resource_type="microsoft.dbformysql/flexibleservers",
    api_version=api.MYSQL_FLEXIBLE,
    consumers_of=consumers_of,
    signal=signal,
    revalidate=revalidate,
    shown=shown,
    switch=switch,
    stop=stop,
    start=start,
    target=target,
    set_key=set_key,
)
