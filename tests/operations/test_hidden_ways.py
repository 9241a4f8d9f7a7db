"""Ways that are easily missed: an older copy, a copy that cannot be seen, a right to grant oneself the key again."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from cmk_admin.domain.ids import KeyId
from cmk_admin.domain.model import Vault
from cmk_admin.domain.plan import PathState
from cmk_admin.domain.steps import Outcome
from cmk_admin.domain.verbs.revoke import RevokeDraft
from cmk_admin.operations.backend import OpenBackend
from tests.journeys.clients import Clients
from tests.operations.stories import Azure, consumer
from tests.support import serve

OWN = KeyId("in-main.vault.azure.net", "own-key")
ENCRYPTION_USER = "e147488a-f6f5-4113-8e2d-b22465e65bf6"
ACCESS_ADMINISTRATOR = "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9"


@pytest.fixture
def azure(tmp_path: Path) -> Iterator[Azure]:
    running = serve(tmp_path / "azure", speed=600, scenario="incident")
    yield Azure(running, tmp_path / "home")
    running.stop()


async def vault(backend: OpenBackend, name: str) -> Vault:
    estate = await backend.read()
    return next(each for each in estate.vaults if each.name == name)


async def revoked(backend: OpenBackend, method: str) -> tuple[list[tuple[str, PathState]], Outcome, list[str]]:
    """The ways of another kind that the plan names, how its run ended, and what it says is open."""
    one = consumer(await backend.read(), "in-mysql-own")
    plan = await backend.prepare_revoke(RevokeDraft(key=OWN, consumers=(one.id,), method=method))
    assert not plan.problems, plan.problems
    report = await backend.run(plan, watch=False)
    named = [(path.kind, path.state) for path in plan.paths if path.kind != "use"]
    return named, report.outcome, [path.kind for path in report.open_paths]


@pytest.mark.parametrize(("newer", "method"), [("in-main", "grants"), ("in-twin", "disable")])
def test_a_copy_is_seen_also_where_one_of_the_two_keys_has_a_newer_version(
    azure: Azure, newer: str, method: str
) -> None:
    async def story(backend: OpenBackend) -> None:
        twin = await vault(backend, "in-twin")
        one = consumer(await backend.read(), "in-mysql-own")
        clients, identity = Clients(azure.sandbox), Clients(azure.sandbox, "in-own-id")
        old = next(slot.key_id for slot in one.slots)
        wrapped = await asyncio.to_thread(clients.wrap, str(old))
        await asyncio.to_thread(clients.grant, twin.id, ENCRYPTION_USER, str(one.slots[0].principal_id))
        await asyncio.to_thread(clients.keys(f"https://{newer}.vault.azure.net").rotate_key, "own-key")
        azure.sandbox.advance(700)
        named, outcome, still = await revoked(backend, method)
        assert named == [("copy", PathState.STAYS_OPEN)]
        assert (outcome, still) == (Outcome.PARTIAL, ["copy"])
        azure.sandbox.advance(700)
        copy = str(old).replace("in-main", "in-twin")
        assert await asyncio.to_thread(identity.unwraps, wrapped, copy)

    azure.run(story)


def test_a_vault_whose_keys_nobody_could_read_may_hold_a_copy(azure: Azure) -> None:
    async def story(backend: OpenBackend) -> None:
        twin = await vault(backend, "in-twin")
        one = consumer(await backend.read(), "in-mysql-own")
        clients = Clients(azure.sandbox)
        await asyncio.to_thread(clients.grant, twin.id, ENCRYPTION_USER, str(one.slots[0].principal_id))
        azure.sandbox.fault("GET *in-twin*/keys* status:403")
        named, outcome, still = await revoked(backend, "grants")
        assert set(named) == {("copy", PathState.UNKNOWN)}
        assert (outcome, set(still)) == (Outcome.PARTIAL, {"copy"})

    azure.run(story)


def test_a_vault_that_the_identity_cannot_reach_raises_no_doubt(azure: Azure) -> None:
    async def story(backend: OpenBackend) -> None:
        azure.sandbox.fault("GET *in-twin*/keys* status:403")
        assert await revoked(backend, "grants") == ([], Outcome.DONE, [])

    azure.run(story)


def test_a_right_of_its_own_to_grant_the_key_again_is_taken_with_the_grant(azure: Azure) -> None:
    async def story(backend: OpenBackend) -> None:
        main = await vault(backend, "in-main")
        one = consumer(await backend.read(), "in-mysql-own")
        who = str(one.slots[0].principal_id)
        clients, identity = Clients(azure.sandbox), Clients(azure.sandbox, "in-own-id")
        await asyncio.to_thread(clients.grant, main.id, ACCESS_ADMINISTRATOR, who)
        azure.sandbox.advance(700)
        named, outcome, still = await revoked(backend, "grants")
        assert named == [("regrant", PathState.WILL_CLOSE)]
        assert (outcome, still) == (Outcome.DONE, [])
        azure.sandbox.advance(700)
        with pytest.raises(Exception, match="AuthorizationFailed"):
            await asyncio.to_thread(identity.grant, f"{main.id}/keys/own-key", ENCRYPTION_USER, who)

    azure.run(story)


def test_who_could_grant_itself_the_key_again_is_an_open_way_of_a_disabled_key(azure: Azure) -> None:
    async def story(backend: OpenBackend) -> None:
        main = await vault(backend, "in-main")
        one = consumer(await backend.read(), "in-mysql-own")
        clients = Clients(azure.sandbox)
        await asyncio.to_thread(clients.grant, main.id, ACCESS_ADMINISTRATOR, str(one.slots[0].principal_id))
        named, outcome, still = await revoked(backend, "disable")
        assert named == [("regrant", PathState.STAYS_OPEN)]
        assert (outcome, still) == (Outcome.PARTIAL, ["regrant"])

    azure.run(story)
