"""Documented limits to the second: how long what is deleted can be had back, and by when a new version is in use."""

from collections.abc import Callable

import pytest

from cmk_admin.sandbox import life

from . import living, losing
from .attaching import id_of
from .running import Running
from .test_aks_etcd import etcd_key, get, put, with_kms

HOUR, DAY, HAIR = 3600.0, 86400.0, 0.001
SET = "disk-encryption-set"
RETENTION = 90 * DAY
"""KVD general/soft-delete-overview.md: 90 days unless a vault says otherwise."""
FOLLOWED = HOUR
"""CD virtual-machines/disk-encryption.md: a set updates what hangs on it within one hour."""
NOTICED = 6 * HOUR
"""AKSD kms-data-encryption-concepts.md: a new version is noticed every 6 hours."""


def look(sandbox: Running, consumer_id: str, service: str, *, before: float = float("inf")) -> bool:
    """Push the clock just past a consumer's next look at its key; False where that is not before a reading."""
    now = sandbox.world.clock.azure()
    looks = life.next_check(consumer_id, service, now)
    if looks + HAIR >= before:
        return False
    sandbox.advance(looks + HAIR - now)
    living.settled(sandbox)
    return True


@pytest.mark.full
@pytest.mark.parametrize("take", [losing.delete_key, losing.delete_vault])
@pytest.mark.parametrize(("left", "there"), [(3.0, True), (0.0, False)])
def test_what_is_deleted_can_be_had_back_until_its_retention_is_over(
    start_sandbox: Callable[..., Running], take: Callable[[Running, str], losing.Give], left: float, there: bool
) -> None:
    """Retention counts by the calendar, in whole seconds, which pass while we ask: some are left, or none."""
    sandbox = start_sandbox("dcc", speed=0)
    server = id_of(sandbox, "dcc-mysql")
    give = take(sandbox, "dcc-mysql")
    sandbox.advance(RETENTION - left)
    if there:
        give()
        sandbox.advance(losing.GRANT_COUNTS)
        assert sandbox.do(lambda world: life.wake(world, server)) is None
    else:
        # A vault that nobody remembers is taken for a new one, of which too little is said
        with pytest.raises(AssertionError, match=r"not found|is not specified"):
            give()


def rotated(sandbox: Running, vault: str, key: str) -> str:
    """Make a new version of a key; its name."""
    answer = sandbox.vault("POST", vault, f"/keys/{key}/rotate")
    assert answer.status_code == 200, answer.text
    return str(answer.json()["key"]["kid"]).rsplit("/", 1)[-1]


@pytest.mark.parametrize("looks", [None, *(pytest.param(n, marks=pytest.mark.full) for n in (0, 1, 5))])
def test_a_set_follows_a_new_version_within_the_hour_whenever_it_is_made(
    start_sandbox: Callable[..., Running], looks: int | None
) -> None:
    """Just after the set was given its key, just after it looked for a version in vain, and some looks later."""
    sandbox = start_sandbox("incident", speed=0)
    disk_set = id_of(sandbox, "in-des")

    def looked() -> float:
        return float((sandbox.world.get("life", disk_set) or {})["looked"])

    begun = looked()
    while looks is not None and looked() == begun:
        look(sandbox, disk_set, SET)
    for _ in range(looks or 0):
        look(sandbox, disk_set, SET)
    made = sandbox.world.clock.azure()
    newest = rotated(sandbox, "in-main", "disk-key")
    assert living.row(sandbox, "in-des")["version"] != newest
    while look(sandbox, disk_set, SET, before=made + FOLLOWED):
        pass
    assert living.row(sandbox, "in-des")["version"] == newest


@pytest.mark.full
def test_a_cluster_takes_a_new_version_within_six_hours_whenever_it_is_made(
    start_sandbox: Callable[..., Running],
) -> None:
    sandbox = start_sandbox("workshop", speed=0)
    key = etcd_key(sandbox).rsplit("/", 1)[0]
    assert put(sandbox, with_kms(get(sandbox), key, new=True)) == "Succeeded"
    cluster = id_of(sandbox, "ws-aks")

    def held() -> str:
        return life.key_of(sandbox.world, cluster).rsplit("/", 1)[-1]

    before, made = held(), sandbox.world.clock.azure()
    newest = rotated(sandbox, "ws-premium", key.rsplit("/", 1)[-1])
    assert held() == before
    while look(sandbox, cluster, "aks-etcd", before=made + NOTICED):
        pass
    assert held() == newest
