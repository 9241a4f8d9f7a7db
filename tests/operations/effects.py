"""What tests of effects share: each kind of consumer, asked as its own identity, and Azure's clock in the test's hand."""

import asyncio
import base64
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from cmk_admin.cloud.consumers import CONSUMERS
from cmk_admin.cloud.session import Session
from cmk_admin.cloud.signals import Signal
from cmk_admin.domain.errors import AzureFailure
from cmk_admin.domain.model import Consumer
from cmk_admin.domain.plan import Plan
from cmk_admin.domain.verbs.revoke import RevokeDraft
from cmk_admin.operations.backend import OpenBackend
from cmk_admin.runtime.connection import read_connection
from tests.operations.attaching import attached, etcd_draft, kubernetes
from tests.operations.stories import Azure, consumer

METHODS = ("grants", "disable", "operations", "firewall", "delete")
DEK = base64.urlsafe_b64encode(bytes(range(32))).rstrip(b"=").decode()
_ALGORITHM = "RSA-OAEP-256"
_LOOKS, _BETWEEN = 100, 0.1


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of consumer, where it stands in the sandbox, and as whom it asks."""

    service: str
    name: str
    identity: str
    scenario: str = "dcc"
    asks: tuple[str, str] = ("wrapkey", "unwrapkey")
    least: float = 0.0
    """Azure's seconds that the sandbox lets it live at least once the vault refuses it."""


KINDS = {
    one.service: one
    for one in (
        Kind("mysql-flexible", "dcc-mysql", "dcc-mysql-id"),
        Kind("mysql-single", "dcc-mysql-single", "dcc-mysql-single"),
        Kind("disk-encryption-set", "dcc-des", "dcc-des", least=3000),
        Kind("aks-disks", "dcc-aks", "dcc-des", least=3000),
        Kind("aks-etcd", "ws-aks", "ws-aks-id", "workshop", ("encrypt", "decrypt")),
    )
}


class Identity:
    """A consumer's own identity at its key: what it wrapped is asked for again by the route that it uses."""

    def __init__(self, kind: Kind, session: Session, key: str) -> None:
        self._kind, self._session = kind, session
        _, _, self._host, _, name, version = key.split("/")
        self._path = f"/keys/{name}/{version}"
        self._wrapped = ""

    async def wrap(self) -> None:
        """Wrap a data encryption key. Raises AzureFailure with the vault's refusal."""
        self._wrapped = await self._ask(self._kind.asks[0], DEK)

    async def refused(self) -> str:
        """Why the vault does not unwrap for it, nor decrypt; empty where it does."""
        try:
            answer = await self._ask(self._kind.asks[1], self._wrapped)
        except AzureFailure as failure:
            if failure.status not in (403, 404):
                raise
            return failure.message
        assert answer == DEK
        return ""

    async def _ask(self, operation: str, value: str) -> str:
        body = {"alg": _ALGORITHM, "value": value}
        reply = await self._session.vault("POST", self._host, f"{self._path}/{operation}", body=body, urgent=True)
        return str(reply.body["value"])


@asynccontextmanager
async def asking(azure: Azure, kind: Kind, used: Consumer) -> AsyncIterator[Identity]:
    """The identity of a consumer, which has wrapped something and gets it back."""
    connection = read_connection(azure.sandbox.file)
    session = await Session.open(connection, principal=kind.identity)
    try:
        assert session.account.object_id == used.slots[0].principal_id
        identity = Identity(kind, session, str(used.slots[0].key_id))
        await identity.wrap()
        assert await identity.refused() == ""
        yield identity
    finally:
        await session.close()


async def laid(azure: Azure, kind: Kind) -> None:
    """Let the consumer use its key, where the scenario does not; then let Azure's time pass as slowly as ours, but for pushes."""
    if kind.service == "aks-etcd":
        async with azure.opened() as backend:
            await backend.read()
            done = await attached(backend, await etcd_draft(backend, rewrite_secrets=True))
            assert all(step.state.value == "done" for step in done.steps), done.log
    azure.sandbox.post("clock", {"speed": 1})


def found(backend: OpenBackend, kind: Kind) -> Consumer:
    """The consumer of a kind in the estate that was read."""
    assert backend.estate is not None
    named = [one for one in backend.estate.consumers if one.name == kind.name and one.service == kind.service]
    return named[0] if named else consumer(backend.estate, kind.name)


async def plan_for(backend: OpenBackend, kind: Kind, method: str) -> Plan:
    """A revoke of a consumer's key by a method; grants cut this consumer only."""
    used = found(backend, kind)
    whom = (used.id,) if method == "grants" else ()
    draft = RevokeDraft(key=used.slots[0].key_id.key, method=method, consumers=whom)
    plan = await backend.prepare_revoke(draft)
    assert plan.problems == ()
    return plan


async def signal(azure: Azure, used: Consumer) -> Signal:
    """What a consumer shows of itself, seen by an eye beside the program's."""
    async with azure.session() as session:
        return await CONSUMERS[used.service].signal(session, used.id)


async def has_lost(azure: Azure, used: Consumer) -> bool:
    """Whether a consumer has lost its data by its own signal; of etcd, which shows none, by Kubernetes itself."""
    if used.service == "aks-etcd":
        return kubernetes(azure, used.name)["lost"] is not None
    return (await signal(azure, used)).lost is True


async def becomes(true: Callable[[], Awaitable[bool]]) -> bool:
    """Whether it is so at last: consumers look at a clock that was pushed when they get to it."""
    for _ in range(_LOOKS):
        if await true():
            return True
        await asyncio.sleep(_BETWEEN)
    return False
