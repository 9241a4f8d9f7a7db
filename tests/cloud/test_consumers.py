"""What consumers show when their key goes and when it comes back."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from cmk_admin.cloud import keys
from cmk_admin.cloud.consumers import CONSUMERS
from cmk_admin.cloud.inventory import read_estate, refresh
from cmk_admin.cloud.session import Session
from cmk_admin.cloud.signals import Signal
from cmk_admin.domain.errors import AzureFailure
from cmk_admin.domain.ids import KeyId
from cmk_admin.domain.model import Consumer, Estate

from .conftest import Azure, Run

HOST = "dcc-premium.vault.azure.net"


@pytest.fixture
def estate(session: Session, run: Run[Estate]) -> Estate:
    return run(read_estate(session))


def consumer(estate: Estate, name: str) -> Consumer:
    return next(each for each in estate.consumers if each.name == name)


def version(estate: Estate, name: str) -> KeyId:
    key = next(key for key in estate.keys if key.id == KeyId(HOST, name))
    return replace(key.id, version=key.current_version)


def until(read: Callable[[], Signal], lost: bool) -> Signal:
    """Read until the signal says so; the sandbox's clock has been pushed, so it is a matter of moments."""
    end = time.monotonic() + 15
    while (now := read()).lost is not lost and time.monotonic() < end:
        time.sleep(0.05)
    return now


@pytest.mark.parametrize("name", ["dcc-mysql", "dcc-mysql-single"])
def test_a_server_loses_its_key_and_comes_back_once_revalidated(
    azure: Azure, session: Session, estate: Estate, run: Run[Any], name: str
) -> None:
    server = consumer(estate, name)
    kind = CONSUMERS[server.service]
    assert kind.revalidate is not None

    def look() -> Signal:
        seen: Signal = run(kind.signal(session, server.id))
        return seen

    before = look()
    assert (before.word, before.lost) == ("Ready", False)
    run(keys.set_enabled(session, version(estate, "mysql-encryption-key"), False))
    azure.control("POST", "clock", {"advance_s": 600})
    assert until(look, True).word == "Inaccessible"
    run(keys.set_enabled(session, version(estate, "mysql-encryption-key"), True))
    azure.control("POST", "clock", {"advance_s": 600})
    assert look().lost is True
    operation = run(kind.revalidate(session, server.id))
    if operation is not None:
        run(session.wait(operation, within=30))
    assert until(look, False).word == "Ready"


def test_nodes_and_their_disk_encryption_set_show_the_lost_key_and_start_again(
    azure: Azure, session: Session, estate: Estate, run: Run[Any]
) -> None:
    cluster, disk_set = consumer(estate, "dcc-aks"), consumer(estate, "dcc-des")
    kinds = CONSUMERS["aks-disks"], CONSUMERS["disk-encryption-set"]

    def look() -> Signal:
        one: Signal = run(kinds[0].signal(session, cluster.id))
        other: Signal = run(kinds[1].signal(session, disk_set.id))
        assert one.word == other.word
        return one

    assert (look().word, look().lost) == ("3 running", False)
    run(keys.set_enabled(session, version(estate, "aks-encryption-key"), False))
    azure.control("POST", "clock", {"advance_s": 2 * 3600})
    assert until(look, True).lost is True
    run(keys.set_enabled(session, version(estate, "aks-encryption-key"), True))
    assert kinds[0].start_nodes is not None
    for operation in run(kinds[0].start_nodes(session, cluster.id)):
        run(session.wait(operation, within=30))
    assert until(look, False).word == "3 running"


def test_revalidating_without_access_fails_with_the_reason(
    azure: Azure, session: Session, estate: Estate, run: Run[Any]
) -> None:
    server = consumer(estate, "dcc-mysql")
    kind = CONSUMERS[server.service]
    assert kind.revalidate is not None
    run(keys.set_enabled(session, version(estate, "mysql-encryption-key"), False))
    azure.control("POST", "clock", {"advance_s": 600})

    async def revalidate() -> None:
        assert kind.revalidate is not None
        operation = await kind.revalidate(session, server.id)
        if operation is not None:
            await session.wait(operation, within=30)

    with pytest.raises(AzureFailure) as caught:
        run(revalidate())
    assert caught.value.azure_code


def test_a_consumer_that_uses_no_key_of_the_customers_cannot_be_revalidated(
    session: Session, estate: Estate, run: Run[Any]
) -> None:
    server = consumer(estate, "dcc-mysql")
    body = {"properties": {"dataEncryption": {"type": "SystemManaged"}}}
    kind = CONSUMERS[server.service]
    reply = run(session.arm("PATCH", server.id, api_version=kind.api_version, body=body, urgent=True))
    operation = session.long_running(reply)
    if operation is not None:
        run(session.wait(operation, within=30))
    assert kind.revalidate is not None
    with pytest.raises(AzureFailure, match="no key of the customer"):
        run(kind.revalidate(session, server.id))
    assert "dcc-mysql" not in {each.name for each in run(read_estate_again(session)).consumers}


async def read_estate_again(session: Session) -> Estate:
    """The graph is a minute behind, so the refresh of the key tells."""
    estate = await read_estate(session)
    return await refresh(session, estate, KeyId(HOST, "mysql-encryption-key"))
