"""Every row of the effects table to the second: a service is up one second before it must stop, and down when it must.

The clock stands still and is pushed. Rows are written down here in Azure's seconds, from the documents that they name, and
not taken from the sandbox. Each write falls where it takes longest: just after the consumer has asked for its key.
"""

import base64
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import pytest

from cmk_admin.sandbox import life

from . import living, losing
from .attaching import id_of
from .losing import Give
from .running import Running
from .test_aks_etcd import etcd_key, get, put, with_kms
from .test_compute import powers, start
from .test_mysql import revalidate

HAIR = 0.001
"""Azure's seconds by which a reading is passed that a fraction cannot hit."""
DAY, HOUR, MINUTE = 86400.0, 3600.0, 60.0
EVERYDAY = {
    "mysql-flexible-grants",
    "mysql-single-disable",
    "disk-encryption-set-operations",
    "aks-etcd-delete",
    "mysql-flexible-policy",
    "mysql-flexible-group",
}
DEK = base64.urlsafe_b64encode(bytes(range(32))).rstrip(b"=").decode()


@dataclass(frozen=True, slots=True)
class Kind:
    """What becomes of a kind of consumer once its key refuses it."""

    service: str
    consumer: str
    identity: str
    asks: float
    """Azure's seconds from one look at its key to the next, in the sandbox."""
    lasts: float
    """Azure's seconds for which it goes on after it noticed, in the sandbox."""
    documented: float | None
    """Azure's seconds within which it stops, by Microsoft's document; None: none is named."""
    source: str
    scenario: str = "dcc"


@dataclass(frozen=True, slots=True)
class Cause:
    """What is taken, and when that counts at the vault."""

    name: str
    take: Callable[[Running, str], Give]
    counts: float
    """Azure's seconds after which the vault refuses, in the sandbox."""
    documented: float | None
    """Azure's seconds within which it does, by Microsoft's document; None: none is named."""
    source: str
    back: float | None = 0.0
    """Azure's seconds after which it serves again once that is given back; None: Azure cannot give it back."""
    before: Callable[[Running, str], None] | None = None


FLEXIBLE = Kind(
    "mysql-flexible",
    "dcc-mysql",
    "dcc-mysql-id",
    240,
    0,
    600,
    "DBD mysql/flexible-server/security-customer-managed-key.md",
)
SINGLE = Kind(
    "mysql-single",
    "dcc-mysql-single",
    "dcc-mysql-single",
    240,
    0,
    600,
    "AD mysql/.../concepts-data-encryption-mysql.md",
)
DISKS = Kind("disk-encryption-set", "dcc-des", "dcc-des", 300, 3000, 3600, "CD virtual-machines/disk-encryption.md")
ETCD = Kind("aks-etcd", "ws-aks", "ws-aks-id", 300, 0, None, "AKSD use-kms-etcd-encryption.md", "workshop")
KINDS = (FLEXIBLE, SINGLE, DISKS, ETCD)

# fmt: off
CAUSES = (  # name, what is taken, counts here after, documented, source
    Cause("grants", losing.grants, 300, 600, "RBACD troubleshooting.md", back=300),
    Cause("disable", losing.disable, 0, 0, "KVD keys/about-keys-details.md"),
    Cause("operations", losing.operations, 0, 0, "KVD keys/about-keys-details.md"),
    Cause("delete", losing.delete_key, 0, 0, "KVD general/soft-delete-overview.md", back=2),
    Cause("delete-vault", losing.delete_vault, 0, 0, "KVD general/soft-delete-overview.md", back=300),
    Cause("firewall", losing.shut, 0, 900, "KVD general/network-security.md"),
    Cause("private", losing.private, 0, 900, "KVD general/network-security.md"),
    Cause("perimeter", losing.perimeter, 0, 900, "KVD general/network-security.md"),
)
MANAGEMENT_GROUP = Cause(
    "management-group", losing.at_the_management_group, 3 * HOUR, None, "RBACD troubleshooting.md: several hours",
    back=300, before=losing.only_at_the_management_group,
)
GROUP = Cause(
    "group", losing.membership, 24 * HOUR, 24 * HOUR, "ED managed-identity-best-practice-recommendations.md", back=24 * HOUR
)
POLICY = Cause("policy", losing.policy, 0, None, "KVD general/assign-access-policy.md")
ROLES_INSTEAD = Cause("roles-instead", losing.roles_instead, 0, None, "KVD general/rbac-migration.md")
CUSTOM_ROLE = Cause("custom-role", losing.custom_role, 300, 600, "RBACD troubleshooting.md", back=300)
IDENTITY = Cause("identity", losing.delete_identity, 0, None, "DBD mysql/.../security-customer-managed-key.md", back=None)

ROWS = (
    *((kind, cause) for kind in KINDS for cause in CAUSES),
    (FLEXIBLE, MANAGEMENT_GROUP), (SINGLE, MANAGEMENT_GROUP), (DISKS, MANAGEMENT_GROUP),
    (FLEXIBLE, IDENTITY),
    (replace(FLEXIBLE, consumer="dcc-train-mysql", identity="dcc-train-id"), GROUP),
    (replace(FLEXIBLE, consumer="dcc-reports-mysql", identity="dcc-reports-id"), POLICY),
    (replace(FLEXIBLE, consumer="dcc-reports-mysql", identity="dcc-reports-id"), ROLES_INSTEAD),
    (replace(FLEXIBLE, consumer="in-mysql-pinned", identity="in-pinned-id", scenario="incident"), CUSTOM_ROLE),
)
NO_CAUSES = (  # what is no loss, whatever it looks like
    ("expired", losing.expire, "KVD includes/key-attributes.md: unwrapping and decrypting go on"),
    ("not-yet-valid", losing.not_yet, "KVD includes/key-attributes.md: unwrapping and decrypting go on"),
    ("firewall-but-for-azure", losing.shut_but_for_azure, "KVD general/overview-vnet-service-endpoints.md"),
    ("private-but-for-azure", losing.private_but_for_azure, "KVD general/overview-vnet-service-endpoints.md"),
)
# fmt: on


def params(rows: Any) -> list[Any]:
    """A dozen every day, all in the full run."""
    return [
        pytest.param(kind, *rest, id=name, marks=() if name in EVERYDAY else pytest.mark.full)
        for name, kind, *rest in rows
    ]


class Stage:
    """A consumer before a clock that stands still."""

    def __init__(self, start_sandbox: Callable[..., Running], kind: Kind) -> None:
        self.kind = kind
        self.sandbox = start_sandbox(kind.scenario, speed=0)
        if kind is ETCD:
            self.sandbox.do(lambda _: None)
            assert put(self.sandbox, with_kms(get(self.sandbox), etcd_key(self.sandbox))) == "Succeeded"
        self.id = id_of(self.sandbox, kind.consumer)
        facts = living.row(self.sandbox, kind.consumer)
        self._vault = facts["vault"]
        self._path = "/".join(["", *life.key_of(self.sandbox.world, self.id).split("/")[3:]])
        self._opening = "decrypt" if kind.service == "aks-etcd" else "unwrapkey"
        closing = "encrypt" if kind.service == "aks-etcd" else "wrapkey"
        self._wrapped = self._ask(closing, DEK).json()["value"]

    @property
    def now(self) -> float:
        return self.sandbox.world.clock.azure()

    def to(self, reading: float) -> None:
        """Push the clock to a reading, and let every consumer look at it."""
        self.sandbox.advance(reading - self.now)
        living.settled(self.sandbox)

    def just_after_a_look(self, ahead: float) -> None:
        """Push the clock until, so many seconds later, the consumer has asked for its key half a second before."""
        looks = life.next_check(self.id, self.kind.service, self.now + ahead)
        self.to(looks + 0.5 - ahead)

    def opens(self) -> bool:
        """Whether the vault opens for the consumer's identity what that has wrapped."""
        answer = self._ask(self._opening, self._wrapped)
        assert answer.status_code in (200, 401, 403, 404), answer.text
        return bool(answer.status_code == 200)

    def up(self) -> bool:
        """Whether it serves its data, by what it shows; never half of it."""
        service = self.kind.service
        if service == "disk-encryption-set":
            shown = powers(self.sandbox)
            assert shown in ({"running": 3}, {"deallocated": 3})
            return shown == {"running": 3}
        if service == "aks-etcd":
            (state,) = [one for one in self.sandbox.control("GET", "kubernetes") if one["cluster_id"] == self.id]
            return bool(state["lost"] is None)
        resource = self.sandbox.world.get("resource", self.id)
        assert resource is not None
        word = resource["properties"]["state" if service == "mysql-flexible" else "userVisibleState"]
        ready = {"Ready": True, "Inaccessible": False}[str(word)]
        (accepted,) = [c["accepted"] for c in self.sandbox.control("GET", "connections") if c["consumer_id"] == self.id]
        assert ready == accepted
        return ready

    def heals(self) -> bool:
        """Whether it comes back when it is asked to try its key again."""
        if self.kind.service == "disk-encryption-set":
            return bool(start(self.sandbox)["status"] == "Succeeded")
        if self.kind.service == "mysql-flexible":
            return bool(revalidate(self.sandbox, self.kind.consumer)["status"] == "Succeeded")
        (key,) = self.sandbox.arm("GET", f"{self.id}/keys", living.SINGLE_KEYS_VERSION).json()["value"]
        body = {"properties": {"serverKeyType": "AzureKeyVault", "uri": key["properties"]["uri"]}}
        begun = self.sandbox.arm("PUT", f"{self.id}/keys/{key['name']}", living.SINGLE_KEYS_VERSION, json=body)
        return bool(living.finish(self.sandbox, begun)["status"] == "Succeeded")

    def _ask(self, operation: str, value: str) -> Any:
        body = {"alg": "RSA-OAEP-256", "value": value}
        return self.sandbox.vault("POST", self._vault, f"{self._path}/{operation}", as_=self.kind.identity, json=body)


def lost(stage: Stage, cause: Cause) -> tuple[Give, float]:
    """Take the key, and hold every moment until the service is down against the row; how to give it back, and when."""
    if cause.before is not None:
        cause.before(stage.sandbox, stage.kind.consumer)
    stage.just_after_a_look(cause.counts)
    assert stage.up()
    assert stage.opens()
    written = stage.now
    give = cause.take(stage.sandbox, stage.kind.consumer)
    if cause.counts:
        stage.to(written + cause.counts - 1)
        assert stage.opens()
        # Half a second before it counts the consumer looks for the last time that it is served
        stage.to(written + cause.counts - 0.25)
        assert stage.opens()
    stage.to(written + cause.counts)
    assert not stage.opens()
    assert stage.up()
    notices = written + cause.counts - 0.5 + stage.kind.asks
    down = notices + stage.kind.lasts
    if stage.kind.lasts:
        stage.to(notices + HAIR)
        assert stage.up(), "it has noticed, and goes on for a while"
    stage.to(down - 1)
    assert stage.up()
    stage.to(down + HAIR)
    assert not stage.up()
    return give, down - written


@pytest.mark.parametrize(("kind", "cause"), params((f"{k.service}-{c.name}", k, c) for k, c in ROWS))
def test_a_service_is_up_a_second_before_its_row_says_and_down_then_and_back_as_the_row_says(
    start_sandbox: Callable[..., Running], kind: Kind, cause: Cause
) -> None:
    stage = Stage(start_sandbox, kind)
    give, took = lost(stage, cause)
    if None not in (kind.documented, cause.documented):
        assert took <= (kind.documented or 0) + (cause.documented or 0)
    if cause.back is None:
        with pytest.raises(AssertionError, match="cannot give this back"):
            give()
        stage.to(stage.now + DAY)
        assert not stage.up()
        return
    if kind is ETCD:
        back_by_itself(stage, cause, give)
    else:
        back_when_told(stage, cause, give)


def back_when_told(stage: Stage, cause: Cause, give: Give) -> None:
    """Servers and machines do not come back by themselves, and not before the key is back."""
    assert not stage.heals()
    given = stage.now
    give()
    if cause.back:
        stage.to(given + cause.back - 1)
        assert not stage.opens()
    stage.to(given + (cause.back or 0))
    assert stage.opens()
    stage.to(stage.now + 2 * HOUR)
    assert not stage.up()
    assert stage.heals()
    assert stage.up()


def back_by_itself(stage: Stage, cause: Cause, give: Give) -> None:
    """A cluster reads its secrets again at the next look."""
    back = cause.back or 0.0
    stage.just_after_a_look(back)
    given = stage.now
    give()
    if back:
        stage.to(given + back - 1)
        stage.to(given + back - 0.25)
        assert not stage.opens()
    stage.to(given + back)
    assert stage.opens()
    looks = given + back - 0.5 + stage.kind.asks
    stage.to(looks - 1)
    assert not stage.up()
    stage.to(looks + HAIR)
    assert stage.up()


@pytest.mark.parametrize(
    ("kind", "take", "source"),
    params((f"{k.service}-{name}", k, take, source) for k in KINDS for name, take, source in NO_CAUSES),
)
def test_what_stops_no_unwrapping_stops_no_service(
    start_sandbox: Callable[..., Running], kind: Kind, take: Callable[[Running, str], Give], source: str
) -> None:
    stage = Stage(start_sandbox, kind)
    take(stage.sandbox, kind.consumer)
    for hours in (1, 2, 12):
        stage.to(stage.now + hours * HOUR)
        assert stage.opens(), source
        assert stage.up(), source


@pytest.mark.parametrize("kind", [pytest.param(one, id=one.service, marks=pytest.mark.full) for one in KINDS])
def test_a_key_that_is_back_a_second_before_the_service_stops_lets_it_go_on(
    start_sandbox: Callable[..., Running], kind: Kind
) -> None:
    stage = Stage(start_sandbox, kind)
    stage.just_after_a_look(0)
    written = stage.now
    give = losing.disable(stage.sandbox, kind.consumer)
    stage.to(written - 0.5 + kind.asks + kind.lasts - 1)
    give()
    stage.to(stage.now + 2 * HOUR)
    assert stage.up()


@pytest.mark.full
def test_a_server_that_is_being_changed_when_it_would_look_stops_within_its_time_all_the_same(
    start_sandbox: Callable[..., Running],
) -> None:
    stage, cause = Stage(start_sandbox, FLEXIBLE), CAUSES[0]
    stage.just_after_a_look(cause.counts)
    written = stage.now
    cause.take(stage.sandbox, FLEXIBLE.consumer)
    stage.to(written + cause.counts - 0.25)
    looks = written + cause.counts - 0.5 + FLEXIBLE.asks
    stage.to(looks - 10)
    answer = stage.sandbox.arm("PATCH", stage.id, living.FLEXIBLE_VERSION, json={"tags": {"owner": "dcc"}})
    assert answer.status_code == 202, answer.text
    stage.to(looks + HAIR)
    assert living.flexible(stage.sandbox, FLEXIBLE.consumer)["state"] == "Updating"
    stage.to(looks + 25)
    assert cause.documented is not None
    assert FLEXIBLE.documented is not None
    stage.to(written + FLEXIBLE.documented)
    assert not stage.up()


AT_ONE_PUSH = [(k, c) for k, c in ROWS if c.name in ("grants", "disable", "management-group", "group", "custom-role")]


@pytest.mark.full
@pytest.mark.parametrize(("kind", "cause"), params((f"{k.service}-{c.name}", k, c) for k, c in AT_ONE_PUSH))
def test_one_long_push_of_the_clock_shows_what_many_short_ones_show(
    start_sandbox: Callable[..., Running], kind: Kind, cause: Cause
) -> None:
    """The service is down at its second, though nobody looked between."""
    stage = Stage(start_sandbox, kind)
    if cause.before is not None:
        cause.before(stage.sandbox, kind.consumer)
    stage.just_after_a_look(cause.counts)
    down = stage.now + cause.counts - 0.5 + kind.asks + kind.lasts
    cause.take(stage.sandbox, kind.consumer)
    stage.to(down + HAIR)
    assert not stage.up()


@pytest.mark.parametrize("service", life.CHECK_SECONDS)
def test_a_look_is_always_ahead_even_from_the_very_moment_of_another(service: str) -> None:
    """A clock that stands still on a look, where a fraction rounds down, must not keep the sandbox looking for ever."""
    period = life.CHECK_SECONDS[service]
    for consumer in range(50):
        looks = [0.0]
        while len(looks) < 200:
            looks.append(life.next_check(f"/consumer/{consumer}", service, looks[-1]))
        steps = [after - before for before, after in pairwise(looks)]
        assert 0 < steps[0] <= period
        assert steps[1:] == pytest.approx([period] * len(steps[1:]))


def test_the_worst_that_can_happen_here_is_within_what_is_documented() -> None:
    """Whenever a write falls: the longest that a look and all that follows it can take."""
    for kind in KINDS:
        assert kind.asks == life.CHECK_SECONDS[kind.service]
        assert kind.documented is None or kind.asks + kind.lasts <= kind.documented
    for cause in (*CAUSES, GROUP, CUSTOM_ROLE):
        assert cause.documented is not None
        assert cause.counts <= cause.documented
    assert DISKS.lasts == life.STOP_SECONDS
    assert GROUP.counts == 24 * HOUR
