"""How a vault stands besides its keys: whether its data plane answers, from which region, and what else is in it."""

from dataclasses import dataclass

from cmk_admin.cloud import keys
from cmk_admin.cloud.session import Session
from cmk_admin.domain.errors import AzureFailure, FailureKind
from cmk_admin.domain.ids import KeyId

REGION = "x-ms-keyvault-region"
"""Response header: the region that answered (KVD general/common-parameters-and-headers)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answering:
    """What one harmless read of a key told of its vault."""

    why_not: str | None
    """A sentence; None: the data plane answers from here, be it only that this account may not read the key."""
    region: str | None = None
    """Which region answered; None: it did not say."""


async def answering(session: Session, key: KeyId) -> Answering:
    """Read a key to see whether its vault's data plane answers from here (urgent). Never raises AzureFailure."""
    try:
        reply = await session.vault(
            "GET", key.host, f"/keys/{key.name}/versions", params={"maxresults": "1"}, urgent=True
        )
    except AzureFailure as failure:
        answers = failure.status is not None and failure.kind in (FailureKind.FORBIDDEN, FailureKind.NOT_FOUND)
        return Answering(why_not=None if answers else failure.message)
    return Answering(why_not=None, region=reply.headers.get(REGION) or None)


async def count(session: Session, host: str, what: str) -> int:
    """How many ``secrets`` or ``certificates`` a vault has; no value of them is read (urgent). Raises AzureFailure.

    The secrets that stand behind certificates are not counted twice: they are the certificates'.
    """
    found = await keys.pages(session, host, f"/{what}", urgent=True)
    return sum(1 for each in found if each.get("managed") is not True)
