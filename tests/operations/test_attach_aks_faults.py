"""Attaching to AKS while things go wrong: each fault on each call, SIGKILL at every boundary; the end is right."""

import asyncio

import pytest

from cmk_admin.cloud.consumers import disk_encryption_set
from cmk_admin.domain.steps import Outcome, StepState
from cmk_admin.operations.interface import OperationReport
from tests.operations.attaching import (
    AKS_PLANS,
    ETCD_KEY,
    MADE_SET,
    SPARE_KEY,
    clients_as,
    cluster,
    encrypted_by,
    etcd_draft,
    kubernetes,
    target,
)
from tests.operations.stories import Azure, killed

_KINDS = ("status:503", "throttle:1", "reset", "timeout", "lost", "status:500")
_ARM = "management.azure.com"
_CALLS = {
    "attach-etcd": {
        "look": f"GET {_ARM}*/managedClusters/ws-aks",
        "grant": f"PUT {_ARM}*/roleAssignments/*",
        "settings": f"PUT {_ARM}*/managedClusters/ws-aks",
        "settled": f"GET {_ARM}*perationStatuses/*",
        "command": f"POST {_ARM}*/managedClusters/ws-aks/runCommand",
        "printed": f"GET {_ARM}*/commandResults/*",
    },
    "attach-disks": {
        "look": f"GET {_ARM}*/diskEncryptionSets/{MADE_SET}",
        "set": f"PUT {_ARM}*/diskEncryptionSets/{MADE_SET}",
        "grant": f"PUT {_ARM}*/roleAssignments/*",
        "command": f"POST {_ARM}*/managedClusters/ws-aks/runCommand",
        "printed": f"GET {_ARM}*/commandResults/*",
    },
}
_STEPS = {"attach-etcd": 3, "attach-disks": 4}
_EVENTS = ("intent", "sent", "accepted", "done")
_EVERYDAY = {("attach-etcd", "settings", "lost"), ("attach-etcd", (2, "sent"))}


@pytest.fixture
def azure(workshop: Azure) -> Azure:
    """The estate of the wizards."""
    return workshop


def _faults() -> list[object]:
    return [
        pytest.param(
            what,
            glob,
            kind,
            marks=() if (what, call, kind) in _EVERYDAY else pytest.mark.full,
            id=f"{what}-{call}-{kind}",
        )
        for what, calls in _CALLS.items()
        for call, glob in calls.items()
        for kind in _KINDS
    ]


def _boundaries() -> list[object]:
    return [
        pytest.param(
            what,
            (n, event),
            marks=() if (what, (n, event)) in _EVERYDAY else pytest.mark.full,
            id=f"{what}-{n}-{event}",
        )
        for what, steps in _STEPS.items()
        for n in range(1, steps + 1)
        for event in _EVENTS
    ]


def _done(report: OperationReport) -> None:
    assert report.outcome is Outcome.DONE, report.log
    assert {step.state for step in report.steps} <= {StepState.DONE, StepState.SKIPPED}


async def _grants(azure: Azure) -> dict[str, int]:
    """How many role assignments stand at the keys that these plans grant."""
    async with azure.opened(home=azure.home.with_name("eye")) as eye:
        vault = next(one for one in (await eye.read()).vaults if one.host == ETCD_KEY.host)
    client = clients_as(azure, "administrator")
    return {key.name: len(client.grants(f"{vault.id}/keys/{key.name}")) for key in (ETCD_KEY, SPARE_KEY)}


async def _as_wanted(azure: Azure, what: str) -> None:
    granted = await _grants(azure)
    async with azure.opened(home=azure.home.with_name("eye")) as eye, azure.session() as session:
        if what == "attach-etcd":
            (held,) = encrypted_by(azure)
            document = await cluster(session, (await etcd_draft(eye)).consumer)
            assert document["properties"]["securityProfile"]["azureKeyVaultKms"]["keyId"] == held
            assert granted == {"etcd-key": 1, "spare-key": 0}
        else:
            made = await target(eye, "disk-encryption-set", MADE_SET)
            assert made.key is not None
            assert made.key.key == SPARE_KEY
            held = kubernetes(azure)["storage_classes"]["encrypted"]["parameters"]["diskEncryptionSetID"]
            assert held.lower() == made.id.lower()
            assert granted == {"etcd-key": 0, "spare-key": 1}


def _taken_back(report: OperationReport, what: str, *, keeps: bool) -> None:
    """`keeps`: the cluster had or may have had the key, so that AKS asks to keep the grant."""
    assert report.outcome is (Outcome.PARTIAL if what == "attach-etcd" and keeps else Outcome.DONE), report.log
    assert {step.state for step in report.steps} <= {StepState.DONE, StepState.SKIPPED}
    assert report.plan is not None
    assert any("alive and granted" in one for one in report.plan.left) is (what == "attach-etcd" and keeps)


async def _as_before(azure: Azure, what: str, *, keeps: bool) -> None:
    assert encrypted_by(azure) == {None}
    assert "encrypted" not in kubernetes(azure)["storage_classes"]
    assert await _grants(azure) == {"etcd-key": int(what == "attach-etcd" and keeps), "spare-key": 0}
    async with azure.opened(home=azure.home.with_name("eye")) as eye, azure.session() as session:
        des = await target(eye, "disk-encryption-set", "ws-des")
        assert await disk_encryption_set.get(session, des.id.replace("ws-des", MADE_SET)) is None


@pytest.mark.parametrize(("what", "glob", "kind"), _faults())
def test_one_fault_on_any_call_does_not_change_the_end(azure: Azure, what: str, glob: str, kind: str) -> None:
    async def story() -> None:
        async with azure.opened() as backend:
            plan = await AKS_PLANS[what](backend)
            azure.sandbox.fault(f"{glob} {kind};times=1")
            _done(await backend.run(plan))
        azure.sandbox.no_faults()
        await _as_wanted(azure, what)

    asyncio.run(story())


@pytest.mark.parametrize(("what", "at"), _boundaries())
def test_what_was_killed_is_gone_on_with_to_the_end_and_taken_back_whole(
    azure: Azure, what: str, at: tuple[int, str]
) -> None:
    async def story() -> None:
        killed(azure, what, at)
        async with azure.opened() as backend:
            left = (await backend.operations())[0]
            assert left.resumable
            _done(await backend.resume(left.operation))
            await _as_wanted(azure, what)
            _taken_back(await backend.undo(left.operation), what, keeps=True)
        await _as_before(azure, what, keeps=True)

    asyncio.run(story())


@pytest.mark.full
@pytest.mark.parametrize(("what", "at"), _boundaries())
def test_what_was_killed_is_taken_back_to_the_state_before(azure: Azure, what: str, at: tuple[int, str]) -> None:
    async def story() -> None:
        killed(azure, what, at)
        async with azure.opened() as backend:
            left = (await backend.operations())[0]
            _taken_back(await backend.undo(left.operation), what, keeps=at[0] > 1)
        await _as_before(azure, what, keeps=at[0] > 1)

    asyncio.run(story())
