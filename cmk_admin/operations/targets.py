"""The resources that can take a key as a service, with or without one: what a wizard offers."""

from cmk_admin.cloud.consumers import CONSUMERS
from cmk_admin.cloud.lanes import together
from cmk_admin.cloud.session import Session
from cmk_admin.domain.errors import BadInput
from cmk_admin.domain.index import Index
from cmk_admin.domain.surroundings import Target


async def read_targets(session: Session, index: Index, service: str) -> tuple[Target, ...]:
    """All of them in the estate's subscriptions, from their provider, by name.

    Raises BadInput ``unknown-service``, AzureFailure where a subscription could not be listed.
    """
    kind = CONSUMERS.get(service)
    if kind is None or kind.shown is None:
        raise BadInput(
            "unknown-service",
            f"“{service}” takes no key from here.",
            subject=service,
            candidates=tuple(sorted(name for name, one in CONSUMERS.items() if one.shown is not None)),
        )
    lists = await together(
        *(
            session.arm_pages(f"/subscriptions/{one.id}/providers/{kind.resource_type}", api_version=kind.api_version)
            for one in index.estate.subscriptions
        )
    )
    found = [kind.shown(document) for documents in lists for document in documents]
    return tuple(sorted(found, key=lambda one: (one.name.lower(), one.id)))
