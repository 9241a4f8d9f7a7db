"""MySQL flexible servers (fact sheet 1.2)."""

from collections.abc import Mapping
from typing import Any

from cmk_admin.cloud import api, parse
from cmk_admin.cloud.consumers.related import ConsumerKind, Related, slot_of
from cmk_admin.cloud.session import LongRunning, Session
from cmk_admin.cloud.signals import Signal
from cmk_admin.domain.errors import AzureFailure, FailureKind
from cmk_admin.domain.ids import last, subscription_of
from cmk_admin.domain.model import Consumer

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
                id=str(document["id"]),
                service=KIND.service,
                name=str(document.get("name") or last(str(document["id"]))),
                location=parse.location(document.get("location")),
                subscription_id=subscription_of(str(document["id"])) or "",
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

    A write, urgent, never retried. The 200 answer may lack the data encryption (fact sheet 11.2): look at the signal.
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


KIND = ConsumerKind(
    service="mysql-flexible",
    resource_type="microsoft.dbformysql/flexibleservers",
    api_version=api.MYSQL_FLEXIBLE,
    consumers_of=consumers_of,
    signal=signal,
    revalidate=revalidate,
)
