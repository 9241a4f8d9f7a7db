"""Opening a session to a live Azure: the same session as a sandbox's, but for resolver, CA, credential, clock and proxy."""

import asyncio
import re
from dataclasses import dataclass

from cmk_admin.cloud import sign_in_failures
from cmk_admin.cloud.credentials import ASKS, NOT_KEPT, Say, SignIn, Wanted, can_keep_tokens
from cmk_admin.cloud.names import CLOUDS
from cmk_admin.cloud.session import Session, Timeouts
from cmk_admin.cloud.transport import SystemTransport, open_system
from cmk_admin.domain.errors import AzureFailure, BadInput, FailureKind
from cmk_admin.domain.sign_in import AT_HAND, WAY_WORDS, SignInNews, tenant_words
from cmk_admin.runtime.clock import ConnectionClock
from cmk_admin.runtime.proxy import system_trust

_TENANT = re.compile(r"[0-9A-Za-z](?:[0-9A-Za-z.-]{0,251}[0-9A-Za-z])?")
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """Which live Azure, and how to get in."""

    cloud: str = "public"
    tenant: str | None = None
    """Id or domain; None: the account's own."""
    way: str | None = None
    """How to sign in; None: what is at hand, Azure CLI first and then the environment."""
    record: str | None = None
    """The account of the last time, as `Session.record` gave it."""


async def open_live(door: Door, *, say: Say | None = None, timeouts: Timeouts | None = None) -> Session:
    """Sign in to a live Azure. `say` is told what goes on, on this loop. A cancel ends what waits for the person.

    Raises BadInput (cloud or tenant that is none, proxy, trust store) and AzureFailure (sign_in, unreachable).
    """
    _check(door)
    context = await asyncio.to_thread(system_trust)
    keep = door.way in ASKS and await asyncio.to_thread(can_keep_tokens)
    bounds = timeouts or Timeouts()

    def wanted(way: str) -> Wanted:
        return Wanted(
            way=way,
            names=CLOUDS[door.cloud],
            tenant=door.tenant,
            http=open_system(context),
            connect=bounds.connect,
            read=bounds.read,
            say=say,
            record=door.record,
            keep=keep,
        )

    problems: list[AzureFailure] = []
    for way in (door.way,) if door.way else AT_HAND:
        if say is not None:
            say(SignInNews(words=f"Signing in to {tenant_words(door.tenant)} through {WAY_WORDS[way]}…"))
        try:
            return await _open(wanted(way), bounds)
        except AzureFailure as failure:
            if door.way or failure.kind is not FailureKind.SIGN_IN:
                raise
            problems.append(failure)
    raise sign_in_failures.none_at_hand(problems, door.tenant)


async def _open(wanted: Wanted, bounds: Timeouts) -> Session:
    try:
        credential = SignIn(wanted)
    except BaseException:
        await wanted.http.close()
        raise
    session = Session(
        names=wanted.names,
        http=wanted.http,
        credential=credential,
        clock=ConnectionClock(),
        timeouts=bounds,
        transport=SystemTransport(wanted.http),
    )
    try:
        await credential.begin()
        await session.sign_in()
        there = session.account.tenant_id
        if wanted.tenant and _GUID.fullmatch(wanted.tenant) and there.lower() != wanted.tenant.lower():
            raise sign_in_failures.another_tenant(there, wanted.tenant)
    except BaseException:
        await session.close()
        raise
    session.signed_in_by, session.record = wanted.way, credential.record
    if wanted.way in ASKS and not wanted.keep:
        session.notes = (NOT_KEPT,)
    return session


def _check(door: Door) -> None:
    if door.cloud not in CLOUDS:
        raise BadInput(
            "bad-cloud", f"There is no cloud “{door.cloud}”.", subject=door.cloud, candidates=tuple(sorted(CLOUDS))
        )
    if door.way is not None and door.way not in WAY_WORDS:
        raise BadInput(
            "bad-auth", f"There is no way to sign in “{door.way}”.", subject=door.way, candidates=tuple(WAY_WORDS)
        )
    # It becomes part of the sign-in's address
    if door.tenant is not None and not _TENANT.fullmatch(door.tenant):
        raise BadInput(
            "bad-tenant",
            f"“{door.tenant}” is neither a tenant's id nor one of its domains; nothing was sent.",
            subject=door.tenant,
        )
