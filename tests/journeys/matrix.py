"""The requirement matrix: every key, state, date, vault and service, laid into a sandbox, judged, and really attached.

Beside what is compared, nothing is taken from the program: the writes are those that az and the portal send.
"""

import uuid
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from itertools import islice, product
from pathlib import Path
from typing import Any

from cmk_admin.domain.ids import KeyId
from cmk_admin.domain.model import Key, Vault
from cmk_admin.domain.problems import Problem
from cmk_admin.domain.services import service as facts_of
from cmk_admin.domain.services.fitness import fits
from cmk_admin.domain.surroundings import Target
from cmk_admin.sandbox import entra
from cmk_admin.sandbox.consumers import slots_of
from cmk_admin.sandbox.running import Sandbox, open_world
from cmk_admin.sandbox.scenarios.estate import Estate
from cmk_admin.sandbox.services.aks import model as aks
from cmk_admin.sandbox.services.compute import model as compute
from cmk_admin.sandbox.services.keyvault import keymaterial
from cmk_admin.sandbox.services.keyvault.model import make_key, make_vault
from cmk_admin.sandbox.services.mysql import model as mysql
from cmk_admin.sandbox.services.mysqlsingle import model as mysqlsingle
from cmk_admin.sandbox.state import World
from tests.sandbox.running import Running

SERVICES = ("mysql-flexible", "mysql-single", "disk-encryption-set", "aks-etcd")
NEW_ENGINE = "aks-etcd-new"
"""The same service by its new engine, which takes a key's id without version."""
_SENDERS = 8
AT_ONCE = 32
"""Consumers of each service: so many attach side by side."""
_WRITERS = 16
"""Principals that share the writing: Azure lets each write 200 times at once and ten times a second from then on."""
DONE_SECONDS = 400.0
"""Azure's seconds after which every change of settings has ended in the sandbox."""

LOCATION, ELSEWHERE, OTHER_TENANT = "westeurope", "northeurope", "99999999-8888-4777-8666-555555555555"
FAR = timedelta(days=3650)
"""Longer than the clock is pushed."""

KINDS = (
    ("RSA-HSM", 2048), ("RSA-HSM", 3072), ("RSA-HSM", 4096), ("RSA", 2048), ("RSA", 3072), ("RSA", 4096),
    ("EC-HSM", 256), ("EC", 256),
)  # fmt: skip
WRAPPING, CRYPTING = ("wrapKey", "unwrapKey"), ("encrypt", "decrypt")
OPERATIONS = {"both": (*WRAPPING, *CRYPTING), "wrap": WRAPPING, "crypt": CRYPTING, "sign": ("sign", "verify")}
STATES = (True, False)
DATES = ("none", "expires", "expired", "not-yet")
VAULTS: dict[str, dict[str, Any]] = {
    "plain": {},
    "unprotected": {"purge_protection": False},
    "trusted": {"network_acls": {"defaultAction": "Deny", "bypass": "AzureServices"}},
    "shut": {"network_acls": {"defaultAction": "Deny", "bypass": "None"}},
    "private": {"public_network_access": "Disabled"},
    "sealed": {"public_network_access": "Disabled", "network_acls": {"bypass": "None"}},
    "north": {"location": ELSEWHERE},
    "foreign": {},
}
RETENTIONS = (90, 30)


@dataclass(frozen=True, slots=True, order=True)
class Cell:
    """One key in one vault; with a service, one cell of the matrix."""

    kind: tuple[str, int]
    operations: str
    enabled: bool
    dates: str
    vault: str
    retention: int

    @property
    def vault_name(self) -> str:
        return f"m-{self.vault}-{self.retention}"

    @property
    def key_name(self) -> str:
        kty, size = self.kind
        return f"{kty}-{size}-{self.operations}-{'on' if self.enabled else 'off'}-{self.dates}".lower()

    @property
    def version(self) -> str:
        return uuid.uuid5(uuid.NAMESPACE_URL, f"{self.vault_name}/{self.key_name}").hex

    @property
    def key_id(self) -> KeyId:
        return KeyId(f"{self.vault_name}.vault.azure.net", self.key_name, self.version)


def _possible(kind: tuple[str, int], operations: str) -> bool:
    """EC keys sign and verify only; signing alone is not told apart for RSA."""
    return (operations == "sign") is kind[0].startswith("EC")


def all_cells() -> tuple[Cell, ...]:
    """The whole product, but for what no key can be."""
    every = product(KINDS, OPERATIONS, STATES, DATES, VAULTS, RETENTIONS)
    return tuple(Cell(*one) for one in every if _possible(one[0], one[1]))


def near_cells() -> tuple[Cell, ...]:
    """Those that differ from a key as it should be in two things at most: one fault cannot hide another there."""
    good = Cell(KINDS[0], "both", True, "none", "plain", 90)

    def distance(cell: Cell) -> int:
        # An EC key cannot but have other operations too
        same_operations = cell.operations in (good.operations, "sign")
        pairs = ((cell.kind, good.kind), (cell.dates, good.dates), (cell.vault, good.vault))
        more = sum(one != other for one, other in pairs) + (cell.retention != good.retention)
        return more + (not cell.enabled) + (not same_operations)

    return tuple(cell for cell in all_cells() if distance(cell) <= 2)


# Laying in


class Matrix:
    """A sandbox with the keys of these cells, and consumers of one service that take one after the other."""

    def __init__(self, folder: Path, way: str, cells: Iterable[Cell]) -> None:
        """`way`: one of `SERVICES`, or `NEW_ENGINE`."""
        self._way, self.service, self.cells = way, way.removesuffix("-new"), tuple(cells)
        self._consumers: list[str] = []
        self._writers: dict[str, str] = {}
        self.moments: dict[str, tuple[datetime | None, datetime | None]] = {}
        lay = partial(_lay, self)
        world = open_world(folder, 1.0)
        Sandbox.lay_new(world, lay)
        entra.prepare(world)
        world.close()
        self.running = Running(partial(open_world, folder, 1.0), folder, lay)

    def close(self) -> None:
        self.running.close()

    # Judging

    def judged(self, cell: Cell) -> tuple[Problem, ...]:
        """What preflight says."""
        return fits(
            facts_of(self.service),
            self.key(cell),
            self.vault(cell),
            now=self.running.world.clock.now(),
            target=Target(id="t", service=self.service, name="t", location=LOCATION, subscription_id=""),
            tenant_id=self.running.world.tenant_id,
        )

    def key(self, cell: Cell) -> Key:
        """The key as a draft of it would be, or as it is read."""
        not_before, expires = self.moments[cell.dates]
        return Key(
            id=cell.key_id.key,
            vault_id="",
            current_version=cell.version,
            key_type=cell.kind[0],
            size=cell.kind[1],
            operations=OPERATIONS[cell.operations],
            enabled=cell.enabled,
            not_before=not_before,
            expires=expires,
        )

    def vault(self, cell: Cell) -> Vault:
        settings = VAULTS[cell.vault]
        rules = settings.get("network_acls", {})
        return Vault(
            id="",
            name=cell.vault_name,
            host=cell.key_id.host,
            location=settings.get("location", LOCATION),
            subscription_id="",
            tenant_id=OTHER_TENANT if cell.vault == "foreign" else self.running.world.tenant_id,
            premium=True,
            rbac=True,
            soft_delete_days=cell.retention,
            purge_protection=settings.get("purge_protection", True),
            public_access=settings.get("public_network_access") != "Disabled",
            default_deny=rules.get("defaultAction") == "Deny",
            trusted_bypass=rules.get("bypass", "AzureServices") == "AzureServices",
            private_endpoints=(),
        )

    # Attaching

    def outcomes(self) -> Iterator[tuple[Cell, str]]:
        """For each cell what the service answered: ``Succeeded``, or the code with which it refused the key."""
        rest = iter(self.cells)
        for writer in self._writers.values():
            self.running.token(writer)  # once, before many ask for it
        with ThreadPoolExecutor(_SENDERS) as senders:
            while batch := list(islice(rest, AT_ONCE)):
                begun = list(senders.map(self._attach, self._consumers, batch))
                self.running.advance(DONE_SECONDS)
                yield from zip(batch, senders.map(self._outcome, self._consumers, batch, begun), strict=True)

    def _attach(self, who: str, cell: Cell) -> Any:
        path, version, body = _WRITES[self._way](self, who, cell)
        method = "PATCH" if self.service in ("mysql-flexible", "disk-encryption-set") else "PUT"
        return self.running.arm(method, path, version, as_=self._writers[who], json=body)

    def _outcome(self, who: str, cell: Cell, answer: Any) -> str:
        if answer.status_code >= 400:
            return str(answer.json()["error"]["code"])
        headers = {"Authorization": f"Bearer {self.running.token(self._writers[who])}"}
        ended: dict[str, Any] = {"status": "InProgress"}
        while ended["status"] == "InProgress":
            ended = self.running.send("GET", answer.headers["Azure-AsyncOperation"], headers=headers).json()
        code = str(ended["error"]["code"] if ended["status"] == "Failed" else ended["status"])
        self._check_shown(who, cell, taken=code == "Succeeded")
        return code

    def _check_shown(self, who: str, cell: Cell, *, taken: bool) -> None:
        """The consumer itself names the key where it took it, and no other."""
        resource = self.running.world.get("resource", who)
        assert resource is not None
        named = {slot.key_url for slot in slots_of(self.running.world, resource) if slot.service == self.service}
        wanted = str(cell.key_id.key if self._way == NEW_ENGINE else cell.key_id)
        assert (wanted in named) is taken, (self._way, cell, named)

    def _body(self, who: str) -> dict[str, Any]:
        resource = self.running.world.get("resource", who)
        assert resource is not None
        return resource

    # Each service's own write

    def flexible(self, who: str, cell: Cell) -> tuple[str, str, dict[str, Any]]:
        identity = next(iter(self._body(who)["identity"]["userAssignedIdentities"]))
        encryption = {
            "type": "AzureKeyVault",
            "primaryKeyURI": str(cell.key_id),
            "primaryUserAssignedIdentityId": identity,
        }
        return who, "2024-12-30", {"properties": {"dataEncryption": encryption}}

    def single(self, who: str, cell: Cell) -> tuple[str, str, dict[str, Any]]:
        name = f"{cell.vault_name}_{cell.key_name}_{cell.version}"
        body = {"properties": {"serverKeyType": "AzureKeyVault", "uri": str(cell.key_id)}}
        return f"{who}/keys/{name}", "2020-01-01", body

    def disk_set(self, who: str, cell: Cell) -> tuple[str, str, dict[str, Any]]:
        vaults = (one for _, one in self.running.world.items("resource") if one["name"] == cell.vault_name)
        active = {"keyUrl": str(cell.key_id), "sourceVault": {"id": next(vaults)["id"]}}
        return who, "2023-04-02", {"properties": {"activeKey": active}}

    def etcd(self, who: str, cell: Cell) -> tuple[str, str, dict[str, Any]]:
        cluster = self._body(who)
        kms = {"enabled": True, "keyId": str(cell.key_id), "keyVaultNetworkAccess": "Public"}
        profile = {**cluster["properties"]["securityProfile"], "azureKeyVaultKms": kms}
        return who, "2026-08-01", {**cluster, "properties": {**cluster["properties"], "securityProfile": profile}}

    def etcd_new(self, who: str, cell: Cell) -> tuple[str, str, dict[str, Any]]:
        path, version, cluster = self.etcd(who, cell)
        profile = cluster["properties"]["securityProfile"]
        kms = {**profile["azureKeyVaultKms"], "keyId": str(cell.key_id.key)}
        objects = {"infrastructureEncryption": "Enabled"}
        new = {**profile, "azureKeyVaultKms": kms, "kubernetesResourceObjectEncryptionProfile": objects}
        return path, version, {**cluster, "properties": {**cluster["properties"], "securityProfile": new}}

    def add(self, resource_id: str, writer: str) -> None:
        self._consumers.append(resource_id)
        self._writers[resource_id] = writer

    def set_moments(self, now: datetime) -> None:
        day = timedelta(days=1)
        self.moments = {
            "none": (None, None),
            "expires": (None, now + FAR),
            "expired": (None, now - day),
            "not-yet": (now + FAR, None),
        }


_WRITES = {
    "mysql-flexible": Matrix.flexible,
    "mysql-single": Matrix.single,
    "disk-encryption-set": Matrix.disk_set,
    "aks-etcd": Matrix.etcd,
    NEW_ENGINE: Matrix.etcd_new,
}


def _lay(matrix: Matrix, world: World) -> None:
    estate = Estate(world, "matrix", 1, key_pairs=1)
    root = estate.management_group("matrix", "Matrix", parent=estate.tenant_id)
    subscription = estate.subscription("matrix", management_group="matrix")
    estate.grant(estate.administrator, "Owner", root)
    group = estate.group(subscription, "matrix")
    matrix.set_moments(world.clock.now().astimezone(UTC).replace(microsecond=0))
    _lay_keys(matrix, world, subscription, group)
    for n in range(_WRITERS):
        estate.grant(estate.person(f"writer-{n}"), "Owner", root)
    for n in range(AT_ONCE):
        name = f"m-{n:02}"
        resource, principal = _CONSUMERS[matrix.service](estate, subscription, group, name)
        estate.grant(principal, "Key Vault Crypto User", f"/subscriptions/{subscription}")
        matrix.add(resource, f"writer-{n % _WRITERS}")
    estate.bring_to_life()
    world.forget_past()


def _lay_keys(matrix: Matrix, world: World, subscription: str, group: str) -> None:
    for name in sorted({(cell.vault, cell.retention, cell.vault_name) for cell in matrix.cells}):
        setting, retention, vault_name = name
        vault = make_vault(
            world, subscription=subscription, group=group, name=vault_name, retention=retention, **VAULTS[setting]
        )
        if setting == "foreign":
            moved = {**vault, "properties": {**vault["properties"], "tenantId": OTHER_TENANT}}
            world.put("resource", vault["id"], moved)
    for cell in matrix.cells:
        not_before, expires = matrix.moments[cell.dates]
        make_key(
            world,
            cell.vault_name,
            cell.key_name,
            kty=cell.kind[0],
            pem=_pem(*cell.kind),
            key_ops=list(OPERATIONS[cell.operations]),
            enabled=cell.enabled,
            version=cell.version,
            nbf=_unix(not_before),
            exp=_unix(expires),
        )


@cache
def _pem(kty: str, size: int) -> str:
    """One key pair for all keys of a kind: drawing them would take longer than all else."""
    return keymaterial.generate(kty, **({"crv": "P-256"} if kty.startswith("EC") else {"size": size}))


def _unix(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.timestamp())


def _lay_flexible(estate: Estate, subscription: str, group: str, name: str) -> tuple[str, str]:
    identity = estate.identity(subscription, group, f"{name}-id")
    server = mysql.make_server(
        estate.world, subscription=subscription, group=group, name=name, identity=identity, location="West Europe"
    )
    return server["id"], identity["properties"]["principalId"]


def _lay_single(estate: Estate, subscription: str, group: str, name: str) -> tuple[str, str]:
    server = mysqlsingle.make_server(
        estate.world, subscription=subscription, group=group, name=name, **estate.system_ids(name)
    )
    return server["id"], server["identity"]["principalId"]


def _lay_disk_set(estate: Estate, subscription: str, group: str, name: str) -> tuple[str, str]:
    vault = estate.vault(subscription, group, f"own-{name}")
    disk_set = compute.make_disk_set(
        estate.world,
        subscription=subscription,
        group=group,
        name=name,
        key_url=estate.key(vault, "own"),
        source_vault=vault["id"],
        **estate.system_ids(name),
    )
    return disk_set["id"], disk_set["identity"]["principalId"]


def _lay_cluster(estate: Estate, subscription: str, group: str, name: str) -> tuple[str, str]:
    identity = estate.identity(subscription, group, f"{name}-id")
    cluster = aks.make_cluster(
        estate.world, subscription=subscription, group=group, name=name, disk_set=None, nodes=1, identity=identity
    )
    return cluster["id"], identity["properties"]["principalId"]


_CONSUMERS = {
    "mysql-flexible": _lay_flexible,
    "mysql-single": _lay_single,
    "disk-encryption-set": _lay_disk_set,
    "aks-etcd": _lay_cluster,
}


def disagreements(matrix: Matrix) -> list[str]:
    """Where preflight and the service do not agree, a line each."""
    found = []
    for cell, answer in matrix.outcomes():
        problems = matrix.judged(cell)
        blocking = [one.code for one in problems if one.blocks]
        if bool(blocking) is (answer == "Succeeded"):
            others = [one.code for one in problems if not one.blocks]
            found.append(f"{matrix.service}: {cell}: service {answer}, preflight blocks {blocking}, warns {others}")
    return found
