"""A right to take a backup of the key is a way to it, where its holder may restore and use it in another vault."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from cmk_admin.domain.model import Vault
from cmk_admin.domain.plan import PathState, Plan
from cmk_admin.domain.steps import Outcome
from cmk_admin.domain.verbs.revoke import RevokeDraft
from cmk_admin.operations.backend import OpenBackend
from cmk_admin.operations.interface import PathProof
from tests.journeys.clients import Clients
from tests.operations.stories import Azure, consumer
from tests.support import serve

KEYS = "Microsoft.KeyVault/vaults/keys/"
CRYPTO_OFFICER = "14b46e9e-c2b7-41b4-b07b-48a6ebf60603"
TWIN = "https://in-twin.vault.azure.net"


@pytest.fixture
def azure(tmp_path: Path) -> Iterator[Azure]:
    running = serve(tmp_path / "azure", speed=600, scenario="incident")
    yield Azure(running, tmp_path / "home")
    running.stop()


async def planned(
    azure: Azure,
    backend: OpenBackend,
    *,
    wide: bool = False,
    elsewhere: str | None = CRYPTO_OFFICER,
    method: str = "grants",
) -> Plan:
    """The plan for ``in-mysql-mixed``, whose identity may back its key up: by a grant at its vault or, `wide`, above it."""
    estate = await backend.read()
    one = consumer(estate, "in-mysql-mixed")
    who, vault = str(one.slots[0].principal_id), _vault(estate.vaults, "in-mixed")
    clients, subscription = Clients(azure.sandbox), f"/subscriptions/{vault.subscription_id}"
    role = await asyncio.to_thread(clients.role, subscription, "Backs keys up", (), [f"{KEYS}backup/action"])
    await asyncio.to_thread(clients.grant, subscription if wide else vault.id, role, who)
    if elsewhere is not None:
        await asyncio.to_thread(clients.grant, _vault(estate.vaults, "in-twin").id, elsewhere, who)
    await backend.read()
    draft = RevokeDraft(key=one.slots[0].key_id.key, consumers=(one.id,), method=method)
    plan = await backend.prepare_revoke(draft)
    assert not plan.problems, plan.problems
    return plan


def _vault(vaults: tuple[Vault, ...], name: str) -> Vault:
    return next(each for each in vaults if each.name == name)


def backups(plan: Plan) -> list[PathState]:
    return [path.state for path in plan.paths if path.kind == "backup"]


def test_a_right_to_back_the_key_up_is_taken_with_the_grant_of_it(azure: Azure) -> None:
    async def story(backend: OpenBackend) -> None:
        plan = await planned(azure, backend)
        assert backups(plan) == [PathState.WILL_CLOSE]
        report = await backend.run(plan, watch=False)
        assert (report.outcome, report.open_paths) == (Outcome.DONE, ())
        azure.sandbox.advance(700)
        identity = Clients(azure.sandbox, "in-mixed-id").keys("https://in-mixed.vault.azure.net")
        with pytest.raises(Exception, match="backup/action"):
            await asyncio.to_thread(identity.backup_key, "mixed-key")

    azure.run(story)


def test_a_wide_right_to_back_the_key_up_stays_open_until_its_removal_is_chosen(azure: Azure) -> None:
    async def story(backend: OpenBackend) -> None:
        plan = await planned(azure, backend, wide=True)
        [path] = [one for one in plan.paths if one.kind == "backup"]
        assert path.state is PathState.STAYS_OPEN
        assert "restore it into in-twin, where it may use it" in str(path.reason)
        [choice] = [one for one in plan.choices if one.id.startswith("remove:") and "Backs keys up" in one.title]
        report = await backend.run(plan, watch=False)
        assert (report.outcome, [one.kind for one in report.open_paths]) == (Outcome.PARTIAL, ["backup"])

        # the way is real: the identity that was cut gets at its data
        azure.sandbox.advance(700)
        identity, own = Clients(azure.sandbox, "in-mixed-id"), "https://in-mixed.vault.azure.net"
        wrapped = await asyncio.to_thread(Clients(azure.sandbox).wrap, f"{own}/keys/mixed-key")
        blob = await asyncio.to_thread(identity.keys(own).backup_key, "mixed-key")
        await asyncio.to_thread(identity.keys(TWIN).restore_key_backup, blob)
        assert await asyncio.to_thread(identity.unwraps, wrapped, f"{TWIN}/keys/mixed-key")

        again = await backend.prove(report.operation)
        assert again.proof is not None
        kinds = {one.path.kind for one in again.proof.paths if one.state is PathProof.OPEN}
        assert kinds == {"backup", "copy"}
        assert [alarm.kind for alarm in again.alarms] == ["copy"]
        assert choice.possible

    azure.run(story)


def test_a_wide_right_to_back_the_key_up_that_is_removed_leaves_nothing_open(azure: Azure) -> None:
    async def story(backend: OpenBackend) -> None:
        offered = await planned(azure, backend, wide=True)
        one = consumer(await backend.read(), "in-mysql-mixed")
        chosen = tuple(each.id for each in offered.choices if each.id.startswith("remove:"))
        key = one.slots[0].key_id.key
        plan = await backend.prepare_revoke(RevokeDraft(key=key, consumers=(one.id,), method="grants", choices=chosen))
        assert backups(plan) == [PathState.WILL_CLOSE]
        assert (await backend.run(plan, watch=False)).outcome is Outcome.DONE

    azure.run(story)


def test_a_wide_right_to_back_the_key_up_that_leads_nowhere_is_a_warning(azure: Azure) -> None:
    async def story(backend: OpenBackend) -> None:
        plan = await planned(azure, backend, wide=True, elsewhere=None)
        assert backups(plan) == []
        assert any("keeps the right to take a backup of mixed-key" in one for one in plan.warnings)
        assert (await backend.run(plan, watch=False)).outcome is Outcome.DONE

    azure.run(story)


def test_a_disabled_key_can_still_be_backed_up_and_enabled_elsewhere(azure: Azure) -> None:
    async def story(backend: OpenBackend) -> None:
        plan = await planned(azure, backend, method="disable")
        assert backups(plan) == [PathState.STAYS_OPEN]
        report = await backend.run(plan, watch=False)
        assert (report.outcome, [one.kind for one in report.open_paths]) == (Outcome.PARTIAL, ["backup"])

    azure.run(story)


@pytest.mark.parametrize("method", ["delete", "firewall"])
def test_a_key_that_cannot_be_backed_up_any_more_raises_no_doubt(azure: Azure, method: str) -> None:
    async def story(backend: OpenBackend) -> None:
        assert backups(await planned(azure, backend, method=method)) == []

    azure.run(story)
