"""What tests of the wizards' verbs share: a plan of each by name, and what of Azure it changes, seen past the program."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from cmk_admin.cloud import api
from cmk_admin.cloud.session import Session
from cmk_admin.domain.errors import AzureFailure, FailureKind
from cmk_admin.domain.ids import KeyId
from cmk_admin.domain.model import Estate
from cmk_admin.domain.plan import Plan
from cmk_admin.domain.steps import Json
from cmk_admin.domain.verbs.attach import AttachDraft
from cmk_admin.domain.verbs.create_key import CreateKeyDraft
from cmk_admin.domain.verbs.detach import DetachDraft
from cmk_admin.domain.verbs.grant import GrantDraft
from cmk_admin.domain.verbs.new_resource import NewIdentity
from cmk_admin.operations.backend import OpenBackend
from tests.operations.attaching import PREMIUM, SPARE_KEY, target
from tests.operations.stories import Azure

NEW_KEY = KeyId(PREMIUM, "new-key")
MADE = "made-id"
BACKUP = "new-key.backup"
SERVER, ATTACHED, SINGLE = "ws-mysql", "ws-mysql-attached", "ws-single"
ATTACHING = {"attach": (SERVER, MADE), "attach-single": (SINGLE, SINGLE)}
"""Who gets a key that it had not, and by which identity."""
_GROUP = "workshop-services"


def new_identity(estate: Estate) -> NewIdentity:
    """The identity that a plan makes."""
    vault = next(one for one in estate.vaults if one.host == PREMIUM)
    return NewIdentity(subscription_id=vault.subscription_id, group=_GROUP, name=MADE, location="westeurope")


async def plan_create(backend: OpenBackend) -> Plan:
    """A key with its backup beside the journal: two steps."""
    estate = backend.estate or await backend.read()
    vault = next(one for one in estate.vaults if one.host == PREMIUM)
    draft = CreateKeyDraft(
        vault_id=vault.id,
        name=NEW_KEY.name,
        purpose="mysql-flexible",
        tags=(("owner", "payments"),),
        backup=str(backend.info.folder / BACKUP),
    )
    return await backend.prepare(draft)


async def plan_grant(backend: OpenBackend) -> Plan:
    """An identity that is made, and its grant: two steps."""
    estate = backend.estate or await backend.read()
    return await backend.prepare(GrantDraft(key=SPARE_KEY, create_identity=new_identity(estate)))


async def plan_attach(backend: OpenBackend) -> Plan:
    """An identity that is made, its grant, and the server's key: three steps."""
    estate = backend.estate or await backend.read()
    server = await target(backend, "mysql-flexible", SERVER)
    draft = AttachDraft(
        key=SPARE_KEY, consumer=server.id, service="mysql-flexible", create_identity=new_identity(estate)
    )
    return await backend.prepare(draft)


async def plan_attach_single(backend: OpenBackend) -> Plan:
    """The grant of a single server's own identity, and its key: two steps."""
    server = await target(backend, "mysql-single", SINGLE)
    return await backend.prepare(AttachDraft(key=SPARE_KEY, consumer=server.id, service="mysql-single"))


async def plan_change(backend: OpenBackend) -> Plan:
    """Another key for a server that has one: the grant, and the server's key."""
    server = await target(backend, "mysql-flexible", ATTACHED)
    return await backend.prepare(AttachDraft(key=SPARE_KEY, consumer=server.id, service="mysql-flexible"))


async def plan_detach(backend: OpenBackend) -> Plan:
    """The platform's key for a server, and the grant of its identity gone: two steps."""
    server = await target(backend, "mysql-flexible", ATTACHED)
    return await backend.prepare(DetachDraft(consumer=server.id, service="mysql-flexible", drop_grant=True))


WIZARDS: dict[str, Callable[[OpenBackend], Awaitable[Plan]]] = {
    "create-key": plan_create,
    "grant": plan_grant,
    "attach": plan_attach,
    "attach-single": plan_attach_single,
    "change": plan_change,
    "detach": plan_detach,
}
STEPS = {"create-key": 2, "grant": 2, "attach": 3, "attach-single": 2, "change": 2, "detach": 2}


Server = tuple[str, str, Json, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Seen:
    """What of Azure these plans change."""

    keys: frozenset[str]
    deleted: frozenset[str]
    identities: frozenset[str]
    grants: frozenset[tuple[str, str, str]]
    """Key, name and principal of each role assignment at the keys themselves."""
    servers: tuple[Server, ...]
    """Name, state, key id and identities of each server."""
    refusing: frozenset[str]
    """Servers that refuse connections."""

    def server(self, name: str) -> tuple[str, Json]:
        """A server's state and the key that it reports."""
        return next((state, key) for one, state, key, _ in self.servers if one == name)


async def seen(azure: Azure) -> Seen:
    """Read it, past the program's own plans and steps."""
    async with azure.session() as session:
        estate = await _ids(session)
        keys, deleted, grants, flexible, single = await asyncio.gather(
            _names(session, "/keys"),
            _names(session, "/deletedkeys"),
            _grants(session, estate["vault"]),
            _flexible(session, estate["subscription"]),
            _single(session, estate["subscription"]),
        )
        found = await session.arm_pages(
            f"/subscriptions/{estate['subscription']}/providers/Microsoft.ManagedIdentity/userAssignedIdentities",
            api_version=api.IDENTITIES,
            urgent=True,
        )
    connections = azure.sandbox.get("connections")
    return Seen(
        keys=keys,
        deleted=deleted,
        identities=frozenset(str(one["name"]) for one in found),
        grants=grants,
        servers=tuple(sorted((*flexible, *single), key=lambda one: one[0])),
        refusing=frozenset(one["consumer_id"].rsplit("/", 1)[-1] for one in connections if not one["accepted"]),
    )


async def _ids(session: Session) -> dict[str, str]:
    for one in await session.arm_pages("/subscriptions", api_version=api.SUBSCRIPTIONS, urgent=True):
        path = f"/subscriptions/{one['subscriptionId']}/providers/Microsoft.KeyVault/vaults"
        for vault in await session.arm_pages(path, api_version=api.VAULTS, urgent=True):
            if vault["name"] == "ws-premium":
                return {"subscription": str(one["subscriptionId"]), "vault": str(vault["id"])}
    raise AssertionError("there is no ws-premium")


async def _names(session: Session, path: str) -> frozenset[str]:
    reply = await session.vault("GET", PREMIUM, path, urgent=True)
    return frozenset(str(one["kid"]).split("/")[4] for one in reply.body["value"])


async def _grants(session: Session, vault_id: str) -> frozenset[tuple[str, str, str]]:
    found = set()
    for key in ("spare-key", "used-key"):
        scope = f"{vault_id}/keys/{key}"
        path = f"{scope}/providers/Microsoft.Authorization/roleAssignments"
        for one in await session.arm_pages(path, api_version=api.AUTHORIZATION, urgent=True):
            if one["properties"]["scope"].lower() == scope.lower():
                found.add((key, str(one["name"]), str(one["properties"]["principalId"])))
    return frozenset(found)


async def _flexible(session: Session, subscription: str) -> list[Server]:
    path = f"/subscriptions/{subscription}/providers/Microsoft.DBforMySQL/flexibleServers"
    found: list[Server] = []
    for one in await session.arm_pages(path, api_version=api.MYSQL_FLEXIBLE, urgent=True):
        facts = one["properties"]
        carried = (one.get("identity") or {}).get("userAssignedIdentities") or {}
        key = (facts.get("dataEncryption") or {}).get("primaryKeyURI")
        found.append((str(one["name"]), str(facts["state"]), key, tuple(sorted(each.lower() for each in carried))))
    return found


async def _single(session: Session, subscription: str) -> list[Server]:
    path = f"/subscriptions/{subscription}/providers/Microsoft.DBforMySQL/servers"
    found: list[Server] = []
    for one in await session.arm_pages(path, api_version=api.MYSQL_SINGLE, urgent=True):
        keys = await session.arm_pages(f"{one['id']}/keys", api_version=api.MYSQL_SINGLE_KEYS, urgent=True)
        uris = [each["properties"].get("uri") for each in keys if each["properties"].get("uri")]
        state = str(one["properties"]["userVisibleState"])
        found.append((str(one["name"]), state, uris[0] if uris else None, ()))
    return found


def principal(azure: Azure, name: str) -> str:
    """The object id of one of the sandbox's principals, also one that was made a moment ago."""
    described = json.loads(azure.sandbox.file.read_text())
    return str(described["principals"][name]["object_id"])


def has_its_key(azure: Azure, now: Seen, name: str, identity: str) -> bool:
    """Whether a server serves: with the platform's key, or with one that its identity is granted."""
    state, key = now.server(name)
    if state not in ("Ready", "Updating"):
        return False
    if key is None:
        return True
    wanted = (str(key).split("/")[4], principal(azure, identity))
    return any((of, who) == wanted for of, _, who in now.grants)


def backup_file(azure: Azure) -> bytes | None:
    """What the backup's file holds; None: there is none."""
    found = list(azure.home.rglob(BACKUP))
    return found[0].read_bytes() if found else None


async def key_facts(azure: Azure) -> Any:
    """The new key as the vault itself shows it; None: there is none."""
    async with azure.session() as session:
        try:
            reply = await session.vault("GET", PREMIUM, f"/keys/{NEW_KEY.name}", urgent=True)
        except AzureFailure as failure:
            if failure.kind is FailureKind.NOT_FOUND:
                return None
            raise
        return reply.body


def as_wanted(azure: Azure, what: str, before: Seen, now: Seen) -> None:
    """Each verb's end, as Azure shows it."""
    if what == "create-key":
        assert now.keys - before.keys == {NEW_KEY.name}
        assert backup_file(azure)
    elif what == "grant":
        assert now.identities - before.identities == {MADE}
        assert [(key, who) for key, _, who in now.grants - before.grants] == [("spare-key", principal(azure, MADE))]
    elif what in ATTACHING:
        name, identity = ATTACHING[what]
        assert "/keys/spare-key/" in str(now.server(name)[1])
        assert has_its_key(azure, now, name, identity)
    elif what == "change":
        assert "/keys/spare-key/" in str(now.server(ATTACHED)[1])
        assert has_its_key(azure, now, ATTACHED, "ws-attached-id")
        assert before.grants < now.grants
    else:
        assert now.server(ATTACHED) == ("Ready", None)
        assert [key for key, _, _ in before.grants - now.grants] == ["used-key"]
    assert not now.refusing


def as_before(what: str, before: Seen, now: Seen) -> None:
    """Nothing of it is left, but for the name of a key that was made."""
    assert now.deleted - before.deleted <= ({NEW_KEY.name} if what == "create-key" else set())
    for name in ("keys", "identities", "grants", "servers", "refusing"):
        assert getattr(now, name) == getattr(before, name), name
